"""Money that goes out and is no sale: a top-up taken back, and money paid out to the bank."""

from __future__ import annotations

from decimal import Decimal
from threading import Thread
from typing import Any
from uuid import uuid4

import pytest

from accounts.actor import SYSTEM
from accounts.models import Tenant
from billing.errors import ChangeRefused, ValuesInvalid
from billing.models import LedgerTransaction
from billing.wallets.services import top_up_reverse, wallet_pay_out, wallet_top_up
from cavendish.db import ids
from cavendish.db.router import acting_as
from cavendish.http.problems import Problem
from tests.billing.invoices.helpers import OCTOBER, billed_tenant, spend
from tests.billing.operators import Operator
from tests.billing.test_wallet_api import customer
from tests.factories import make_tenant
from tests.generations.helpers import books_balance, wallet

D = Decimal


def top_up(tenant: Tenant, amount: Any) -> LedgerTransaction:
    with acting_as("operator"):
        return wallet_top_up(tenant_id=tenant.id, amount=D(amount), reason="SEPA", actor=SYSTEM)


def take_back(tenant: Tenant, booked: LedgerTransaction, amount: Any = None) -> LedgerTransaction:
    with acting_as("operator"):
        return top_up_reverse(
            tenant_id=tenant.id, transaction_id=booked.id, amount=None if amount is None else D(amount),
            reason="Mistyped", actor=SYSTEM,
        )  # fmt: skip


def pay_out(tenant: Tenant, amount: Any) -> LedgerTransaction:
    with acting_as("operator"):
        return wallet_pay_out(tenant_id=tenant.id, amount=D(amount), reason="Paid back", actor=SYSTEM)


def refused(act: Any, *arguments: Any) -> str:
    with pytest.raises(ChangeRefused) as caught:
        act(*arguments)
    return str(caught.value.code)


def test_a_top_up_is_taken_back_in_parts_and_each_part_once() -> None:
    tenant = make_tenant(balance=0)
    booked = top_up(tenant, 1000)
    first = take_back(tenant, booked, 900)
    assert (first.kind, first.reverses_id) == ("reversal", booked.id)
    assert wallet(tenant)["balance"] == 100
    assert refused(take_back, tenant, booked, "100.01") == "already_reversed"
    take_back(tenant, booked)  # the rest
    assert wallet(tenant)["balance"] == 0
    assert refused(take_back, tenant, booked) == "already_reversed"
    books_balance(tenant)


def test_what_was_spent_is_owed_within_the_credit_limit_only() -> None:
    tenant = billed_tenant(balance=0)
    booked = top_up(tenant, 10)
    spend(tenant, OCTOBER, {"image_output": 100_000})  # 6.00
    assert refused(take_back, tenant, booked) == "insufficient_balance"
    take_back(tenant, booked, 4)
    assert wallet(tenant)["balance"] == 0


def test_neither_stands_on_an_invoice() -> None:
    """The case of the books: 1,000 typed for 100, and 50 sent back to the bank."""
    tenant = billed_tenant(balance=0, tax_rate=D(19))
    booked = top_up(tenant, 1000)
    take_back(tenant, booked, 900)
    pay_out(tenant, 50)
    assert wallet(tenant)["balance"] == 50
    shown = Operator().get(f"invoices/preview?tenant_id={ids.encode(ids.TENANT, tenant.id)}")
    assert (shown["lines"], shown["total"]) == ([], "0.00")


def test_a_payout_takes_what_was_paid_in_and_is_free() -> None:
    tenant = make_tenant(balance=0)
    top_up(tenant, 10)
    assert refused(pay_out, tenant, "10.01") == "insufficient_balance"
    for wrong in (0, -1):
        with pytest.raises(ValuesInvalid):
            pay_out(tenant, wrong)
    pay_out(tenant, 10)
    assert wallet(tenant)["balance"] == 0
    books_balance(tenant)


def test_only_a_top_up_of_the_tenant_is_reversed() -> None:
    tenant, other = make_tenant(balance=0), make_tenant(balance=0)
    theirs = top_up(other, 5)
    paid = pay_out(other, 1)
    for booked in (theirs.id, paid.id, uuid4()):
        with pytest.raises(Problem) as caught, acting_as("operator"):
            top_up_reverse(tenant_id=tenant.id, transaction_id=booked, amount=None, reason="x", actor=SYSTEM)
        assert caught.value.status == 404


def test_of_two_at_once_one_takes_it_back() -> None:
    tenant = make_tenant(balance=0)
    booked = top_up(tenant, 10)
    top_up(tenant, 10)
    codes: list[str] = []

    def act() -> None:
        try:
            take_back(tenant, booked)
        except ChangeRefused as refusal:
            codes.append(str(refusal.code))

    threads = [Thread(target=act) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert codes == ["already_reversed"] * 5
    assert wallet(tenant)["balance"] == 10


def test_over_the_api() -> None:
    operator, mine = Operator(), customer(balance=0)
    booked = operator.post(f"{mine.path}/top-ups", {"amount": "1000", "reason": "SEPA 100"})
    path = f"{mine.path}/top-ups/{booked['id']}/reversal"
    back = operator.post(path, {"amount": "900", "reason": "Mistyped"})
    assert (back["kind"], back["reverses"]) == ("reversal", booked["id"])
    assert operator.post(f"{mine.path}/payouts", {"amount": "50", "reason": "Paid back"})["kind"] == "payout"
    kinds = [entry["kind"] for entry in operator.get(f"{mine.path}/ledger")["data"]]
    assert kinds[:3] == ["payout", "reversal", "top_up"]
    assert operator.post(path, {"reason": "Rest"}, status=409)["code"] == "insufficient_balance"
    operator.post(f"{mine.path}/top-ups", {"amount": "60", "reason": "SEPA"})
    assert operator.post(path, {"reason": "Rest"})["entries"][0]["amount"] == "-100.000000000"
    assert operator.post(path, {"reason": "Again"}, status=409)["code"] == "already_reversed"
    assert operator.post(f"{mine.path}/top-ups/{ids.encode(ids.LEDGER_TRANSACTION, uuid4())}/reversal", {"reason": "x"},
                         status=404)["code"] == "not_found"  # fmt: skip
