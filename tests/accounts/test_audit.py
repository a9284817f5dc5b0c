"""The audit takes no secrets and is never changed."""

from __future__ import annotations

from decimal import Decimal
from uuid import uuid4

import psycopg
import pytest

from accounts.actor import SYSTEM, Actor
from accounts.audit.services import audit_add, changes
from accounts.models import AuditEvent
from cavendish.db.router import acting_as
from cavendish.db.tenancy import tenant_context
from tests.factories import make_tenant
from tests.walls.catalog import connected, enter


def test_an_audit_row_says_who_did_what_to_which_object_from_where() -> None:
    tenant, key, target = make_tenant(), uuid4(), uuid4()
    with tenant_context(tenant.id):
        audit_add(
            actor=Actor("key", key, "cvd_live_abc", "192.0.2.7"),
            action="budget.changed",
            tenant_id=tenant.id,
            target="budget",
            target_id=target,
            before={"limit": Decimal("10.50")},
            after={"limit": Decimal("20"), "members": [key]},
        )
        [row] = AuditEvent.objects.filter(target_id=target.hex)
    assert (row.actor_kind, row.actor_id, row.actor_label, row.address) == ("key", key, "cvd_live_abc", "192.0.2.7")
    assert (row.action, row.target, row.before) == ("budget.changed", "budget", {"limit": "10.50"})
    assert row.after == {"limit": "20", "members": [key.hex]}


@pytest.mark.parametrize("value", [{"secret": "x"}, {"key": {"digest": b"x"}}, {"settings": {"password": "x"}}])
def test_a_secret_is_refused(value: dict[str, object]) -> None:
    tenant = make_tenant()
    with pytest.raises(ValueError, match="does not belong"), tenant_context(tenant.id):
        audit_add(actor=SYSTEM, action="x.y", tenant_id=tenant.id, target="x", target_id="1", after=value)


@pytest.mark.parametrize("alias", ["default", "operator", "owner"])
def test_nobody_changes_the_audit(alias: str) -> None:
    tenant = make_tenant()
    with acting_as("operator"):
        audit_add(actor=SYSTEM, action="x.y", tenant_id=tenant.id, target="x", target_id="1")
    for statement in ("UPDATE accounts_auditevent SET action = 'z'", "DELETE FROM accounts_auditevent"):
        with connected(alias) as connection:
            enter(connection, tenant.id)
            with pytest.raises(psycopg.Error) as refused:
                connection.execute(f"{statement} WHERE tenant_id = %s".encode(), [tenant.id])
        assert refused.value.sqlstate in {"CV005", "42501"}


def test_changes_keeps_what_differs() -> None:
    assert changes({"a": 1, "b": 2}, {"a": 1, "b": 3, "c": 4}) == ({"b": 2}, {"b": 3, "c": 4})
