"""Money that operators move with an Idempotency-Key moves once."""

from __future__ import annotations

import secrets
from decimal import Decimal
from typing import Any

from rest_framework.test import APIClient

from billing.models import LedgerTransaction, Wallet
from cavendish.db.ids import TENANT, encode
from cavendish.db.router import acting_as
from tests.factories import make_operator_key, make_tenant


def post(client: APIClient, path: str, body: Any, key: str) -> tuple[int, bool, Any]:
    answer = client.post(f"/api/v1/{path}", body, format="json", headers={"idempotency-key": key})
    return answer.status_code, answer.headers.get("Idempotent-Replayed") == "true", answer.json()


def client() -> APIClient:
    return APIClient(raise_request_exception=False, HTTP_AUTHORIZATION=f"Bearer {make_operator_key()}")


def test_a_top_up_an_adjustment_and_a_credit_are_booked_once() -> None:
    tenant, program = make_tenant(balance=0), client()
    for path, amount in (("top-ups", "10"), ("adjustments", "5"), ("credits", "2")):
        body = {"amount": amount, "reason": "Paid by transfer"}
        first, second = (post(program, f"tenants/{encode(TENANT, tenant.id)}/{path}", body, path) for _ in range(2))
        assert (first[:2], second[:2]) == ((201, False), (201, True)), second
        assert first[2] == second[2]
    with acting_as("operator"):
        assert LedgerTransaction.objects.filter(tenant=tenant).count() == 3
        assert Wallet.objects.get(tenant=tenant, livemode=True).balance == Decimal(17)


def test_another_programs_key_is_another_key() -> None:
    tenant = make_tenant(balance=0)
    path = f"tenants/{encode(TENANT, tenant.id)}/top-ups"
    body = {"amount": "10", "reason": "Paid by transfer"}
    assert [post(client(), path, body, "one")[:2] for _ in range(2)] == [(201, False)] * 2
    program = client()
    assert post(program, path, body, "two")[0] == 201
    assert post(program, path, {**body, "amount": "11"}, "two")[0] == 422


def test_a_plan_its_terms_and_its_prices_are_added_once() -> None:
    program, slug = client(), f"p-{secrets.token_hex(4)}"
    plan = {"slug": slug, "name": "Plan", "currency": "USD", "markup_percent": "10"}
    first, second = (post(program, "plans", plan, slug) for _ in range(2))
    assert (first[:2], second[:2]) == ((201, False), (201, True)), second
    assert first[2] == second[2]
    plan_id = first[2]["id"]
    for path, body in (
        (f"plans/{plan_id}/versions", {"markup_percent": "20"}),
        (
            "price-book",
            {
                "plan_id": plan_id,
                "source": "Test",
                "prices": [{"model": "gemini-3.1-flash-image", "kind": "text_input", "unit_price": "1"}],
            },
        ),
    ):
        first, second = (post(program, path, body, slug + path) for _ in range(2))
        assert (first[:2], second[:2]) == ((201, False), (201, True)), second
        assert first[2] == second[2]


def test_a_tenant_is_opened_once_and_suspended_once() -> None:
    program, slug = client(), f"t-{secrets.token_hex(4)}"
    body = {"slug": slug, "name": "Tenant", "owner_email": f"{slug}@example.com"}
    first, second = (post(program, "tenants", body, slug) for _ in range(2))
    assert (first[:2], second[:2]) == ((201, False), (201, True)), second
    assert first[2]["id"] == second[2]["id"]
    path = f"tenants/{first[2]['id']}"
    for _ in range(2):
        assert post(program, f"{path}/suspend", {"reason": "Unpaid"}, "s")[2]["status"] == "suspended"
    key = {"name": "First", "scopes": ["read"]}
    first, second = (post(program, f"{path}/keys", key, "k") for _ in range(2))
    assert (first[0], second[:2]) == (201, (201, True)), second
    assert ("secret" in first[2], "secret" in second[2]) == (True, False)
