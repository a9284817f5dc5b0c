"""Calls of an operator's program, in this process, and all of the books to compare."""

from __future__ import annotations

import json
from typing import Any

from django.db import connections
from rest_framework.test import APIClient

from tests.factories import make_operator_key

Json = dict[str, Any]
MONEY = (
    "billing_price", "billing_plan", "billing_planversion", "billing_subscription", "billing_wallet", "billing_budget",
    "billing_budgetperiod", "billing_hold", "billing_charge", "billing_credit", "billing_allowance",
    "billing_flagresolution", "billing_ledgertransaction", "billing_ledgerentry",
    "accounts_auditevent",
)  # fmt: skip


class Operator:
    """A program with an operator's key, or whatever `secret` is."""

    def __init__(self, secret: str | None = None) -> None:
        bearer = f"Bearer {secret or make_operator_key()}"
        self.client = APIClient(raise_request_exception=False, HTTP_AUTHORIZATION=bearer)

    def ask(self, method: str, path: str, body: Any = None, *, status: int = 200) -> Json:
        data = body if isinstance(body, str) else json.dumps(body) if body is not None else None
        answer = self.client.generic(method, f"/api/v1/{path}", data or "", content_type="application/json")
        assert answer.status_code == status, answer.content
        found: Json = json.loads(answer.content) if answer.content else {}
        return found

    def get(self, path: str, *, status: int = 200) -> Json:
        return self.ask("GET", path, status=status)

    def post(self, path: str, body: Any, *, status: int = 201) -> Json:
        return self.ask("POST", path, body, status=status)

    def patch(self, path: str, body: Any, *, status: int = 200) -> Json:
        return self.ask("PATCH", path, body, status=status)


def books() -> dict[str, tuple[int, int]]:
    """For each table of money how many rows it has and the newest transaction that wrote one."""
    query = " UNION ALL ".join(
        f"SELECT '{table}', count(*), coalesce(max(xmin::text::bigint), 0) FROM {table}" for table in MONEY
    )
    with connections["owner"].cursor() as cursor:
        cursor.execute(query)
        return {name: (count, newest) for name, count, newest in cursor.fetchall()}


def wrong(problem: Json) -> list[tuple[str, str]]:
    """The places and codes of what a 422 says is wrong."""
    assert problem["code"] == "invalid_request"
    return [(error["pointer"], error["code"]) for error in problem["errors"]]
