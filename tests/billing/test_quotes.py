"""Quote, hold and charge of the same request, for every resolution of every model, through the whole platform."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import httpx
import pytest

from billing.models import Charge, Hold, LedgerEntry, UsageRecord, UsageRollup
from billing.plans.services import plan_ensure
from cavendish.gemini.catalog import Resolution, get_model, models
from tests.api.accounts import FLASH, LITE, PRO, Account, Books, Json, image, open_account, text, uuid_of

MODELS = [model.id for model in models()]


def quote(account: Account, body: Json) -> Json:
    answer = account.post("/api/v1/quotes", json=body)
    assert answer.status_code == 200, answer.text
    quoted: Json = answer.json()
    return quoted


def make(account: Account, body: Json) -> Json:
    answer = account.post("/api/v1/generations", json=body, headers={"Prefer": "wait=90"})
    assert answer.status_code == 200, answer.text
    made: Json = answer.json()
    assert made["status"] == "succeeded", made["error"]
    return made


@pytest.mark.parametrize("model", MODELS)
def test_every_resolution_costs_what_was_quoted(account: Account, model: str) -> None:
    wanted = get_model(model).resolutions

    def run(row: Resolution) -> tuple[Resolution, Json, Json]:
        shape = {"type": "image", "aspect_ratio": row.aspect_ratio, "image_size": row.image_size}
        body = {"model": model, "input": "a cat", "response_format": shape}
        return row, quote(account, body), make(account, body)

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(run, wanted))
    for row, quoted, made in found:
        place = f"{model} {row.aspect_ratio} {row.image_size}"
        [output] = made["outputs"]
        assert (output["width"], output["height"], output["tokens"]) == (row.width, row.height, row.tokens), place
        assert (quoted["width"], quoted["height"]) == (row.width, row.height), place
        assert (quoted["aspect_ratio"], quoted["image_size"]) == (row.aspect_ratio, row.image_size), place
        assert quoted["expected"]["amount"] == made["charge"]["amount"], place
        assert quoted["expected"]["tokens"] == made["usage"]["total"], place
        assert quoted["expected"]["lines"] == made["charge"]["lines"], place
        assert Decimal(made["charge"]["amount"]) <= Decimal(quoted["worst_case"]["amount"]), place
        with account.books.open():
            hold = Hold.objects.get(generation_id=uuid_of(made["id"]))
        assert hold.amount == Decimal(quoted["worst_case"]["amount"]), place
    charged = sum((Decimal(made["charge"]["amount"]) for _, _, made in found), Decimal(0))
    assert (account.trace.held, account.trace.balance) == (Decimal(0), 100 - charged)


BODIES: dict[str, Json] = {
    "text and picture": {"model": FLASH, "input": "a cat"},
    "text alone": {"model": FLASH, "input": "a cat", "response_format": [{"type": "text"}]},
    "references": {"model": PRO, "input": [text("mix " * 50), image(), image()]},
    "references on lite": {"model": LITE, "input": [text(), image()]},
    "thinking": {"model": FLASH, "input": "a cat", "generation_config": {"thinking_level": "high"}},
    "a search": {"model": FLASH, "input": "weather", "tools": [{"type": "google_search"}]},
    "both searches": {
        "model": FLASH,
        "input": "weather",
        "tools": [{"type": "google_search", "search_types": ["web_search", "image_search"]}],
        "response_format": {"type": "image"},
    },
    "an instruction": {"model": FLASH, "input": "日本語", "system_instruction": "Be brief. " * 30},
}


@pytest.mark.parametrize("name", BODIES)
def test_what_else_costs_is_in_the_quote(account: Account, name: str) -> None:
    quoted, made = quote(account, BODIES[name]), make(account, BODIES[name])
    assert (quoted["expected"]["amount"], quoted["expected"]["tokens"]) == (
        made["charge"]["amount"], made["usage"]["total"]
    )  # fmt: skip
    assert quoted["expected"]["lines"] == made["charge"]["lines"]


@pytest.mark.parametrize(
    "body",
    [
        {"model": PRO, "input": "a story [[images:4]]", "max_images": 4},
        {"model": FLASH, "input": "a cat [[extra_tokens:400]]", "response_format": {"type": "image"}},
    ],
)
def test_more_than_expected_stays_within_the_worst_case(account: Account, body: Json) -> None:
    quoted, made = quote(account, body), make(account, body)
    amount = Decimal(made["charge"]["amount"])
    assert Decimal(quoted["expected"]["amount"]) < amount <= Decimal(quoted["worst_case"]["amount"])
    assert "absorbed" not in {line["kind"] for line in made["charge"]["lines"]}


def test_max_images_only_sizes_the_hold(account: Account) -> None:
    quotes = [quote(account, {"model": PRO, "input": "a cat", "max_images": count}) for count in (1, 4)]
    assert quotes[0]["expected"] == quotes[1]["expected"]
    by_kind = [{line["kind"]: line["quantity"] for line in found["worst_case"]["lines"]} for found in quotes]
    assert (by_kind[0]["image_output"], by_kind[1]["image_output"]) == (1120, 4480)


def test_a_quote_at_the_dearer_of_two_sources(account: Account) -> None:
    """The guide says 1120 and 2000 tokens for 2K and 4K on 3.1 Flash, the price page 1680 and 2520."""
    for size, expected, worst in (("2K", 1120, 1680), ("4K", 2000, 2520)):
        shape = {"type": "image", "aspect_ratio": "1:1", "image_size": size}
        quoted = quote(account, {"model": FLASH, "input": "x", "response_format": shape})
        found = [
            next(line["quantity"] for line in quoted[part]["lines"] if line["kind"] == "image_output")
            for part in ("expected", "worst_case")
        ]
        assert found == [expected, worst]


def test_a_plan_with_a_markup_is_quoted_held_and_charged_and_the_books_agree(books: Books, http: httpx.Client) -> None:
    with books.open():
        plan = plan_ensure(slug="dear", name="Dear", markup_percent=Decimal("33.3333"))
    account = open_account(books, http, plan=plan)
    made: list[Json] = []
    for body in (*BODIES.values(), {"model": FLASH, "input": "x [[overrun:50000]]"}):
        quoted = quote(account, body)
        made.append(make(account, body))
        if "overrun" not in str(body):
            assert quoted["expected"]["amount"] == made[-1]["charge"]["amount"]
    account.generate(input="x [[safety]]")
    total = sum((Decimal(one["charge"]["amount"]) for one in made), Decimal(0))
    mine: dict[str, Any] = {"tenant_id": account.tenant.id}
    with books.open():
        assert sum(charge.amount for charge in Charge.objects.filter(**mine)) == total
        assert sum(record.amount for record in UsageRecord.objects.filter(**mine)) == total
        assert sum(rollup.amount for rollup in UsageRollup.objects.filter(**mine)) == total
        entries = LedgerEntry.objects.filter(**mine)
        assert sum(entry.amount for entry in entries) == 0
        assert sum(entry.amount for entry in entries if entry.account == "revenue") == total
        for charge in Charge.objects.filter(**mine):
            lines = sum((Decimal(line["amount"]) for line in charge.lines), Decimal(0))
            assert lines == charge.amount
            assert Hold.objects.get(generation_id=charge.generation_id).amount >= charge.amount
    assert account.trace.balance == 100 - total


def test_a_test_key_is_quoted_and_charged_nothing(account: Account) -> None:
    test_mode = account.key(livemode=False)
    body = BODIES["text and picture"]
    quoted, made = quote(test_mode, body), make(test_mode, body)
    assert (quoted["expected"]["amount"], quoted["worst_case"]["amount"]) == ("0.000000000", "0.000000000")
    assert quoted["expected"]["tokens"] == made["usage"]["total"] > 0
    assert made["charge"]["amount"] == "0.000000000"
    assert (account.trace.balance, account.trace.entries) == (Decimal(100), 2)
