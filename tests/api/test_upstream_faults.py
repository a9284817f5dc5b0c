"""What goes wrong upstream: typed, tried again where that heals, nothing half-stored, the hold released."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest

from billing.models import Charge, Hold
from tests.api.accounts import Account, uuid_of


@pytest.mark.parametrize(
    ("words", "attempts"),
    [
        ("[[fault:429 times=1]]", 2),
        ("[[fault:429 retry_after=1 times=1]]", 2),
        ("[[fault:500 times=1]]", 2),
        ("[[fault:503 times=2]]", 3),
        ("[[cut times=1]]", 2),
        ("[[bad_json times=1]]", 2),
        ("[[wrong_size times=1]]", 2),
    ],
)
def test_what_passes_is_tried_again_and_charged_once(account: Account, words: str, attempts: int) -> None:
    made = account.make(input=f"x {words}")
    assert made["attempts"] == attempts
    [output] = made["outputs"]
    assert (output["width"], output["height"]) == (512, 512)
    trace = account.trace
    assert (trace.held, trace.balance) == (Decimal(0), 100 - Decimal(made["charge"]["amount"]))
    assert len(trace.objects) == 1
    assert trace.entries == 2 + 2  # the top-up and one charge


FAILURES = {
    "[[fault:400]]": ("upstream_rejected", 1),
    "[[fault:403]]": ("upstream_unavailable", None),  # a refused key of ours is not the tenant's doing
    "[[fault:500]]": ("upstream_unavailable", 4),
    "[[cut]]": ("upstream_unavailable", 4),
    "[[bad_json]]": ("upstream_unavailable", 4),
    "[[wrong_size]]": ("upstream_unavailable", 4),
    "[[safety]]": ("safety_blocked", 1),
    "[[failed]]": ("upstream_unavailable", 4),
}


def test_what_stays_wrong_fails_with_its_type_and_costs_nothing(account: Account) -> None:
    with ThreadPoolExecutor(len(FAILURES)) as pool:
        ended = list(pool.map(lambda words: account.generate(input=f"x {words}"), FAILURES))
    for generation, (code, attempts) in zip(ended, FAILURES.values(), strict=True):
        assert (generation["status"], generation["error"]["code"]) == ("failed", code), generation["error"]
        assert attempts is None or generation["attempts"] == attempts
        charge = generation["charge"]
        assert (charge["status"], charge["reason"]) == ("not_charged", code)
        assert (charge["amount"], charge["lines"]) == ("0.000000000", [])
        assert (generation["outputs"], generation["content"]) == ([], [])
        assert "sandbox-" not in generation["error"]["message"]
    trace = account.trace
    assert (trace.held, trace.balance, trace.outputs) == (Decimal(0), Decimal(100), 0)
    assert not trace.objects
    assert trace.entries == 2
    with account.books.open():
        holds = Hold.objects.filter(tenant_id=account.tenant.id)
        assert {hold.status for hold in holds} == {"released"}
        # what the upstream bills for pictures of the wrong size is known to the operator
        wrong = Charge.objects.get(generation_id=uuid_of(ended[list(FAILURES).index("[[wrong_size]]")]["id"]))
        assert wrong.cost > 0
        assert "repeated_answers" in wrong.flags


def test_text_instead_of_a_picture_costs_the_text(account: Account) -> None:
    ended = account.generate(input="abcd [[no_image]]")
    assert (ended["status"], ended["error"]["code"]) == ("failed", "no_image")
    assert [block["type"] for block in ended["content"]] == ["text"]
    assert (ended["charge"]["status"], ended["charge"]["reason"]) == ("charged", "no_image")
    assert [line["kind"] for line in ended["charge"]["lines"]] == ["text_input", "text_output"]
    assert account.trace.balance == 100 - Decimal(ended["charge"]["amount"])


def test_an_answer_beyond_the_hold_is_delivered_and_charged_up_to_it(account: Account) -> None:
    quoted = account.post(
        "/api/v1/quotes",
        json={"model": "gemini-3.1-flash-image", "input": "x [[overrun:50000]]",
              "response_format": {"type": "image", "image_size": "512", "aspect_ratio": "1:1"}},
    ).json()  # fmt: skip
    made = account.make(input="x [[overrun:50000]]")
    charge = made["charge"]
    assert charge["amount"] == quoted["worst_case"]["amount"]
    assert sum(Decimal(line["amount"]) for line in charge["lines"]) == Decimal(charge["amount"])
    assert charge["lines"][-1]["kind"] == "absorbed"
    assert Decimal(charge["lines"][-1]["amount"]) < 0
    [notice] = made["notices"]
    assert notice == {"code": "tokens_differ", "expected": 747, "came": 50747}
    with account.books.open():
        row = Charge.objects.get(generation_id=uuid_of(made["id"]))
        assert "over_hold" in row.flags
        assert row.absorbed == -Decimal(charge["lines"][-1]["amount"])
    assert account.trace.balance == 100 - Decimal(charge["amount"])


def test_unattributed_output_tokens_are_text(account: Account) -> None:
    made = account.make(input="x [[extra_tokens:400]]")
    assert made["usage"]["output"] == {"text": 400, "image": 747}
    lines = {line["kind"]: line["quantity"] for line in made["charge"]["lines"]}
    assert (lines["text_output"], lines["image_output"]) == (400, 747)


def test_a_wallet_that_does_not_cover_the_worst_case_refuses_and_keeps_nothing(account: Account) -> None:
    from tests.api.accounts import image, open_account, text

    poor = open_account(account.books, account.http, balance="0.06")
    made = poor.make()  # 0.0448 of at most 0.0494
    assert Decimal(made["charge"]["amount"]) < Decimal("0.06")
    with poor.untouched():
        problem = poor.refused(poor.submit(input=[text(), image()]), 402, "insufficient_balance", None, None, "wallet")
        assert Decimal(problem["wallet"]["balance"]) == Decimal("0.06") - Decimal(made["charge"]["amount"])
        assert problem["wallet"]["held"] == "0.000000000"
