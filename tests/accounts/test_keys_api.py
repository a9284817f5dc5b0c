"""`/api/v1/keys` over HTTP."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from accounts.authentication import tokens
from accounts.models import ApiKey
from cavendish.db import ids
from tests.api.accounts import FLASH, Account, Books, Json, open_account

KEYS = "/api/v1/keys"


@pytest.fixture(scope="module")
def tenant(books: Books, http: httpx.Client) -> Account:
    return open_account(books, http)


def make(account: Account, **body: Any) -> Json:
    answer = account.post(KEYS, json={"name": "k", **body})
    assert answer.status_code == 201, answer.text
    created: Json = answer.json()
    return created


def works(account: Account, secret: str) -> bool:
    return account.http.get("/api/v1/models", headers={"Authorization": f"Bearer {secret}"}).status_code == 200


def test_a_key_is_made_and_its_secret_shown_once(tenant: Account) -> None:
    answer = tenant.post(KEYS, json={"name": "Website"})
    created = answer.json()
    secret = created.pop("secret")
    assert answer.headers["location"] == f"{KEYS}/{created['id']}"
    assert answer.headers["cache-control"] == "no-store"
    assert tokens.is_well_formed(secret)
    assert works(tenant, secret)
    with tenant.books.open():
        maker = ApiKey.objects.get(tenant_id=tenant.tenant.id, prefix=tenant.secret[:21])
    assert created == {
        "id": created["id"], "object": "api_key", "name": "Website", "prefix": secret[:21], "livemode": True,
        "status": "active", "scopes": ["generate", "read", "files"], "ip_ranges": [], "allowed_models": None,
        "console": False, "member_id": None, "requests_per_minute": None,
        "images_per_minute": None, "jobs_in_flight": None,
        "created_at": created["created_at"], "created_by": {"type": "key", "id": ids.encode(ids.API_KEY, maker.id)},
        "expires_at": None, "revoked_at": None, "last_used_at": None, "last_used_address": None,
        "previous_secret_expires_at": None,
    }  # fmt: skip
    shown = tenant.get(f"{KEYS}/{created['id']}").json()
    assert shown | {"last_used_at": None, "last_used_address": None} == created
    listed = tenant.get(f"{KEYS}?limit=1").json()
    assert [key["id"] for key in listed["data"]] == [created["id"]]
    assert secret not in tenant.get(KEYS).text


def test_a_key_is_what_was_asked_for(tenant: Account) -> None:
    soon = (datetime.now(UTC) + timedelta(hours=1)).replace(microsecond=0)
    fields = {
        "livemode": False, "scopes": ["read"], "ip_ranges": ["127.0.0.1", "2001:db8::/32"], "allowed_models": [FLASH],
        "expires_at": soon.isoformat(), "requests_per_minute": 5, "images_per_minute": 0, "jobs_in_flight": 1,
    }  # fmt: skip
    created = make(tenant, **fields)
    assert created["prefix"].startswith("cvd_test_")
    assert created["expires_at"] == f"{soon:%Y-%m-%dT%H:%M:%SZ}"
    assert created["ip_ranges"] == ["127.0.0.1/32", "2001:db8::/32"]
    for name in ("scopes", "allowed_models", "requests_per_minute", "images_per_minute", "jobs_in_flight"):
        assert created[name] == fields[name]
    assert works(tenant, created["secret"])


def test_bad_values_are_named_at_once_and_nothing_is_made(tenant: Account) -> None:
    before = tenant.get(KEYS).json()["data"][0]["id"]
    body = {
        "livemode": "yes", "scopes": ["read", "admin"], "ip_ranges": "10.0.0.0/8", "expires_at": "2026-12-01",
        "colour": 1, "member_id": 5, "requests_per_minute": -1,
    }  # fmt: skip
    problem = tenant.refused(tenant.post(KEYS, json=body), 422, "invalid_request")
    assert {error["pointer"]: error["code"] for error in problem["errors"]} == {
        "/name": "required", "/livemode": "wrong_type", "/scopes/1": "unknown_value", "/ip_ranges": "wrong_type",
        "/expires_at": "wrong_type", "/colour": "unknown_field", "/member_id": "wrong_type",
        "/requests_per_minute": "out_of_range",
    }  # fmt: skip
    unknown = {"name": "k", "member_id": "usr_nobody"}
    tenant.refused(tenant.post(KEYS, json=unknown), 422, "invalid_request", "/member_id", "unknown_value")
    for content in (b"{", b"[" * 50_000, b"\xff"):
        headers = {"Content-Type": "application/json"}
        assert tenant.post(KEYS, content=content, headers=headers).status_code == 400
    for empty in (b"", b"[]", b"{}", b"null"):
        assert tenant.post(KEYS, content=empty, headers=headers).status_code == 422
    assert tenant.post(KEYS, json={"name": "x" * 300_000}).status_code == 413
    assert tenant.get(KEYS).json()["data"][0]["id"] == before


def test_a_narrow_key_is_told_what_it_may_not_give(tenant: Account) -> None:
    narrow = tenant.key(scopes=["keys", "read"])
    answer = narrow.post(KEYS, json={"name": "k", "scopes": ["read", "billing", "generate"]})
    tenant.refused(answer, 403, "powers_exceeded", "/scopes", "beyond_its_maker", "billing, generate")
    test_mode = tenant.key(livemode=False)
    answer = test_mode.post(KEYS, json={"name": "k", "livemode": True})
    tenant.refused(answer, 403, "powers_exceeded", "/livemode", "beyond_its_maker")
    assert make(test_mode)["livemode"] is False
    reader = tenant.key(scopes=["read"])
    tenant.refused(reader.get(KEYS), 403, "permission_denied", None, None, '"keys"')


def test_a_test_key_sees_and_ends_test_keys_only(tenant: Account) -> None:
    live, test_mode = make(tenant), tenant.key(livemode=False)
    assert {key["livemode"] for key in test_mode.get(f"{KEYS}?limit=100").json()["data"]} == {False}
    assert test_mode.get(f"{KEYS}?livemode=true").json()["data"] == []
    assert {key["livemode"] for key in tenant.get(f"{KEYS}?livemode=true").json()["data"]} == {True}
    for method, path in (("GET", ""), ("PATCH", ""), ("POST", "/rotate"), ("POST", "/revoke")):
        answer = test_mode.ask(method, f"{KEYS}/{live['id']}{path}", json={} if method != "GET" else None)
        assert answer.status_code == 404, (method, path)
    for wrong in ("livemode=yes", "mode=live", "livemode=true&livemode=false", "limit=0", "cursor=x"):
        assert tenant.get(f"{KEYS}?{wrong}").status_code == 422, wrong


def test_a_change_is_in_force_soon(tenant: Account) -> None:
    created = make(tenant)
    assert works(tenant, created["secret"])
    changed = tenant.ask("PATCH", f"{KEYS}/{created['id']}", json={"scopes": ["generate"], "ip_ranges": []})
    assert changed.json()["scopes"] == ["generate"]
    gone_within(tenant, created["secret"], 403)
    assert tenant.ask("PATCH", f"{KEYS}/{created['id']}", json={"prefix": "x"}).status_code == 422
    assert tenant.ask("PATCH", f"{KEYS}/{created['id']}", json={"livemode": False}).status_code == 422
    revoked = tenant.post(f"{KEYS}/{created['id']}/revoke").json()
    assert (revoked["status"], revoked["revoked_at"] is not None) == ("revoked", True)
    gone_within(tenant, created["secret"], 401)
    again = tenant.post(f"{KEYS}/{created['id']}/revoke").json()
    used = {"last_used_at", "last_used_address"}  # written a little later
    assert {**again, **dict.fromkeys(used)} == {**revoked, **dict.fromkeys(used)}
    tenant.refused(tenant.ask("PATCH", f"{KEYS}/{created['id']}", json={"name": "x"}), 409, "key_revoked")


def gone_within(account: Account, secret: str, status: int, seconds: float = 2.0) -> None:
    """The promise of one second is tested where the watch is (tests/limits); here a busy machine may take longer."""
    until = datetime.now(UTC) + timedelta(seconds=seconds)
    while True:
        requested_at = datetime.now(UTC)
        answer = account.http.get("/api/v1/models", headers={"Authorization": f"Bearer {secret}"})
        if answer.status_code == status:
            return
        assert requested_at < until, f"still {answer.status_code} after {seconds} s"


def test_both_secrets_work_while_a_rotation_overlaps(tenant: Account) -> None:
    created = make(tenant)
    rotated = tenant.post(f"{KEYS}/{created['id']}/rotate", json={"overlap_seconds": 600})
    assert rotated.headers["cache-control"] == "no-store"
    new = rotated.json()
    assert (new["id"], new["prefix"]) == (created["id"], new["secret"][:21])
    assert new["previous_secret_expires_at"] is not None
    assert works(tenant, created["secret"])
    assert works(tenant, new["secret"])
    answer = tenant.post(f"{KEYS}/{created['id']}/rotate", json={})
    tenant.refused(answer, 409, "rotation_running")
    last = tenant.post(f"{KEYS}/{created['id']}/rotate", json={"overlap_seconds": 0}).json()
    gone_within(tenant, created["secret"], 401)
    gone_within(tenant, new["secret"], 401)
    assert works(tenant, last["secret"])
    assert tenant.post(f"{KEYS}/{created['id']}/rotate", json={"overlap_seconds": -1}).status_code == 422
    # no body at all: a day
    again = make(tenant)
    end = tenant.post(f"{KEYS}/{again['id']}/rotate").json()["previous_secret_expires_at"]
    assert timedelta(hours=23) < datetime.fromisoformat(end) - datetime.now(UTC) < timedelta(hours=25)


def test_the_secret_before_a_rotation_ends_to_the_moment(tenant: Account) -> None:
    created = make(tenant)
    tenant.post(f"{KEYS}/{created['id']}/rotate", json={"overlap_seconds": 1})
    assert works(tenant, created["secret"])
    gone_within(tenant, created["secret"], 401, seconds=2.0)
