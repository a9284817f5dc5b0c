"""`/api/v1/tenants` for operators and `/api/v1/tenant`; what suspended tenants, sizes, the policy and days refuse."""

from __future__ import annotations

import time
from secrets import token_hex
from typing import Any

import httpx
import pytest

from accounts.models import OperatorRole, SandboxDay, Tenant
from accounts.operators.services import operator_key_create
from billing.models import Wallet
from cavendish.db import ids
from tests.api.accounts import FLASH, Account, Books, Json, image, open_account, picture, text

KEY_CACHE = 1.0
"""Seconds after which every process has looked again."""
TENANTS = "/api/v1/tenants"


class Operator:
    def __init__(self, http: httpx.Client, secret: str) -> None:
        self.http, self.headers = http, {"Authorization": f"Bearer {secret}"}

    def ask(self, method: str, path: str, **options: Any) -> httpx.Response:
        answer = self.http.request(method, path, headers=self.headers, **options)
        assert answer.status_code < 500, answer.text
        return answer

    def set(self, account: Account, **changed: Any) -> Json:
        answer = self.ask("PATCH", path_of(account), json=changed)
        assert answer.status_code == 200, answer.text
        found: Json = answer.json()
        return found


def path_of(account: Account) -> str:
    return f"{TENANTS}/{ids.encode(ids.TENANT, account.tenant.id)}"


@pytest.fixture(scope="module")
def operator(books: Books, http: httpx.Client) -> Operator:
    with books.open():
        _, secret = operator_key_create(name="Test", role=OperatorRole.FULL)
    return Operator(http, secret)


def errors_of(answer: httpx.Response, status: int = 422) -> dict[str, str]:
    assert answer.status_code == status, answer.text
    return {error["pointer"]: error["code"] for error in answer.json()["errors"]}


def test_from_nothing_to_the_first_picture(operator: Operator, books: Books, http: httpx.Client) -> None:
    slug = f"t-{token_hex(6)}"
    body = {
        "slug": slug, "name": "Studio", "opening_balance": "12.50", "owner_email": f"{slug}@example.com",
        "allowed_sizes": ["512", "1K"], "billing_timezone": "Europe/Berlin", "concurrency_limit": 3,
    }  # fmt: skip
    answer = operator.ask("POST", TENANTS, json=body)
    made = answer.json()
    assert answer.status_code == 201, answer.text
    path = answer.headers["location"]
    assert path == f"{TENANTS}/{made['id']}"
    assert made == {
        "id": made["id"], "object": "tenant", "slug": slug, "name": "Studio", "status": "active", "status_reason": None,
        "created_at": made["created_at"], "plan": "standard", "currency": "USD", "output_retention_days": None,
        "input_retention_days": None, "test_keys_enabled": True, "allowed_origins": [], "frame_origins": [],
        "requires_two_factor": False, "weight": 1, "concurrency_limit": 3,
        "queue_limit": 1000, "requests_per_minute": None, "images_per_minute": None, "allowed_models": None,
        "allowed_sizes": ["512", "1K"], "billing_timezone": "Europe/Berlin", "billing_timezone_next": None,
        "billing_timezone_from": None, "test_daily_requests": 10_000, "test_daily_bytes": 10 * 1024**3,
        "storage_quota_bytes": None, "storage_used_bytes": 0, "payment_reminded_at": None, "payment_suspended_at": None,
        "policy": {
            "version": "2026-11", "url": None, "accepted_version": None, "accepted_at": None,
            "allows_live_jobs": False,
        },
        "test_day": {"requests": 0, "bytes": 0, "resets_at": made["test_day"]["resets_at"]},
    }  # fmt: skip
    assert operator.ask("GET", path).json() == made
    assert operator.ask("GET", f"{TENANTS}?limit=1").json()["data"] == [made]
    assert operator.ask("GET", f"{TENANTS}?slug={slug}&status=active").json()["data"] == [made]
    assert [one["role"] for one in operator.ask("GET", f"{path}/invitations").json()["data"]] == ["owner"]
    key = operator.ask("POST", f"{path}/keys", json={"name": "First"}).json()
    assert operator.ask("GET", f"{path}/keys/{key['id']}").json()["prefix"] == key["secret"][:21]
    with books.open():
        tenant = Tenant.objects.get(slug=slug)
        assert str(Wallet.objects.get(tenant=tenant, livemode=True).balance) == "12.500000000"
    account = Account(books, http, tenant, key["secret"])
    with account.untouched():
        problem = account.refused(account.submit(), 403, "policy_not_accepted", None, None, "2026-11", "owner")
        assert problem["policy"] == {"version": "2026-11", "accepted": None}
    outdated = operator.ask("POST", f"{path}/policy-acceptance", json={"version": "2020", "accepted_by": "Ada"})
    assert (outdated.status_code, outdated.json()["code"]) == (409, "policy_outdated")
    assert errors_of(operator.ask("POST", f"{path}/policy-acceptance", json={"version": "2026-11"})) == {
        "/accepted_by": "required"
    }
    said = operator.ask("POST", f"{path}/policy-acceptance", json={"version": "2026-11", "accepted_by": "Ada"})
    assert said.json()["policy"]["allows_live_jobs"] is True
    time.sleep(KEY_CACHE)
    account.make()
    assert account.get("/api/v1/tenant").json()["policy"]["accepted_version"] == "2026-11"
    assert account.get("/api/v1/members").status_code == 403  # no scope that a key has unasked


def test_everything_wrong_is_named_at_once_and_nothing_is_made(operator: Operator) -> None:
    body = {
        "slug": 5, "weight": 0, "allowed_models": "all", "opening_balance": 5, "owner_email": "x", "currency": "EUR",
        "test_daily_bytes": -1, "test_keys_enabled": "no",
    }  # fmt: skip
    assert errors_of(operator.ask("POST", TENANTS, json=body)) == {
        "/currency": "unknown_field", "/slug": "wrong_type", "/name": "required", "/weight": "out_of_range",
        "/allowed_models": "wrong_type", "/opening_balance": "wrong_type", "/owner_email": "wrong_type",
        "/test_daily_bytes": "out_of_range", "/test_keys_enabled": "wrong_type",
    }  # fmt: skip
    slug = f"t-{token_hex(6)}"
    body = {"slug": slug, "name": "x", "allowed_models": ["x"], "allowed_sizes": [], "billing_timezone": "Mars/X"}
    assert errors_of(operator.ask("POST", TENANTS, json=body)) == {
        "/allowed_models/0": "unknown_value", "/allowed_sizes": "too_short", "/billing_timezone": "unknown_value"
    }  # fmt: skip
    # what fails late undoes what was done
    late = {"slug": slug, "name": "x", "plan": "no-such-plan"}
    assert errors_of(operator.ask("POST", TENANTS, json=late)) == {"/plan": "unknown_value"}
    assert operator.ask("GET", f"{TENANTS}?slug={slug}").json()["data"] == []
    for query in ("status=gone", "name=x", "limit=0"):
        assert operator.ask("GET", f"{TENANTS}?{query}").status_code == 422
    for path in ("ten_x", "ten_" + "0" * 32, "x"):
        for method, tail in (("GET", ""), ("PATCH", ""), ("POST", "/suspend"), ("POST", "/close"), ("GET", "/keys")):
            assert operator.ask(method, f"{TENANTS}/{path}{tail}", json={}).status_code == 404, (method, tail)


def test_a_tenant_says_what_is_its_own(account: Account) -> None:
    changed = account.ask("PATCH", "/api/v1/tenant", json={"output_retention_days": 30, "name": "Renamed"})
    assert changed.status_code == 200, changed.text
    assert changed.json() == account.get("/api/v1/tenant").json()
    assert (changed.json()["output_retention_days"], changed.json()["name"]) == (30, "Renamed")
    assert account.ask("PATCH", "/api/v1/tenant", json={"output_retention_days": None}).status_code == 200
    for required in (True, False):  # a key's own access does not depend on it
        changed = account.ask("PATCH", "/api/v1/tenant", json={"requires_two_factor": required})
        assert changed.json()["requires_two_factor"] is required
    for field, value in (("weight", 1000), ("concurrency_limit", 10), ("status", "active"), ("slug", "x")):
        answer = account.ask("PATCH", "/api/v1/tenant", json={field: value})
        assert errors_of(answer) == {f"/{field}": "unknown_field"}
    narrow = account.key(scopes=["read"])
    account.refused(narrow.ask("PATCH", "/api/v1/tenant", json={}), 403, "permission_denied", None, None, '"settings"')


def ended(account: Account, generation: Json) -> str:
    until = time.monotonic() + 30
    while (status := account.get(f"/api/v1/generations/{generation['id']}").json()["status"]) in {"queued", "running"}:
        assert time.monotonic() < until
        time.sleep(0.1)
    return str(status)


def test_a_suspended_tenant_reads_and_waits(operator: Operator, account: Account) -> None:
    made = account.make()
    assert errors_of(operator.ask("POST", f"{path_of(account)}/suspend", json={})) == {"/reason": "required"}
    operator.set(account, concurrency_limit=1)
    running = account.submit(input="x [[latency:2]]", wait=1).json()
    waiting = account.submit(wait=0).json()
    assert (running["status"], waiting["status"]) == ("running", "queued")
    answer = operator.ask("POST", f"{path_of(account)}/suspend", json={"reason": "unpaid invoice 7"})
    assert (answer.json()["status"], answer.json()["status_reason"]) == ("suspended", "unpaid invoice 7")
    problem = account.refused(account.submit(), 403, "tenant_suspended")
    assert problem["detail"] == "The tenant is suspended: unpaid invoice 7"
    assert account.get(f"/api/v1/generations/{made['id']}").json()["status"] == "succeeded"
    assert ended(account, running) == "succeeded"  # what runs already ends
    time.sleep(0.5)  # who ends a job claims the next
    assert account.get(f"/api/v1/generations/{waiting['id']}").json()["status"] == "queued"
    assert operator.ask("POST", f"{path_of(account)}/suspend", json={"reason": "x"}).status_code == 409
    assert operator.ask("POST", f"{path_of(account)}/reactivate").json()["status"] == "active"
    assert ended(account, waiting) == "succeeded"
    closing = operator.ask("POST", f"{path_of(account)}/close", json={"reason": "moved away"}).json()
    assert (closing["status"], closing["status_reason"]) == ("closing", "moved away")


def test_sizes_that_the_tenant_may_not_have(operator: Operator, books: Books, http: httpx.Client) -> None:
    account = open_account(books, http, allowed_sizes=["512", "2K"])
    account.make()
    size = {"type": "image", "image_size": "4K"}
    with account.untouched():
        for options in ({"response_format": size}, {"response_format": None}):  # none named means 1K
            for path in ("/api/v1/generations", "/api/v1/quotes"):
                body = {"model": FLASH, "input": "x", **options}
                body = {name: value for name, value in body.items() if value is not None}
                answer = account.post(path, json=body)
                problem = account.refused(
                    answer, 403, "size_not_allowed", "/response_format/image_size", "size_not_allowed"
                )
                assert "512, 2K" in problem["errors"][0]["detail"]


def test_test_keys_have_days(operator: Operator, books: Books, http: httpx.Client) -> None:
    account = open_account(books, http, balance=0, test_daily_requests=2, test_daily_bytes=10_000_000)
    tried = account.key(livemode=False)
    made = tried.make()
    stored = account.get("/api/v1/tenant").json()["test_day"]
    assert (stored["requests"], stored["bytes"]) == (1, made["outputs"][0]["bytes"])
    tried.file(picture(64, 64))
    tried.make()
    refused = tried.submit()
    problem = tried.refused(refused, 429, "test_limit_reached", None, None, "2 of 2")
    assert problem["limit"] == {"metric": "requests", "limit": 2, "used": 2, "resets_at": stored["resets_at"]}
    assert 0 < int(refused.headers["retry-after"]) <= 86_400
    assert tried.post("/api/v1/quotes", json={"model": FLASH, "input": "x"}).status_code == 200
    with books.open():
        day = SandboxDay.objects.get(tenant=account.tenant)
        assert day.requests == 2  # what was refused counts for nothing
        assert day.bytes > 2 * stored["bytes"]
    operator.set(account, test_daily_requests=None, test_daily_bytes=day.bytes + 10)
    for answer in (tried.upload(picture(64, 64)), tried.submit(input=[text(), image(picture(64, 64))])):
        assert tried.refused(answer, 429, "test_limit_reached")["limit"]["metric"] == "bytes"
    assert tried.delete(f"/api/v1/generations/{made['id']}").status_code == 204
    assert account.get("/api/v1/tenant").json()["test_day"]["bytes"] == day.bytes


def test_a_time_zone_waits_where_something_was_billed(operator: Operator, account: Account) -> None:
    assert operator.set(account, billing_timezone="Asia/Tokyo")["billing_timezone"] == "Asia/Tokyo"
    account.make()
    changed = operator.set(account, billing_timezone="Europe/Berlin")
    assert (changed["billing_timezone"], changed["billing_timezone_next"]) == ("Asia/Tokyo", "Europe/Berlin")
    assert changed["billing_timezone_from"] is not None
    assert operator.set(account, billing_timezone="Asia/Tokyo")["billing_timezone_next"] is None
