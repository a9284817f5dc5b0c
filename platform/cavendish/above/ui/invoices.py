"""What the page of an invoice shows: how it stands as a heading, its state, its lines, sums that add up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import DateField, F, QuerySet
from django.db.models.expressions import RawSQL
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts.models import Tenant
from billing.e_invoices.document import Exchanged
from billing.e_invoices.selectors import e_invoice_lacks
from billing.errors import E_INVOICE_FIELDS
from billing.invoices.document_store import document_read
from billing.invoices.labels import BATCH, address_text, group_text, line_text, percent_text, quantity_text, rate_text
from billing.invoices.ledger_entries import today_of
from billing.invoices.payment_links import payment_url
from billing.invoices.selectors import FullInvoice, invoice_preview, line_cursor, line_generations, month_now
from billing.models import Invoice, InvoiceDocument, InvoiceLine
from billing.months import month_last
from cavendish.above.ui import formats
from cavendish.above.ui.cells import model_name
from cavendish.above.ui.formats import day, money
from cavendish.above.ui.labels import label
from cavendish.above.ui.marks import facts, named

Status = Invoice.Status
TODAY = RawSQL("(now() AT TIME ZONE billing_invoice.timezone)::date", (), output_field=DateField())
"""The day in the zone of an invoice."""
LINE_PAGE = 100
"""Jobs of a line on a page."""
STATES: list[tuple[str, Any]] = [*Status.choices, ("overdue", gettext_lazy("Overdue"))]


@dataclass(frozen=True)
class LineShown:
    """A line: what it is, quantity × unit price, exact, and in coins.

    `address` is of the page of what it is made of, empty where there is none.
    """

    number: int
    text: str
    quantity: str
    rate: str
    exact: Decimal
    amount: str
    address: str


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


def preview_shown(request: HttpRequest, tenant: Tenant) -> dict[str, Any]:
    """Returns what the page of a preview shows: of the month that `?month=2026-10` names, else of the one that runs.

    Raises Http404 for what is no month, or has not begun.
    """
    running = month_now(tenant.billing_timezone, timezone.now())
    try:
        month = date.fromisoformat(f"{text}-01") if (text := request.GET.get("month", "")) else running
    except ValueError:
        raise Http404 from None
    if month > running:
        raise Http404
    full = invoice_preview(tenant, month=month)
    total = money(full.invoice.total, full.invoice.currency, digits=full.invoice.digits)
    names = {"month": date_format(month, _("F Y")), "amount": total}
    heading = _("%(month)s so far: %(amount)s") if month == running else _("%(month)s, made now: %(amount)s")
    return {
        "full": full,
        "heading": heading % names,
        "is_running": True,
        "is_past": month < running,
        "month_value": f"{month:%Y-%m}",
        "month_most": f"{running:%Y-%m}",
    }


def invoice_state(row: Any) -> Any:
    """Returns the state of a row with `today`; a final one whose day to pay is over is overdue."""
    late = row.status == Status.FINALISED and row.due_on is not None and row.due_on < row.today
    return formats.state("overdue" if late else row.status)


def by_status(rows: QuerySet[Invoice], value: str) -> QuerySet[Invoice]:
    """Narrows rows with `today` to a state of STATES."""
    if value == "overdue":
        return rows.filter(status=Status.FINALISED, due_on__lt=F("today"))
    return rows.filter(status=value)


def groups(full: FullInvoice, *, address_of: Callable[[InvoiceLine], str]) -> list[Group]:
    """Returns the lines by model and size; `address_of` returns the page of a line, empty for none."""
    found: dict[str, list[LineShown]] = {}
    for line in full.lines:
        found.setdefault(group_label(line), []).append(_line(line, full.invoice, address_of(line)))
    return [Group(name, lines) for name, lines in found.items()]


def group_label(line: InvoiceLine) -> str:
    """Returns the heading of the lines of one model and size in the viewer's language."""
    if line.type != InvoiceLine.Type.USAGE:
        return label(group_text(line))
    return f"{model_name(line.model)} · {line.image_size}".removesuffix(" · ")


def line_label(line: InvoiceLine) -> str:
    """Returns a line in the viewer's language, without its model: "Images", "Images, batch"."""
    text = line_text(line)
    kind = text.removesuffix(BATCH)
    if line.type != InvoiceLine.Type.USAGE and line.description:
        return named(label(line.get_type_display()), line.description)
    if line.type != InvoiceLine.Type.USAGE or kind == text:
        return label(text)
    return _("%(kind)s, batch") % {"kind": label(kind)}


def _quantity(line: InvoiceLine) -> str:
    """Returns the quantity with its unit, singular for one: "8 images", "1 search"."""
    _number, _space, unit = quantity_text(line).partition(" ")
    return f"{formats.count(line.quantity)} {label(unit)}" if unit else ""


def _line(line: InvoiceLine, invoice: Invoice, address: str) -> LineShown:
    return LineShown(
        number=line.number,
        text=line_label(line),
        quantity=_quantity(line),
        rate=rate_text(line),
        exact=line.exact,
        amount=money(line.amount, digits=invoice.digits),
        address=address,
    )


def sums(full: FullInvoice) -> list[Sum]:
    """Returns net + tax = total, total = from the balance + due, due = paid + credited + left."""
    invoice, settled = full.invoice, full.settled

    def row(label: str, value: Decimal, *, minus: bool = False, strong: bool = False) -> Sum:
        return Sum(label, money(-value if minus else value, digits=invoice.digits), strong)

    lines = [row(_("Net"), invoice.net)]
    if invoice.tax_rate is not None:
        tax = invoice.tax_label or _("Tax")
        base = money(invoice.net, digits=invoice.digits)
        name = _("%(tax)s of %(base)s") % {"tax": f"{tax} {percent_text(invoice.tax_rate)}", "base": base}
        lines.append(row(name, invoice.tax))
        own = Exchanged.of(invoice.issuer, invoice.tax)
        if own is not None:
            name = _("%(tax)s in %(currency)s at %(rate)s") % {"tax": tax, "currency": own.currency, "rate": own.rate}
            lines.append(Sum(name, money(own.amount, digits=own.digits)))
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


def period(invoice: Invoice, last: date) -> str:
    return facts(f"{day(invoice.month)} – {day(last, year=True)}", invoice.timezone)


def shown(full: FullInvoice, *, address_of: Callable[[InvoiceLine], str]) -> dict[str, Any]:
    """Returns what the page of an invoice shows, for its template; `address_of` is as `groups` has it."""
    row = full.invoice
    text, is_bad = heading(full)
    return {
        "invoice": row,
        "full": full,
        "heading": text,
        "is_bad": is_bad,
        "line_groups": groups(full, address_of=address_of),
        "sums": sums(full),
        "period": period(row, month_last(row.month)),
        "rounding": row.net - row.exact,
        "lacks": [label(E_INVOICE_FIELDS[name]) for name in e_invoice_lacks(row)],
        "issuer_address": address_text(row.issuer),
        "customer_address": address_text(row.customer),
        "payment_url": payment_url(row) if full.settled.left > 0 else None,
    }


def line_jobs(line: InvoiceLine, invoice: Invoice, request: HttpRequest) -> dict[str, Any]:
    """Returns the jobs of a line after what the address says, oldest first, and what the next page is after.

    Raises Http404 for an `after` that leads to no page.
    """
    text = request.GET.get("after", "")
    after = line_cursor(text)
    if text and after is None:
        raise Http404
    jobs, cursor = line_generations(line, invoice, after=after, limit=LINE_PAGE)
    return {"invoice": invoice, "line": line, "jobs": jobs, "older": cursor or ""}


def xml_saved(document: InvoiceDocument) -> HttpResponse:
    """Returns an e-invoice that the browser saves."""
    disposition = f'attachment; filename="{document.name}"'
    headers = {"Content-Disposition": disposition}
    return HttpResponse(document_read(document), content_type="application/xml", headers=headers)


def pdf_shown(pdf: bytes, name: str) -> HttpResponse:
    """Returns a PDF that the browser shows."""
    disposition = f'inline; filename="{name}"'
    return HttpResponse(pdf, content_type="application/pdf", headers={"Content-Disposition": disposition})
