"""What the page of an invoice shows: how it stands as a heading, its lines, sums that add up, what can be done."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.urls import reverse
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext_lazy

from billing.invoices.labels import group_text, line_text, percent_text, quantity_text, rate_text
from billing.invoices.ledger_entries import today_of
from billing.invoices.selectors import FullInvoice
from billing.models import Invoice, InvoiceLine
from billing.oversight.invoice_actions import InvoiceActions
from cavendish.above.ui.formats import day, money
from cavendish.above.ui.labels import label
from cavendish.above.ui.refusals import refusal_text

Status = Invoice.Status
ACT_WORDS: dict[str, str | Promise] = {
    "finalise": gettext_lazy("Finalise"),
    "payment": gettext_lazy("Record payment"),
    "send": gettext_lazy("Send"),
    "credit-note": gettext_lazy("Credit note"),
    "void": pgettext_lazy("act", "Void"),
}
"""The acts on an invoice by their addresses, the one for its state first."""


@dataclass(frozen=True)
class LineShown:
    """A line: what it is, quantity × what a unit cost on average, exact, and in coins."""

    number: int
    text: str
    quantity: str
    rate: str
    exact: Decimal
    amount: str
    has_jobs: bool
    transaction_id: object | None


@dataclass(frozen=True)
class Group:
    """The lines of one model and size."""

    name: str
    lines: list[LineShown]


@dataclass(frozen=True)
class Sum:
    """A line below the lines. `strong` ones are the sums of those above."""

    label: str
    amount: str
    strong: bool = False


@dataclass(frozen=True)
class ActShown:
    """An act, or in `why_not` the sentence that says why it is not possible now."""

    word: str | Promise
    address: str
    why_not: str
    main: bool = False
    danger: bool = False
    dialog: bool = True


def heading(full: FullInvoice) -> tuple[str, bool]:
    """Returns how an invoice stands, and whether that is bad: "$80.00 overdue by 12 days"."""
    invoice, left = full.invoice, full.settled.left

    def amount(value: Decimal) -> str:
        return money(value, invoice.currency, digits=invoice.digits)

    month = date_format(invoice.month, _("F Y"))
    match invoice.status:
        case Status.DRAFT:
            return _("Draft of %(month)s: %(amount)s") % {"month": month, "amount": amount(invoice.total)}, False
        case Status.VOID:
            return _("Void: %s") % amount(invoice.total), False
        case Status.PAID:
            if not invoice.amount_due:
                return _("%s, paid from the balance") % amount(invoice.total), False
            return _("%s, paid") % amount(invoice.total), False
        case _final:
            assert invoice.due_on is not None
            late = (today_of(invoice) - invoice.due_on).days
            if late > 0:
                text = ngettext("%(amount)s overdue by %(n)s day", "%(amount)s overdue by %(n)s days", late)
                return text % {"amount": amount(left), "n": late}, True
            return _("%(amount)s to pay by %(day)s") % {"amount": amount(left), "day": day(invoice.due_on)}, False


def heading_of_running(invoice: Invoice) -> str:
    """Returns what the month that runs comes to so far."""
    total = money(invoice.total, invoice.currency, digits=invoice.digits)
    return _("%(month)s so far: %(amount)s") % {"month": date_format(invoice.month, _("F Y")), "amount": total}


def groups(full: FullInvoice) -> list[Group]:
    found: dict[str, list[LineShown]] = {}
    for line in full.lines:
        found.setdefault(label(group_text(line)), []).append(_line(line, full.invoice))
    return [Group(name, lines) for name, lines in found.items()]


def _quantity(line: InvoiceLine) -> str:
    number, _space, unit = quantity_text(line).partition(" ")
    return f"{number} {label(unit)}".rstrip()


def _line(line: InvoiceLine, invoice: Invoice) -> LineShown:
    return LineShown(
        number=line.number,
        text=label(line_text(line)),
        quantity=_quantity(line),
        rate=rate_text(line),
        exact=line.exact,
        amount=money(line.amount, digits=invoice.digits),
        has_jobs=line.type == InvoiceLine.Type.USAGE,
        transaction_id=line.ledger_transaction_id,
    )


def sums(full: FullInvoice) -> list[Sum]:
    """Returns net + tax = total, total = from the balance + due, due = paid + credited + left."""
    invoice, settled = full.invoice, full.settled

    def row(label: str, value: Decimal, *, minus: bool = False, strong: bool = False) -> Sum:
        return Sum(label, money(-value if minus else value, digits=invoice.digits), strong)

    lines = [row(_("Net"), invoice.net)]
    if invoice.tax_rate is not None:
        lines.append(row(f"{invoice.tax_label or _('Tax')} {percent_text(invoice.tax_rate)}", invoice.tax))
    lines.append(row(_("Total, %s") % invoice.currency, invoice.total, strong=True))
    if invoice.paid_from_balance:
        lines.append(row(_("From the balance"), invoice.paid_from_balance, minus=True))
    if invoice.paid_from_balance and invoice.amount_due:
        lines.append(row(_("Due"), invoice.amount_due, strong=True))
    if settled.paid:
        lines.append(row(_("Paid"), settled.paid, minus=True))
    if settled.credited:
        lines.append(row(_("Credited"), settled.credited, minus=True))
    if invoice.status != Status.DRAFT and (invoice.amount_due or settled.sum):
        lines.append(row(_("Left to pay"), settled.left, strong=True))
    return lines


def acts(public_id: str, actions: InvoiceActions) -> tuple[list[ActShown], list[ActShown]]:
    """Returns the acts that are possible, the one that the state asks for marked, and those that are not."""
    refusals = {
        "finalise": actions.finalise, "payment": actions.payment, "send": actions.send,
        "credit-note": actions.credit_note, "void": actions.void,
    }  # fmt: skip
    possible: list[ActShown] = []
    impossible: list[ActShown] = []
    for name, refusal in refusals.items():
        address = reverse("admin:invoice_act", args=[public_id, name])
        if refusal is not None:
            impossible.append(ActShown(ACT_WORDS[name], address, refusal_text(refusal)))
            continue
        main = name in ("finalise", "payment")
        possible.append(ActShown(ACT_WORDS[name], address, "", main=main, danger=name == "void"))
    return sorted(possible, key=lambda act: act.main), impossible


def period(invoice: Invoice, last: date) -> str:
    return f"{day(invoice.month)} – {day(last, year=True)}, {invoice.timezone}"
