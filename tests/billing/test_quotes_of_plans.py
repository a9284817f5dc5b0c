"""Quote, hold, charge, records and roll-ups agree whatever a plan charges, through the whole platform.

The batch tier, pictures by the piece, pictures that are included.
"""

from __future__ import annotations

import secrets
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest
from django.utils import timezone

from accounts.actor import SYSTEM
from billing.models import Allowance, Hold, Plan, Price, UsageRecord, UsageRollup
from billing.plans.services import plan_create
from billing.plans.terms import PlanTerms
from cavendish.gemini.catalog import get_model, models
from tests.api.accounts import FLASH, LITE, PRO, SMALL, Account, Books, Json, image, open_account, text, uuid_of
from tests.api.test_batches import ended, make_batch
from tests.billing.test_quotes import make, quote


def plan(books: Books, *, fixed: dict[str, str] | None = None, **terms: Any) -> Plan:
    """A plan; `fixed` are prices per picture by size, which began yesterday."""
    with books.open():
        made = plan_create(
            slug=f"p-{secrets.token_hex(6)}", name="Plus", currency="USD", terms=PlanTerms(**terms), actor=SYSTEM
        )
        Price.objects.bulk_create(
            Price(
                plan=made, model=FLASH, kind="image_output", unit="per_image", image_size=size,
                unit_price=Decimal(price), effective_from=timezone.now() - timedelta(days=1),
            )
            for size, price in (fixed or {}).items()
        )  # fmt: skip
    return made


def same(quoted: Json, made: Json) -> None:
    assert quoted["expected"]["lines"] == made["charge"]["lines"]
    assert quoted["expected"]["amount"] == made["charge"]["amount"]
    assert quoted["expected"]["tokens"] == made["usage"]["total"]


@pytest.mark.parametrize("model", [model.id for model in models()])
def test_text_beside_the_picture_costs_what_was_quoted(account: Account, model: str) -> None:
    """Image only is tested for every row of the tables; text comes beside every ninth."""

    def run(row: Any) -> tuple[Json, Json]:
        shape = {"type": "image", "aspect_ratio": row.aspect_ratio, "image_size": row.image_size}
        body = {"model": model, "input": "a cat", "response_format": [{"type": "text"}, shape]}
        return quote(account, body), make(account, body)

    rows = [row for row in get_model(model).resolutions if row.image_size != "4K"][::9]
    with ThreadPoolExecutor(4) as pool:
        for quoted, made in pool.map(run, rows):
            same(quoted, made)
            assert "text_output" in quoted["expected"]["by_kind"]


def test_a_batchs_prices_are_quoted_and_charged(account: Account) -> None:
    requests = [
        {"model": FLASH, "input": [text("mix"), image()], "response_format": SMALL},
        {"model": FLASH, "input": "weather", "tools": [{"type": "google_search"}], "response_format": SMALL},
    ]
    quotes = []
    for body in requests:
        answer = account.post("/api/v1/quotes?tier=batch", json=body)
        assert answer.status_code == 200, answer.text
        quotes.append(answer.json())
    prices = {line["kind"]: line["unit_price"] for found in quotes for line in found["expected"]["lines"]}
    assert prices == {
        # the standard ones, at which it is bought
        "text_input": "0.50", "image_input": "0.50", "image_output": "60.00", "text_output": "3.00",
        "search_query": "14.00",
    }  # fmt: skip
    batch = make_batch(account, *({"request": body} for body in requests))
    assert ended(account, batch)["counts"]["succeeded"] == 2
    made = account.get("/api/v1/generations").json()["data"]
    charges = sorted(one["charge"]["amount"] for one in made)
    assert charges == sorted(found["expected"]["amount"] for found in quotes)
    assert all(found["tier"] == "batch" for found in quotes)


@pytest.mark.parametrize("tier", ["flex", "", "Batch"])
def test_a_tier_that_is_none_is_refused(reader: Account, tier: str) -> None:
    with reader.untouched():
        answer = reader.post(f"/api/v1/quotes?tier={tier}", json={"model": FLASH, "input": "x"})
        reader.refused(answer, 422, "invalid_request", "/tier", "unknown_value")


def test_models_show_what_this_tenant_pays(books: Books, http: httpx.Client) -> None:
    fixed = {"": "0.20", "1K": "0.10"}
    account = open_account(books, http, plan=plan(books, fixed=fixed, markup_percent=Decimal(20)))
    prices = account.get(f"/api/v1/models/{FLASH}").json()["prices"]
    pictures = {line["image_size"]: line["unit_price"] for line in prices["lines"] if line["unit"] == "per_image"}
    assert pictures == {"512": "0.20", "1K": "0.10", "2K": "0.20", "4K": "0.20"}
    kinds = {line["kind"]: line["unit_price"] for line in prices["lines"] if line["image_size"] is None}
    assert kinds == {
        "text_input": "0.60", "image_input": "0.60", "video_input": "0.60", "cached_input": "0.60",
        "text_output": "3.60", "thought_output": "3.60", "search_query": "16.80",
    }  # fmt: skip
    batch = {line["kind"]: line["unit_price"] for line in prices["batch_lines"] if line["image_size"] is None}
    assert (batch["text_input"], batch["thought_output"], batch["search_query"]) == ("0.60", "3.60", "16.80")
    lite = account.get(f"/api/v1/models/{LITE}").json()["prices"]
    assert {line["kind"]: line["unit_price"] for line in lite["batch_lines"]}["image_output"] == "36.00"


@pytest.mark.parametrize(("size", "price"), [("512", "0.20"), ("1K", "0.10")])
def test_a_picture_at_a_fixed_price(books: Books, http: httpx.Client, size: str, price: str) -> None:
    account = open_account(books, http, plan=plan(books, fixed={"": "0.20", "1K": "0.10"}))
    body = {"model": FLASH, "input": [text(), image()], "response_format": {"type": "image", "image_size": size}}
    quoted, made = quote(account, body), make(account, body)
    same(quoted, made)
    line = made["charge"]["lines"][-1]
    assert (line["kind"], line["quantity"], line["unit"], line["unit_price"]) == ("image_output", 1, "per_image", price)
    worst = quote(account, {**body, "max_images": 3})["worst_case"]["lines"][-1]
    assert (worst["quantity"], worst["amount"]) == (3, f"{3 * Decimal(price):.9f}")
    tokens = made["outputs"][0]["tokens"]
    generation = uuid_of(made["id"])
    with books.open():
        record = UsageRecord.objects.get(generation_id=generation, kind="image_output")
        rollup = UsageRollup.objects.get(tenant_id=account.tenant.id, kind="image_output")
        hold = Hold.objects.get(generation_id=generation)
    # recorded in tokens, so that our cost and the tenant's price stand side by side
    assert (record.quantity, record.unit, record.images) == (tokens, "per_image", 1)
    assert (record.unit_price, record.amount) == (Decimal(price), Decimal(price))
    assert record.cost == tokens * Decimal(60) / 1_000_000
    assert (rollup.quantity, rollup.amount, rollup.images) == (tokens, Decimal(price), 1)
    assert hold.amount == Decimal(quoted["worst_case"]["amount"])


def test_included_pictures_are_quoted_as_they_are_charged(books: Books, http: httpx.Client) -> None:
    account = open_account(books, http, balance=0, plan=plan(books, included_images=2, markup_percent=Decimal(50)))
    body = {"model": PRO, "input": "a cat", "response_format": {"type": "image"}, "max_images": 2}
    quoted = quote(account, body)
    assert (quoted["expected"]["amount"], quoted["worst_case"]["amount"]) == ("0.000000000", "0.000000000")
    made = make(account, body)
    same(quoted, made)
    assert made["charge"]["lines"][-1]["kind"] == "included"
    assert account.get("/api/v1/wallet").json()["included_images"]["left"] == 1
    # one is left of two: half of the worst case has to be there
    short = quote(account, body)
    assert Decimal(short["worst_case"]["amount"]) > 0
    account.refused(account.post("/api/v1/generations", json=body), 402, "insufficient_balance")
    one = {**body, "max_images": 1}
    same(quote(account, one), make(account, one))
    with books.open():
        month = Allowance.objects.get(tenant_id=account.tenant.id)
        rollup = UsageRollup.objects.get(tenant_id=account.tenant.id, kind="included")
        total = sum(row.amount for row in UsageRollup.objects.filter(tenant_id=account.tenant.id))
    assert (month.used, month.held, rollup.quantity, total) == (2, 0, 2, 0)
