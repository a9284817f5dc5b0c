"""The acts on an invoice: those that are possible, and why the others are not."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy, pgettext_lazy

from billing.invoices.selectors import FullInvoice
from billing.models import Payment
from billing.oversight.invoice_actions import InvoiceActions
from cavendish.above.ui.refusals import refusal_text
from cavendish.db import ids

ACT_WORDS: dict[str, str | Promise] = {
    "finalise": gettext_lazy("Finalise"),
    "payment": gettext_lazy("Record payment"),
    "from-balance": gettext_lazy("Pay from the balance"),
    "send": gettext_lazy("Send"),
    "credit-note": gettext_lazy("Credit note"),
    "void": pgettext_lazy("act", "Void"),
}
"""The acts on an invoice by their addresses, the one for its state first."""


@dataclass(frozen=True)
class ActShown:
    """An act, or in `why_not` the sentence that says why it is not possible now."""

    word: str | Promise
    address: str
    why_not: str
    main: bool = False
    danger: bool = False
    dialog: bool = True


def acts(public_id: str, actions: InvoiceActions) -> tuple[list[ActShown], list[ActShown]]:
    """Returns the acts that are possible, the one that the state asks for marked, and those that are not."""
    refusals = {
        "finalise": actions.finalise, "payment": actions.payment,
        "from-balance": actions.from_balance, "send": actions.send,
        "credit-note": actions.credit_note, "void": actions.void,
    }  # fmt: skip
    possible: list[ActShown] = []
    impossible: list[ActShown] = []
    for name, refusal in refusals.items():
        if name == "from-balance" and refusal is not None:
            continue  # the same reason stands at the payment
        address = reverse("admin:invoice_act", args=[public_id, name])
        if refusal is not None:
            impossible.append(ActShown(ACT_WORDS[name], address, refusal_text(refusal)))
            continue
        main = name in ("finalise", "payment")
        possible.append(ActShown(ACT_WORDS[name], address, "", main=main, danger=name == "void"))
    return sorted(possible, key=lambda act: act.main), impossible


@dataclass(frozen=True)
class PaymentShown:
    """A payment; `act` is the address of taking it back, empty where it was, or where the viewer may not."""

    row: Payment
    amount: Decimal
    reversal: Payment | None
    act: str


def payments(*, public_id: str, full: FullInvoice, may: bool) -> list[PaymentShown]:
    """Returns the payments of an invoice, those that were taken back among them."""
    shown = []
    for row in full.received:
        reversal = full.reversal_of(row)
        address = reverse("admin:payment_reverse", args=[public_id, ids.encode(ids.PAYMENT, row.id)])
        shown.append(PaymentShown(row, row.amount + row.overpaid, reversal, address if may and not reversal else ""))
    return shown
