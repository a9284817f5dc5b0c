"""Settings in force, roles, the use policy, operators and their keys."""

from __future__ import annotations

import re
from secrets import token_hex

import pytest
from django.conf import settings

from accounts.models import AuditEvent, OperatorKey, OperatorRole, User
from accounts.roles.operators import OperatorPermission, operator_may
from cavendish.db import ids
from cavendish.db.router import acting_as
from tests.admin.acting import act, act_done
from tests.factories import make_tenant
from tests.people.visitors import Visitor, person, shown

OPERATORS, KEYS = "/admin/settings/operators/", "/admin/settings/operator-keys/"


def stored(visitor: Visitor) -> User:
    with acting_as("operator"):
        return User.objects.get(email=visitor.email)


def operator_path(visitor: Visitor, name: str) -> str:
    return f"{OPERATORS}{ids.encode(ids.USER, stored(visitor).id)}/{name}/"


def test_settings_are_found_by_text_and_secrets_hidden(operator: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEY", "canary-of-secrets")
    page = shown(operator.get("/admin/settings/?q=secret_key"))
    assert "SECRET_KEY" in page
    assert "BATCH_AHEAD" not in page
    assert "canary" not in shown(operator.get("/admin/settings/"))
    monkeypatch.setenv("BATCH_AHEAD", "321")
    page = shown(operator.get("/admin/settings/?q=batch&changed=yes"))
    assert ("BATCH_AHEAD" in page, "321" in page) == (True, True)
    assert "No setting matches." in shown(operator.get("/admin/settings/?q=no-such-thing"))


def test_roles_are_those_of_the_code(reader: Visitor) -> None:
    page = shown(reader.get("/admin/settings/roles/"))
    assert "Your role is Read-only" in page
    rows = re.findall(r'<tr><th scope="row"><code>(\w+)</code></th>(.*?)</tr>', page, re.S)
    assert [name for name, _ in rows] == [permission.value for permission in OperatorPermission]
    for name, cells in rows:
        marks = re.findall(r">(yes|no)</span>", cells)
        allowed = [operator_may(role, OperatorPermission(name)) for role in OperatorRole.values]
        assert [mark == "yes" for mark in marks] == allowed, name


def test_who_has_not_accepted_the_policy(operator: Visitor, reader: Visitor) -> None:
    never = make_tenant(balance=0, policy_version="", policy_accepted_at=None)
    older = make_tenant(balance=0, policy_version="2001-01")
    page = shown(operator.get("/admin/settings/policy/?accepted=never"))
    assert f"not accepted policy {settings.POLICY_VERSION}" in page
    assert (ids.encode(ids.TENANT, never.id) in page, ids.encode(ids.TENANT, older.id) in page) == (True, False)
    assert "accept-policy" in page
    page = shown(reader.get("/admin/settings/policy/?accepted=older"))
    assert ("2001-01" in page, "accept-policy" in page) == (True, False)


def test_an_operator_is_created_gets_another_role_and_is_removed(operator: Visitor) -> None:
    email = f"{token_hex(5)}@example.com"
    made = act(operator, f"{OPERATORS}new/", email=email, name="Kim", role="support")
    password = re.search(r'data-copy="([^"]+)"', shown(made))
    assert password is not None
    assert made.headers["Cache-Control"] == "no-store"
    kim = Visitor(email)
    assert kim.sign_in(password[1]).status_code == 302
    assert stored(kim).operator_role == "support"
    listed = shown(operator.get(OPERATORS))
    assert (email in listed, password[1] in listed) == (True, False)
    again = act(operator, f"{OPERATORS}new/", email=email, role="full")
    assert (again.status_code, "is an operator already" in shown(again)) == (422, True)
    act_done(operator, operator_path(kim, "role"), role="finance")
    assert stored(kim).operator_role == "finance"
    own = act(operator, operator_path(operator, "role"), role="support")
    assert (own.status_code, "your own role" in shown(own)) == (422, True)
    act_done(operator, operator_path(kim, "remove"))
    assert not stored(kim).is_staff
    with acting_as("operator"):
        done = list(AuditEvent.objects.filter(target_id=stored(kim).id.hex).values_list("action", flat=True))
    assert set(done) >= {"operator.created", "operator.role_changed", "operator.removed"}


def test_an_operator_key_shows_its_secret_once_and_is_revoked(operator: Visitor) -> None:
    name = f"nightly-{token_hex(4)}"
    late = act(operator, f"{KEYS}new/", name=name, role="read_only", expires_on="2020-01-01")
    assert (late.status_code, "This day is over." in shown(late)) == (422, True)
    made = act(operator, f"{KEYS}new/", name=name, role="read_only", expires_on="2099-12-31")
    secret = re.search(r"cvd_operator_\w{40,}", shown(made))
    assert secret is not None
    with acting_as("operator"):
        row = OperatorKey.objects.get(name=name)
    assert row.expires_at is not None
    assert row.created_by is not None
    assert (row.role, row.expires_at.year, row.created_by.email) == ("read_only", 2099, operator.email)
    listed = shown(operator.get(KEYS))
    assert (name in listed, secret[0] in listed) == (True, False)
    path = f"{KEYS}{ids.encode(ids.OPERATOR_KEY, row.id)}/revoke/"
    assert f"{row.prefix} is revoked." in act_done(operator, path)
    assert "was revoked already" in act_done(operator, path)
    assert name not in shown(operator.get(f"{KEYS}?state=active"))


def test_other_roles_read_and_change_nothing(reader: Visitor) -> None:
    support = person(operator=True, role=OperatorRole.SUPPORT)
    support.sign_in()
    for visitor in (reader, support):
        for path in (OPERATORS, KEYS):
            page = shown(visitor.get(path))
            assert visitor.page.status_code == 200
            assert ("/new/" in page, "/remove/" in page, "/revoke/" in page) == (False, False, False)
        for path in (f"{OPERATORS}new/", f"{KEYS}new/", operator_path(reader, "role"), operator_path(reader, "remove")):
            assert visitor.post(path, confirm="1", email="a@b.example", name="x", role="full").status_code == 403
    assert stored(reader).operator_role == "read_only"
