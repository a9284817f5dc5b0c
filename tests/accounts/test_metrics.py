"""`/metrics`: who may read it, what it counts, and what it never says."""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest
from django.test import Client

from accounts.models import OperatorRole
from accounts.operators.services import operator_key_create
from tests.api.accounts import Account, Books

# Their values are few and ours: routes are patterns, models those of the catalog, keys fingerprints of the upstream's.
LABELS = {
    "status", "reason", "outcome", "le", "route", "method", "mode", "part", "pool", "state", "operation", "what",
    "level", "version", "tier", "type", "task", "model", "code", "key", "stage", "scope",
}  # fmt: skip


def value(http: httpx.Client, name: str) -> float:
    answer = http.get("/metrics")
    assert answer.status_code == 200
    match = re.search(rf"^{re.escape(name)} (\S+)$", answer.text, re.MULTILINE)
    return float(match[1]) if match else 0.0


def test_from_this_machine_it_opens_without_a_key(http: httpx.Client) -> None:
    answer = http.get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=")
    assert "# TYPE cavendish_limits_shared gauge" in answer.text


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "X-Real-IP", "Via"])
def test_through_a_proxy_it_takes_an_operators_key(books: Books, http: httpx.Client, header: str) -> None:
    proxied = {header: "127.0.0.1"}
    assert http.get("/metrics", headers=proxied).status_code == 401
    with books.open():
        _, secret = operator_key_create(name="Prometheus", role=OperatorRole.READ_ONLY)
    answer = http.get("/metrics", headers={**proxied, "Authorization": f"Bearer {secret}"})
    assert answer.status_code == 200


def test_a_tenants_key_does_not_open_it(account: Account) -> None:
    assert account.ask("GET", "/metrics", headers={"Via": "1.1 x"}).status_code == 401
    assert account.get("/metrics").status_code == 401


def test_other_addresses_need_a_key_unless_they_are_named(settings: Any) -> None:
    assert Client(REMOTE_ADDR="203.0.113.7").get("/metrics").status_code == 401
    assert Client(REMOTE_ADDR="").get("/metrics").status_code == 401
    assert Client(REMOTE_ADDR="::ffff:127.0.0.1").get("/metrics").status_code == 200
    settings.METRICS_ALLOW = ["203.0.113.0/24"]
    assert Client(REMOTE_ADDR="203.0.113.7").get("/metrics").status_code == 200
    assert Client(REMOTE_ADDR="127.0.0.1").get("/metrics").status_code == 401


def test_refusals_are_counted(http: httpx.Client, account: Account) -> None:
    names = [f'cavendish_refused_requests_total{{status="{status}"}}' for status in (401, 403, 429)]
    before = [value(http, name) for name in names]
    http.get("/api/v1/models")
    http.get("/v1beta/models", headers={"x-goog-api-key": "wrong"})
    account.key(scopes=["files"]).get("/api/v1/models")
    narrow = account.key(requests_per_minute=1)
    assert [narrow.get("/openai/v1/models").status_code for _ in range(4)] == [200, 429, 429, 429]
    assert [value(http, name) - was for name, was in zip(names, before, strict=True)] == [2, 1, 3]


def test_nothing_of_a_tenant_is_in_it(http: httpx.Client, account: Account) -> None:
    generation = account.make(input="canary prompt")
    narrow = account.key(requests_per_minute=1)
    for _ in range(3):
        narrow.get("/api/v1/models")
    text = http.get("/metrics").text
    for secret in (
        account.secret,
        account.secret[:21],
        account.tenant.slug,
        account.tenant.id.hex,
        generation["id"],
        "canary",
    ):
        assert secret not in text
    labels = set(re.findall(r"[{,](\w+)=\"", " ".join(re.findall(r"^cavendish_.*$", text, re.MULTILINE))))
    assert labels <= LABELS
