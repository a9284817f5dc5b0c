from __future__ import annotations

from decimal import Decimal

import pytest

from billing.contracts import KindPrice
from billing.money import amount_text, share_amount
from billing.prices.pricing import Covered, bill, extra_cost, included_line, lines_price, settlement
from billing.usage.upstream import Usage

PRICES: dict[str, KindPrice] = {
    "text_input": {"unit": "per_1m_tokens", "price": "0.75", "cost": "0.50"},
    "image_input": {"unit": "per_1m_tokens", "price": "0.75", "cost": "0.50"},
    "cached_input": {"unit": "per_1m_tokens", "price": "0.075", "cost": "0.05"},
    "text_output": {"unit": "per_1m_tokens", "price": "4.50", "cost": "3.00"},
    "thought_output": {"unit": "per_1m_tokens", "price": "4.50", "cost": "3.00"},
    "image_output": {"unit": "per_1m_tokens", "price": "90.00", "cost": "60.00"},
    "search_query": {"unit": "per_1k_queries", "price": "21", "cost": "14"},
}
PLENTY = Decimal(1000)
USAGE = Usage(text_input=31, image_output=1120, thought_output=600, search_queries=2, total=1751)


def test_each_kind_has_a_line_at_its_own_price() -> None:
    billed = bill(USAGE, prices=PRICES, ceiling=PLENTY)
    assert [line.shown() for line in billed.lines] == [
        {"kind": "text_input", "quantity": 31, "unit": "per_1m_tokens", "unit_price": "0.75", "amount": "0.000023250"},
        {"kind": "thought_output", "quantity": 600, "unit": "per_1m_tokens", "unit_price": "4.50",
         "amount": "0.002700000"},
        {"kind": "image_output", "quantity": 1120, "unit": "per_1m_tokens", "unit_price": "90.00",
         "amount": "0.100800000"},
        {"kind": "search_query", "quantity": 2, "unit": "per_1k_queries", "unit_price": "21.00",
         "amount": "0.042000000"},
    ]  # fmt: skip
    assert (amount_text(billed.amount), amount_text(billed.cost)) == ("0.145523250", "0.097015500")
    assert (billed.absorbed, len(billed.flags)) == (Decimal(0), 0)


def test_the_amount_is_the_sum_of_the_rounded_lines() -> None:
    thirds: dict[str, KindPrice] = {kind: {**price, "price": "0.333333333"} for kind, price in PRICES.items()}
    usage = Usage(text_input=1, image_input=1, text_output=1, thought_output=1, image_output=1)
    billed = bill(usage, prices=thirds, ceiling=PLENTY)
    assert [amount_text(line.amount) for line in billed.lines] == ["0.000000333"] * 5
    assert amount_text(billed.amount) == "0.000001665"


def test_what_goes_beyond_the_hold_is_absorbed_and_shown() -> None:
    billed = bill(USAGE, prices=PRICES, ceiling=Decimal("0.1"))
    assert (billed.amount, amount_text(billed.absorbed)) == (Decimal("0.1"), "0.045523250")
    assert billed.lines[-1].shown() == {
        "kind": "absorbed", "quantity": 1, "unit": "each", "unit_price": "-0.04552325", "amount": "-0.045523250"
    }  # fmt: skip
    assert sum(line.amount for line in billed.lines) == billed.amount
    assert amount_text(billed.cost) == "0.097015500"  # the upstream bills all of it
    assert billed.flags == ["over_hold"]
    assert bill(USAGE, prices=PRICES, ceiling=Decimal("0.14552325")).flags == []
    assert bill(USAGE, prices=PRICES, ceiling=Decimal(0)).amount == 0


def test_a_kind_without_a_price_is_flagged_and_not_billed() -> None:
    usage = Usage(text_input=31, video_input=3000)
    lines, unpriced = lines_price(usage.priced(), PRICES, images=0)
    assert ([line.kind for line in lines], unpriced) == (["text_input"], ["video_input"])
    assert bill(usage, prices=PRICES, ceiling=PLENTY).flags == ["unpriced_video_input"]


def test_flags_of_the_usage_go_with_the_charge() -> None:
    flagged = Usage(text_input=1, flags=["total_mismatch"])
    assert bill(flagged, prices=PRICES, ceiling=Decimal(0)).flags == ["total_mismatch", "over_hold"]


def test_a_settlement_that_is_charged() -> None:
    found = settlement(USAGE, prices=PRICES, ceiling=Decimal("0.1"), images=1, charged=True, reason=None)
    assert (found["status"], found["amount"], found["absorbed"]) == ("charged", "0.100000000", "0.045523250")
    assert sum(Decimal(record["amount"]) for record in found["records"]) == Decimal(found["amount"])
    assert sum(Decimal(line["amount"]) for line in found["lines"]) == Decimal(found["amount"])
    assert (found["images"], found["tokens"], found["requests"]) == (1, 1751, 1)


def test_a_settlement_that_is_not_charged_keeps_what_it_cost_us() -> None:
    found = settlement(USAGE, prices=PRICES, ceiling=Decimal("0.1"), images=1, charged=False, reason="safety_blocked")
    assert (found["status"], found["amount"], found["lines"]) == ("not_charged", "0", [])
    assert found["cost"] == "0.097015500"
    assert {record["kind"] for record in found["records"]} == {
        "text_input", "thought_output", "image_output", "search_query"
    }  # fmt: skip
    assert {(record["amount"], record["unit_price"]) for record in found["records"]} == {("0", "0")}
    assert sum(Decimal(record["cost"]) for record in found["records"]) == Decimal(found["cost"])
    # a request is counted by budgets of requests, pictures and tokens are not
    assert (found["images"], found["tokens"], found["requests"]) == (0, 0, 1)


def test_answers_that_were_thrown_away_cost_the_operator_only() -> None:
    charge = settlement(USAGE, prices=PRICES, ceiling=PLENTY, images=1, charged=True, reason=None)
    reported = {"total_output_tokens": 1120, "output_tokens_by_modality": [{"modality": "image", "tokens": 1120}]}
    found = extra_cost(charge, [reported, reported], prices=PRICES)
    assert (found["amount"], found["lines"]) == (charge["amount"], charge["lines"])
    assert Decimal(found["cost"]) == Decimal(charge["cost"]) + 2 * Decimal("0.0672")
    assert found["flags"] == ["repeated_answers"]
    assert extra_cost(charge, [], prices=PRICES) == charge


PER_PICTURE: dict[str, KindPrice] = {
    **PRICES,
    "image_output": {"unit": "per_image", "price": "0.10", "cost": "60", "cost_unit": "per_1m_tokens"},
}


def test_a_picture_at_a_fixed_price_is_billed_by_the_piece_and_recorded_in_tokens() -> None:
    usage = Usage(text_input=31, image_output=2240, total=2271)
    found = settlement(usage, prices=PER_PICTURE, ceiling=PLENTY, images=2, charged=True, reason=None)
    assert found["lines"][-1] == {
        "kind": "image_output", "quantity": 2, "unit": "per_image", "unit_price": "0.10", "amount": "0.200000000"
    }  # fmt: skip
    assert (found["records"][-1]["quantity"], found["records"][-1]["unit"]) == (2240, "per_image")
    assert (found["amount"], found["cost"]) == ("0.200023250", "0.134415500")


def test_tokens_of_a_picture_that_did_not_come_cost_the_operator_only() -> None:
    usage = Usage(text_input=31, image_output=1120, total=1151)
    found = settlement(usage, prices=PER_PICTURE, ceiling=PLENTY, images=0, charged=True, reason=None)
    assert (found["amount"], found["cost"]) == ("0.000023250", "0.067215500")


@pytest.mark.parametrize(
    ("images", "covered", "most", "expected", "used"),
    [
        (1, 1, 1, "0.000000000", 1),
        (2, 1, 2, "0.067196625", 1),  # half of 0.13439325
        (3, 2, 4, "0.044797750", 2),
        (1, 3, 4, "0.000000000", 1),
        (0, 1, 1, "0.000000000", 0),  # a text that came instead
        (0, 1, 4, "0.100794938", 0),
        (2, 0, 2, "0.134393250", 0),
    ],
)
def test_an_included_picture_takes_its_share(images: int, covered: int, most: int, expected: str, used: int) -> None:
    usage = Usage(text_input=31, image_output=1493, total=1524)
    found = settlement(
        usage, prices=PRICES, ceiling=PLENTY, images=images, covered=Covered(covered, most), charged=True, reason=None
    )
    assert found["amount"] == expected
    included = [line for line in found["lines"] if line["kind"] == "included"]
    assert [line["quantity"] for line in included] == ([used] if covered else [])
    assert sum(Decimal(line["amount"]) for line in found["lines"]) == Decimal(found["amount"])
    assert sum(Decimal(record["amount"]) for record in found["records"]) == Decimal(found["amount"])
    assert found["images"] == images


def test_what_is_not_covered_never_exceeds_what_is_held_for_it() -> None:
    """The hold rounds what is left up, the bill rounds half up: it is never a billionth above."""
    for most in range(1, 8):
        for covered in range(most + 1):
            for whole in (Decimal("0.000000001"), Decimal("0.1"), Decimal("0.134423253"), Decimal("7.999999999")):
                held = share_amount(whole, part=most - covered, whole=most, up=True)
                line = included_line(whole, images=most, covered=Covered(covered, most))
                assert whole + (line.amount if line else 0) <= held
