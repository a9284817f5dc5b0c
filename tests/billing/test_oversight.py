"""What a preview states is what is then booked, over every act; nothing of a preview stays."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from django.db import connections

from accounts.actor import Actor
from accounts.models import AuditEvent, Tenant
from billing.charges.selectors import charge_in_sight, flag_text, flagged_charges
from billing.charges.services import charge_refund, flagged_charge_resolve
from billing.credit_notes.services import credit_note_issue
from billing.credits.services import credit_grant
from billing.errors import ChangeRefused, InvoiceRefused, ValuesInvalid
from billing.invoices.documents import invoice_resend
from billing.invoices.selectors import invoice_detail
from billing.invoices.services import invoice_finalise, invoice_void
from billing.models import LedgerEntry
from billing.oversight import booking_preview
from billing.oversight.invoice_actions import invoice_actions
from billing.payments import payment_record
from billing.wallets.services import wallet_adjust, wallet_credit_limit_set, wallet_top_up
from cavendish.db.router import acting_as
from tests.billing.invoices.helpers import billed_tenant, draft, finalise, fresh, spend, yesterday

ADA = Actor("operator", None, "ada@example.com")
D = Decimal


@pytest.fixture(autouse=True)
def _operator() -> Iterator[None]:
    with acting_as("operator"):
        yield


def flag(generation_id: UUID, *flags: str) -> None:
    with connections["owner"].cursor() as cursor:
        cursor.execute(
            "UPDATE billing_charge SET flags = to_jsonb(%s::text[]), absorbed = 0.5 WHERE generation_id = %s",
            [list(flags), generation_id],
        )


@dataclass
class Case:
    """A tenant that has 10.00 paid in, one charge of 0.0672755 in October and, with `issued`, its invoice."""

    tenant: Tenant
    generation_id: UUID
    invoice_id: UUID | None

    @property
    def of(self) -> dict[str, Any]:
        return {"tenant_id": self.tenant.id, "actor": ADA}

    @property
    def charge(self) -> dict[str, Any]:
        return {**self.of, "generation_id": self.generation_id}

    @property
    def invoice(self) -> dict[str, Any]:
        return {"invoice_id": self.invoice_id, "actor": ADA}


def prepaid() -> Case:
    tenant = billed_tenant(balance="10.00")
    return Case(tenant, spend(tenant), None)


def postpaid(*, issued: bool = True) -> Case:
    """Its invoice is 0.07 + 19 % = 0.08, which is all due."""
    tenant = billed_tenant(balance=0, credit_limit=50, tax_rate=D(19))
    generation_id = spend(tenant)
    drafted = draft(tenant)
    assert drafted is not None
    return Case(tenant, generation_id, finalise(tenant).id if issued else drafted.id)


ACTS: dict[str, tuple[Callable[[], Case], Callable[[Case], object], dict[str, tuple[str, str]]]] = {
    "top-up": (
        prepaid,
        lambda it: wallet_top_up(amount=D("5"), reason="Bank", **it.of),
        {"wallet.balance": ("9.9327245", "14.9327245"), "wallet.free": ("9.9327245", "14.9327245")},
    ),
    "credit": (
        prepaid,
        lambda it: credit_grant(amount=D("2.5"), expires_at=None, reason="Sorry", **it.of),
        {"wallet.credits": ("0", "2.5"), "wallet.paid_money": ("9.9327245", "9.9327245")},
    ),
    "adjustment": (
        prepaid,
        lambda it: wallet_adjust(amount=D("-1"), reason="Typo", **it.of),
        {"wallet.balance": ("9.9327245", "8.9327245")},
    ),
    "credit limit": (
        prepaid,
        lambda it: wallet_credit_limit_set(credit_limit=D("20"), **it.of),
        {"wallet.credit_limit": ("0", "20"), "wallet.free": ("9.9327245", "29.9327245")},
    ),
    "refund of a part": (
        prepaid,
        lambda it: charge_refund(amount=D("0.01"), reason="Sorry", **it.charge),
        {
            "charge.refunded": ("0", "0.01"),
            "charge.left": ("0.0672755", "0.0572755"),
            "wallet.balance": ("9.9327245", "9.9427245"),
        },
    ),
    "refund of the rest": (
        prepaid,
        lambda it: charge_refund(amount=None, reason="Sorry", **it.charge),
        {"charge.left": ("0.0672755", "0"), "wallet.balance": ("9.9327245", "10")},
    ),
    "decision with an adjustment": (
        prepaid,
        lambda it: flagged_charge_resolve(note="Half of it", adjustment=D("0.03"), **it.charge),
        {"charge.left": ("0.0672755", "0.0672755"), "wallet.balance": ("9.9327245", "9.9627245")},
    ),
    "finalise": (
        lambda: postpaid(issued=False),
        lambda it: invoice_finalise(**it.invoice),
        {"wallet.balance": ("-0.0672755", "-0.08"), "invoice.due": ("0.08", "0.08")},
    ),
    "payment": (
        postpaid,
        lambda it: payment_record(amount=D("0.05"), received_on=yesterday(), reference="B1", **it.invoice),
        {"invoice.paid": ("0", "0.05"), "invoice.left": ("0.08", "0.03"), "wallet.balance": ("-0.08", "-0.03")},
    ),
    "void": (
        postpaid,
        lambda it: invoice_void(reason="Wrong address", **it.invoice),
        {"wallet.balance": ("-0.08", "-0.0672755"), "invoice.left": ("0.08", "0")},
    ),
    "credit note": (
        postpaid,
        lambda it: credit_note_issue(reason="Whole", **it.invoice),
        {"invoice.credited": ("0", "0.08"), "invoice.left": ("0.08", "0"), "wallet.balance": ("-0.08", "0")},
    ),
}


@pytest.mark.parametrize("name", ACTS)
def test_a_preview_states_what_is_then_booked(name: str) -> None:
    begin, act, expected = ACTS[name]
    case = begin()
    flag(case.generation_id, "over_hold")
    about = {"generation_id": case.generation_id, "invoice_id": case.invoice_id}
    of: dict[str, Any] = {"tenant_id": case.tenant.id, **about}
    audited = AuditEvent.objects.filter(tenant_id=case.tenant.id).count()
    entries = LedgerEntry.objects.filter(tenant_id=case.tenant.id).order_by("id")
    entries_before = list(entries.values_list("id", flat=True))

    preview = booking_preview(lambda: act(case), **of)

    assert {row: (D(now), D(after)) for row, (now, after) in expected.items()} == {
        row: (preview.row(row).now, preview.row(row).after) for row in expected
    }
    assert list(entries.values_list("id", flat=True)) == entries_before
    assert AuditEvent.objects.filter(tenant_id=case.tenant.id).count() == audited
    assert booking_preview(lambda: None, **of).rows == [type(row)(row.name, row.now, row.now) for row in preview.rows]

    act(case)

    booked = booking_preview(lambda: None, **of)
    assert [(row.name, row.now) for row in booked.rows] == [(row.name, row.after) for row in preview.rows]
    new = [(entry.account, entry.amount, entry.currency) for entry in entries.exclude(id__in=entries_before)]
    assert [(entry.account, entry.amount, entry.currency) for entry in preview.entries] == new
    assert sum(entry.amount for entry in preview.entries) == 0


def test_what_would_be_refused_is_refused_in_the_preview() -> None:
    case = prepaid()
    with pytest.raises(ValuesInvalid, match=r"0\.067275500 USD is left"):
        booking_preview(lambda: charge_refund(amount=D(1), reason="x", **case.charge), tenant_id=case.tenant.id)
    with pytest.raises(ChangeRefused, match="never flagged"):
        booking_preview(
            lambda: flagged_charge_resolve(note="x", adjustment=D(0), **case.charge), tenant_id=case.tenant.id
        )


def test_a_charge_is_in_sight_with_all_that_a_decision_needs() -> None:
    case = postpaid()
    flag(case.generation_id, "over_hold", "unpriced_video_input")
    charge_refund(amount=D("0.01"), reason="Sorry", **case.charge)
    wallet_adjust(amount=D("0.002"), reason="More", generation_id=case.generation_id, **case.of)
    note = credit_note_issue(reason="Line", lines={2: D("0.01")}, **case.invoice)

    sight = charge_in_sight(case.generation_id)

    assert sight is not None
    assert (sight.tenant, sight.charge.amount, sight.charge.absorbed) == (case.tenant, D("0.0672755"), D("0.5"))
    assert sight.hold is not None
    assert (sight.hold.amount, sight.hold.status) == (D("0.0672755"), "settled")
    # the note took a part of it too
    assert (sight.refunded, sight.left) == (D("0.01"), D("0.047732149"))
    assert [(one.transaction.reason, one.amount) for one in sight.corrections] == [
        ("Sorry", D("0.01")),
        ("More", D("0.002")),
    ]
    assert sight.flags == [("over_hold", flag_text("over_hold")), ("unpriced_video_input", sight.flags[1][1])]
    assert sight.flags[1][1] == "There was no price for video input; it is not billed."
    assert sight.free == sight.wallet.balance + 50
    assert (sight.invoice, sight.credit_notes, sight.resolution) == (fresh(note.invoice_id), [note], None)
    assert charge_in_sight(case.tenant.id) is None


def test_flagged_charges_are_listed_until_they_are_decided_about() -> None:
    case = prepaid()
    other = spend(case.tenant)
    flag(case.generation_id, "over_hold")
    flag(other, "unknown_kind")
    of: dict[str, Any] = {"tenant_id": case.tenant.id}
    ids = [charge.generation_id for charge in flagged_charges(**of)]
    assert ids == [other, case.generation_id]
    assert [charge.generation_id for charge in flagged_charges(before=other, **of)] == [case.generation_id]
    flagged_charge_resolve(note="Fine", adjustment=D(0), **case.charge)
    assert [charge.generation_id for charge in flagged_charges(**of)] == [other]
    assert [charge.resolution.note for charge in flagged_charges(resolved=True, **of)] == ["Fine"]
    assert flagged_charges(resolved=None, flag="over_hold", **of)[0].generation_id == case.generation_id


def pay(case: Case) -> None:
    payment_record(amount=D("0.08"), received_on=yesterday(), reference="B1", **case.invoice)


STATES: dict[str, tuple[Callable[[], Case], Callable[[Case], object]]] = {
    "draft": (lambda: postpaid(issued=False), lambda it: None),
    "finalised": (postpaid, lambda it: None),
    "paid": (postpaid, pay),
    "credited": (postpaid, lambda it: credit_note_issue(reason="Whole", **it.invoice)),
    "void": (postpaid, lambda it: invoice_void(reason="Wrong", **it.invoice)),
}
REFUSED = {
    "draft": {"send": "draft", "void": "draft", "credit_note": "draft", "payment": "draft"},
    "finalised": {"finalise": "not_draft"},
    "paid": {"finalise": "not_draft", "void": "settled", "payment": "paid"},
    "credited": {"finalise": "not_draft", "void": "settled", "credit_note": "nothing_left", "payment": "paid"},
    "void": {"finalise": "not_draft", "void": "void", "credit_note": "void", "payment": "void"},
}


@pytest.mark.parametrize("state", STATES)
def test_an_invoice_says_what_can_be_done_with_it_and_the_services_agree(state: str) -> None:
    begin, become = STATES[state]
    case = begin()
    become(case)
    assert case.invoice_id is not None
    full = invoice_detail(fresh(case.invoice_id))
    with acting_as("operator"):
        said = {name: refused for name, refused in vars(invoice_actions(full)).items() if refused is not None}
    # the balance pays when anybody may, so far as it has money
    paying, balance = said.get("payment"), said.pop("from_balance", None)
    assert str(balance) == str(paying)
    # nobody of this tenant gets mails, so there is nobody to send an issued invoice to
    sending = {} if state == "draft" else {"send": "nobody_to_send_to"}
    assert {name: refused.reason for name, refused in said.items()} == {**REFUSED[state], **sending}

    received: dict[str, Any] = {"received_on": date(2026, 11, 20), "reference": "B2"}
    acts: dict[str, Callable[[], object]] = {
        "finalise": lambda: invoice_finalise(**case.invoice),
        "send": lambda: invoice_resend(invoice=full.invoice, actor=ADA),
        "void": lambda: invoice_void(reason="x", **case.invoice),
        "credit_note": lambda: credit_note_issue(reason="x", **case.invoice),
        "payment": lambda: payment_record(amount=D("0.01"), **received, **case.invoice),
    }
    tried: dict[str, str] = {}
    for name, act in acts.items():
        try:
            booking_preview(act, tenant_id=case.tenant.id)
        except InvoiceRefused as refused:
            tried[name] = str(refused)
    assert tried == {name: str(refused) for name, refused in said.items()}
