"""The search box: a text that names one thing leads to it, others are listed."""

from __future__ import annotations

import secrets
from typing import Any

from cavendish.db import ids
from tests.factories import make_key, make_tenant, submit_generation
from tests.people.visitors import Visitor, person, shown


def look(operator: Visitor, text: str) -> Any:
    return operator.client.get("/admin/search", {"q": text})


def test_one_thing_is_landed_on(operator: Visitor) -> None:
    tenant, ada = make_tenant(), person()
    job = ids.encode(ids.GENERATION, submit_generation(tenant))
    key, secret = make_key(tenant)
    email = str(ada.user.email)
    page = f"/admin/people/{ids.encode(ids.USER, ada.user.pk)}/"
    for text, place in (
        (job, f"/admin/jobs/{job}/"),
        (job.upper(), f"/admin/jobs/{job}/"),
        (tenant.slug, f"/admin/tenants/{ids.encode(ids.TENANT, tenant.id)}/"),
        (key.prefix, f"/admin/keys/{ids.encode(ids.API_KEY, key.id)}/"),
        (secret, f"/admin/keys/{ids.encode(ids.API_KEY, key.id)}/"),
        (email, page),
        (email.upper(), page),
    ):
        assert look(operator, text).headers.get("Location") == place, text


def test_several_are_listed_and_nothing_is_said(operator: Visitor) -> None:
    word = f"twin{secrets.token_hex(4)}"
    for number in range(2):
        make_tenant(slug=f"{word}-{number}")
    page = shown(look(operator, word))
    assert "2 things found" in page
    assert f"{word}-1" in page
    assert "Nothing found" in shown(look(operator, "<b>nothing</b>"))
    assert "<b>nothing</b>" not in shown(look(operator, "<b>nothing</b>"))
    assert operator.get("/admin/search").status_code == 200
