"""Members, invitations and the audit over HTTP."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from secrets import token_hex

import httpx
import pytest
from allauth.mfa.models import Authenticator

from accounts.members.services import membership_create
from accounts.models import AuditEvent, Invitation, OperatorRole, Role, User
from accounts.operators.services import operator_key_create
from cavendish.db import ids
from cavendish.db.router import current_alias
from cavendish.mail.models import Mail
from tests.api.accounts import Account, Books, Json, open_account

MEMBERS, INVITATIONS, AUDIT = "/api/v1/members", "/api/v1/invitations", "/api/v1/audit-events"


@pytest.fixture(scope="module")
def tenant(books: Books, http: httpx.Client) -> Account:
    return open_account(books, http)


@pytest.fixture(scope="module")
def operator(books: Books, http: httpx.Client) -> dict[str, str]:
    with books.open():
        _, secret = operator_key_create(name="Test", role=OperatorRole.FULL)
    return {"Authorization": f"Bearer {secret}"}


def join(account: Account, role: Role) -> tuple[User, str]:
    """A person of that role, and their public id."""
    with account.books.open():
        user = User.objects.db_manager(current_alias()).create_user(f"{token_hex(6)}@example.com", name="Ada")
        membership_create(tenant=account.tenant, user=user, role=role)
    return user, ids.encode(ids.USER, user.id)


def test_members_are_listed_changed_and_removed(tenant: Account) -> None:
    owner, owner_id = join(tenant, Role.OWNER)
    user, member_id = join(tenant, Role.VIEWER)
    [newest, *_] = tenant.get(MEMBERS).json()["data"]
    assert newest == {
        "id": member_id, "object": "member", "email": user.email, "name": "Ada", "role": "viewer",
        "two_factor": False, "created_at": newest["created_at"],
    }  # fmt: skip
    with tenant.books.open():
        factors = Authenticator.objects.using(current_alias())
        factors.create(user=user, type=Authenticator.Type.WEBAUTHN, data={})
    assert tenant.get(f"{MEMBERS}/{member_id}").json()["two_factor"]
    with tenant.books.open():
        factors.filter(user=user).delete()
    first = tenant.get(f"{MEMBERS}?limit=1").json()
    second = tenant.get(f"{MEMBERS}?limit=1&cursor={first['next_cursor']}").json()
    assert [page["data"][0]["id"] for page in (first, second)] == [member_id, owner_id]
    changed = tenant.ask("PATCH", f"{MEMBERS}/{member_id}", json={"role": "billing"})
    assert changed.json() == newest | {"role": "billing"}
    key = tenant.post("/api/v1/keys", json={"name": "hers", "member_id": member_id}).json()
    assert key["member_id"] == member_id
    for body, pointer, code in (
        ({"role": "boss"}, "/role", "unknown_value"), ({}, "/role", "required"),
        ({"role": None}, "/role", "wrong_type"),
    ):  # fmt: skip
        tenant.refused(tenant.ask("PATCH", f"{MEMBERS}/{member_id}", json=body), 422, "invalid_request", pointer, code)
    tenant.refused(tenant.ask("PATCH", f"{MEMBERS}/{member_id}", json={"role": "owner"}), 403, "permission_denied")
    tenant.refused(tenant.delete(f"{MEMBERS}/{owner_id}"), 403, "permission_denied", None, None, "cannot")
    assert tenant.delete(f"{MEMBERS}/{member_id}").status_code == 204
    assert tenant.get(f"{MEMBERS}/{member_id}").status_code == 404
    assert tenant.get(f"/api/v1/keys/{key['id']}").json()["status"] == "revoked"
    assert owner.email in tenant.get(MEMBERS).text


def test_an_invitation_over_the_api(tenant: Account, operator: dict[str, str]) -> None:
    answer = tenant.post(INVITATIONS, json={"email": "Grace@Example.com", "role": "developer"})
    invitation = answer.json()
    assert answer.status_code == 201
    assert answer.headers["location"] == f"{INVITATIONS}/{invitation['id']}"
    assert (invitation["email"], invitation["role"], invitation["status"]) == ("grace@example.com", "developer", "open")
    assert "cvd_invite_" not in answer.text
    assert tenant.get(f"{INVITATIONS}/{invitation['id']}").json() == invitation
    again = tenant.post(INVITATIONS, json={"email": "grace@example.com", "role": "viewer"})
    tenant.refused(again, 409, "already_invited")
    refused = tenant.post(f"{INVITATIONS}/{invitation['id']}/resend")
    tenant.refused(refused, 429, "too_many_invitations")
    assert 0 < int(refused.headers["retry-after"]) <= 601
    with tenant.books.open():
        Invitation.objects.filter(tenant_id=tenant.tenant.id).update(sent_at=datetime.now(UTC) - timedelta(hours=1))
    assert tenant.post(f"{INVITATIONS}/{invitation['id']}/resend").json()["status"] == "open"
    revoked = tenant.post(f"{INVITATIONS}/{invitation['id']}/revoke").json()
    assert revoked["status"] == "revoked"
    assert tenant.get(INVITATIONS).json()["data"][0] == revoked
    for body, pointer, code in (
        ({"email": "nobody", "role": "viewer"}, "/email", "wrong_type"),
        ({"email": "a@b.example\nx", "role": "viewer"}, "/email", "unknown_value"),
        ({"email": "a@b.example"}, "/role", "required"),
    ):
        answer = tenant.post(INVITATIONS, json=body)
        tenant.refused(answer, 422, "invalid_request", pointer, code)
    tenant.refused(tenant.post(INVITATIONS, json={"email": "a@b.example", "role": "owner"}), 403, "permission_denied")
    path = f"/api/v1/tenants/{ids.encode(ids.TENANT, tenant.tenant.id)}/invitations"
    first = tenant.http.post(path, json={"email": "first@example.com", "role": "owner"}, headers=operator)
    assert (first.status_code, first.json()["role"]) == (201, "owner")
    assert first.json()["id"] in tenant.http.get(path, headers=operator).text


def test_a_test_key_has_nothing_to_do_with_people(tenant: Account) -> None:
    test_mode = tenant.key(livemode=False)
    for path in (MEMBERS, INVITATIONS, AUDIT):
        tenant.refused(test_mode.get(path), 403, "permission_denied")
    answer = tenant.post("/api/v1/keys", json={"name": "k", "livemode": False, "scopes": ["members"]})
    tenant.refused(answer, 422, "invalid_request", "/scopes/0", "live_only")


def test_the_audit_is_read_by_tenant_and_operator(tenant: Account, operator: dict[str, str]) -> None:
    key = tenant.post("/api/v1/keys", json={"name": "audited"}).json()
    tenant.ask("PATCH", f"/api/v1/keys/{key['id']}", json={"name": "renamed"})
    path = f"/api/v1/tenants/{ids.encode(ids.TENANT, tenant.tenant.id)}"
    tenant.http.post(f"{path}/suspend", json={"reason": "unpaid"}, headers=operator)
    tenant.http.post(f"{path}/reactivate", headers=operator)

    def read(query: str = "", headers: dict[str, str] | None = None) -> list[Json]:
        answer = tenant.get(f"{AUDIT}?{query}", headers=headers)
        assert answer.status_code == 200, answer.text
        data: list[Json] = answer.json()["data"]
        return data

    [reactivated, suspended, renamed, created, *_] = read()
    assert renamed == {
        "id": renamed["id"], "object": "audit_event", "at": renamed["at"], "action": "api_key.changed",
        "actor": {"type": "key", "id": renamed["actor"]["id"], "label": tenant.secret[:21], "address": "127.0.0.1"},
        "target": {"type": "api_key", "id": key["id"]}, "before": {"name": "audited"}, "after": {"name": "renamed"},
        "tenant_id": ids.encode(ids.TENANT, tenant.tenant.id),
    }  # fmt: skip
    assert (created["action"], suspended["after"]["reason"]) == ("api_key.created", "unpaid")
    # that the operator did it, not which of its keys or from where
    assert reactivated["actor"] == {"type": "operator", "id": None, "label": "", "address": None}
    full = read(f"tenant_id={renamed['tenant_id']}&limit=1", operator)[0]
    assert (full["actor"]["type"], full["actor"]["address"]) == ("operator_key", "127.0.0.1")
    assert full["actor"]["id"].startswith("opk_")

    assert [event["id"] for event in read(f"target={key['id']}")] == [renamed["id"], created["id"]]
    assert {event["action"] for event in read("action=api_key.changed")} == {"api_key.changed"}
    assert {event["target"]["type"] for event in read("action=api_key")} == {"api_key"}
    assert renamed["id"] in {event["id"] for event in read(f"actor={renamed['actor']['id']}")}
    assert {event["actor"]["type"] for event in read("actor=operator")} == {"operator"}
    assert read(f"actor={full['actor']['id']}") == []
    assert read(f"from={renamed['at']}&to={suspended['at']}")[-1]["id"] == renamed["id"]
    assert read("to=2020-01-01T00:00:00%2B02:00") == []
    for query, pointer in (
        ("from=yesterday", "/from"), ("actor=me", "/actor"), ("user=x", "/user"), ("action=a%00b", "/action"),
        ("tenant_id=x", "/tenant_id"), ("limit=1000", "/limit"), ("cursor=key_x", "/cursor"),
        ("from=2026-01-01", "/from"),
    ):  # fmt: skip
        problem = tenant.refused(tenant.get(f"{AUDIT}?{query}"), 422, "invalid_request")
        assert [error["pointer"] for error in problem["errors"]] == [pointer]
    tenant.refused(tenant.key(scopes=["read", "keys"]).get(AUDIT), 403, "permission_denied", None, None, '"audit"')


def test_no_secret_is_ever_in_the_audit_or_left_in_a_mail(tenant: Account) -> None:
    """Everything that makes a secret, and then a look for each in every row of the tenant."""
    secrets = [tenant.secret]
    created = tenant.post("/api/v1/keys", json={"name": "canary"}).json()
    rotated = tenant.post(f"/api/v1/keys/{created['id']}/rotate").json()
    secrets += [created["secret"], rotated["secret"]]
    invited = tenant.post(INVITATIONS, json={"email": f"{token_hex(6)}@example.com", "role": "viewer"}).json()
    with tenant.books.open():
        mail = Mail.objects.filter(to=[invited["email"]]).get()
        secrets += re.findall(r"cvd_invite_\S+", mail.text)
        stored = str([vars(event) for event in AuditEvent.objects.filter(tenant_id=tenant.tenant.id)])
    stored += tenant.get(f"{AUDIT}?limit=100").text
    assert created["id"] in stored
    for secret in secrets:
        assert secret not in stored
        assert secret[21:53] not in stored  # what proves it, also without its prefix
