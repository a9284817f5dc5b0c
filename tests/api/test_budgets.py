"""`/api/v1/budgets`: made, shown, changed and deleted by tenants and operators; what a refused job is told."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import httpx
import pytest

from accounts.services import operator_key_create
from cavendish.db import ids
from tests.api.accounts import Account, Books, Json

FIELDS = {
    "id", "object", "livemode", "scope", "scope_id", "period", "metric", "currency", "limit", "raise_to", "raise_until",
    "hard", "alerts", "used", "held", "remaining", "starts_at", "resets_at", "set_by_operator", "created_at",
}  # fmt: skip
MONTHLY = {"scope": "tenant", "period": "month", "metric": "money", "limit": "5.00"}


class Operator:
    def __init__(self, books: Books, http: httpx.Client) -> None:
        with books.open():
            self.secret = operator_key_create(name="Budgets")[1]
        self.http = http

    def ask(self, method: str, path: str, **options: Any) -> httpx.Response:
        answer = self.http.request(method, path, headers={"Authorization": f"Bearer {self.secret}"}, **options)
        assert answer.status_code < 500, answer.text
        return answer


@pytest.fixture(scope="module")
def operator(books: Books, http: httpx.Client) -> Operator:
    return Operator(books, http)


def public(account: Account) -> str:
    return ids.encode(ids.TENANT, account.tenant.id)


def made(account: Account, **fields: Any) -> Json:
    answer = account.post("/api/v1/budgets", json={**MONTHLY, **fields})
    assert answer.status_code == 201, answer.text
    budget: Json = answer.json()
    assert answer.headers["location"] == f"/api/v1/budgets/{budget['id']}"
    assert account.get(answer.headers["location"]).json() == budget
    return budget


def shown(account: Account, budget: Json) -> Json:
    found: Json = account.get(f"/api/v1/budgets/{budget['id']}").json()
    return found


def test_a_budget_shows_every_field_and_its_use(account: Account) -> None:
    budget = made(account, alerts=[80, 50])
    assert set(budget) == FIELDS
    assert budget["limit"] == budget["remaining"] == "5.000000000"
    assert (budget["used"], budget["held"], budget["currency"]) == ("0.000000000", "0.000000000", "USD")
    assert (budget["scope_id"], budget["livemode"], budget["hard"]) == (public(account), True, True)
    assert (budget["alerts"], budget["set_by_operator"], budget["raise_to"]) == ([50, 80], False, None)
    starts, resets = (datetime.fromisoformat(budget[name]) for name in ("starts_at", "resets_at"))
    assert starts.day == resets.day == 1
    assert starts <= datetime.now(UTC) < resets
    charged = Decimal(account.make()["charge"]["amount"])
    after = shown(account, budget)
    assert Decimal(after["used"]) == charged > 0
    assert Decimal(after["remaining"]) == 5 - charged
    assert Decimal(after["held"]) == 0
