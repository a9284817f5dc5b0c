"""Names of tenants and people cannot carry a message to whoever gets a mail."""

from __future__ import annotations

import pytest

from accounts.actor import Actor
from accounts.roles.names import MAX_NAME_CHARS, name_error
from accounts.tenants.services import tenant_create, tenant_update
from cavendish.db.router import acting_as
from cavendish.http.problems import Problem
from tests.factories import make_tenant

OPERATOR = Actor("operator", None, "test")


@pytest.mark.parametrize(
    "name",
    [
        "Globex",
        "Café Müller & Söhne GmbH",
        "北京示例公司",
        "شركة المثال",
        "Dr. O'Neil / Partners",
        "👩‍🎨 Studio",
        "A.B. Ltd.",
        "x" * MAX_NAME_CHARS,
    ],
)
def test_a_name_is_taken(name: str) -> None:
    assert name_error(name) is None


@pytest.mark.parametrize(
    "name",
    [
        "Globex\u202emoc.live", "a\u2066b", "a\u200bb", "a\ufeffb", "a\nb", "a\u2028b", "\U000e0041",
        "x" * (MAX_NAME_CHARS + 1),
        "Your account is locked: https://evil.example/unlock", "visit www.evil.example", "go to evil.example/now", "HTTP://x",
        "https\uff1a//evil.example", "\uff57\uff57\uff57.evil.example", "evil\uff0eexample\uff0fnow",
    ],
)  # fmt: skip
def test_a_message_is_no_name(name: str) -> None:
    assert name_error(name) is not None
    tenant = make_tenant(balance=0)
    with acting_as("operator"), pytest.raises(Problem) as refusal:
        tenant_update(tenant_id=tenant.id, changed={"name": name}, actor=OPERATOR)
    assert [(refusal.value.status, error.pointer) for error in refusal.value.errors] == [(422, "/name")]
    with acting_as("operator"), pytest.raises(Problem):
        tenant_create(slug=f"n-{tenant.slug}"[:50], name=name, actor=OPERATOR)
