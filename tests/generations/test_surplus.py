"""Pictures beyond `max_images`: never three for the price of one (decision 0018)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from billing.contracts import KindPrice
from billing.prices.pricing import Covered, Undelivered, bill, images_within, settlement
from billing.usage.upstream import Usage
from tests.factories import make_tenant, submit_generation
from tests.generations.engines import charge, engine_thread, outputs, spooled, stored_whole, wait_ended
from tests.generations.helpers import books_balance, one, rows

PRICES: dict[str, KindPrice] = {
    "text_output": {"unit": "per_1m_tokens", "price": "3", "cost": "2"},
    "image_output": {"unit": "per_1m_tokens", "price": "60", "cost": "40"},
}
USAGE = Usage(text_output=100, image_output=3000, total=3100)
TEXT, EACH = Decimal("0.0003"), Decimal("0.06")
LIVE = pytest.mark.usefixtures("quiet", "sandbox_url")
SQUARE = {"aspect_ratio": "1:1", "image_size": "512"}


@pytest.mark.parametrize(
    ("ceiling", "most", "count"),
    [
        (TEXT + EACH, 1, 1),
        (TEXT + 2 * EACH - Decimal("0.000000001"), 1, 1),
        (TEXT + 2 * EACH, 1, 2),
        (TEXT + 3 * EACH, 1, 3),
        (Decimal(0), 2, 2),  # what was asked for is given out, whatever it cost
        (Decimal(0), 0, 0),
        (Decimal(0), 5, 3),
    ],
)
def test_a_further_picture_is_given_out_where_the_hold_covers_its_full_price(
    ceiling: Decimal, most: int, count: int
) -> None:
    found = images_within(USAGE, prices=PRICES, ceiling=ceiling, shares=[1000] * 3, most=most, covered=Covered())
    assert found == count


def test_included_pictures_leave_no_room_for_others() -> None:
    covered = Covered(images=1, most=1)
    assert images_within(USAGE, prices=PRICES, ceiling=Decimal(0), shares=[1000] * 3, most=1, covered=covered) == 1


def test_what_is_not_given_out_is_the_operators() -> None:
    undelivered = Undelivered(images=2, tokens=2000)
    billed = bill(USAGE, prices=PRICES, ceiling=TEXT + EACH, images=1, undelivered=undelivered)
    assert (billed.amount, billed.absorbed, billed.flags) == (TEXT + EACH, 2 * EACH, ["images_not_delivered"])
    assert sum(line.amount for line in billed.lines) == billed.amount
    assert billed.cost == Decimal("0.1202")
    over = bill(USAGE, prices=PRICES, ceiling=Decimal("0.05"), images=1, undelivered=undelivered)
    assert (over.amount, over.absorbed) == (Decimal("0.05"), TEXT + 3 * EACH - Decimal("0.05"))
    assert over.flags == ["over_hold", "images_not_delivered"]


def test_pictures_at_a_fixed_price_count_those_that_are_given_out() -> None:
    prices: dict[str, KindPrice] = {"image_output": {"unit": "per_image", "price": "0.1", "cost": "40"}}
    found = settlement(
        Usage(image_output=3000, total=3000), prices=prices, ceiling=Decimal("0.1"), images=1, charged=True,
        reason=None, undelivered=Undelivered(2, 2000),
    )  # fmt: skip
    assert (found["amount"], found["absorbed"], found["images"], found["tokens"]) == (
        "0.100000000", "0.200000000", 1, 1000,
    )  # fmt: skip


def kinds(content: list[dict[str, Any]]) -> list[str]:
    return [block["type"] for block in content]


def content_of(id: UUID) -> dict[str, Any]:
    (row,) = rows("owner", "SELECT * FROM generations_generationcontent WHERE generation_id = %s", id)
    return row


@LIVE
@pytest.mark.parametrize("format", [{"type": "image", **SQUARE}, [{"type": "text"}, {"type": "image", **SQUARE}]])
def test_three_pictures_of_512_are_not_had_for_the_price_of_one_i2(format: Any) -> None:
    tenant = make_tenant(balance=100)
    single = submit_generation(tenant, "one", response_format=format)
    tripled = submit_generation(tenant, "three [[images:3]]", response_format=format)
    with engine_thread():
        wait_ended(single, tripled)
    held = one("owner", "SELECT amount FROM billing_hold WHERE generation_id = %s", tripled)
    row = charge(tripled)
    price = charge(single)["amount"]
    count = len(outputs(tripled))
    assert count == stored_whole(tripled) == 1
    assert price * count <= row["amount"] + Decimal("0.002")  # a text more or less
    assert row["amount"] <= held
    assert "images_not_delivered" in row["flags"]
    assert row["absorbed"] >= Decimal("0.08")  # two pictures of 747 tokens at $60 per million
    content = content_of(tripled)
    assert kinds(content["content"]).count("image") == 1
    assert sum("output_id" in block for step in content["steps"] for block in step.get("content", ())) == 1
    [notice] = [notice for notice in content["notices"] if notice["code"] == "images_not_delivered"]
    assert notice["count"] == 2
    assert "max_images" in notice["detail"]
    assert spooled() == []
    books_balance(tenant)


@LIVE
def test_with_enough_max_images_all_are_given_out() -> None:
    tenant = make_tenant(balance=100)
    id = submit_generation(tenant, "x [[images:3]]", response_format={"type": "image", **SQUARE}, max_images=3)
    with engine_thread():
        wait_ended(id)
    row = charge(id)
    assert (len(outputs(id)), row["absorbed"], row["flags"]) == (3, 0, [])
