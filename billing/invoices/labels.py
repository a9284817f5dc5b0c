"""Invoices in words and figures, as people read them: on the PDF, in mails, in the admin. English, ISO codes."""

from __future__ import annotations

from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from billing.models import Invoice, InvoiceLine, Kind
from billing.months import month_last

KINDS = {
    **dict(Kind.choices),
    Kind.TEXT_INPUT: "Text input",
    Kind.IMAGE_INPUT: "Image input",
    Kind.VIDEO_INPUT: "Video input",
    Kind.CACHED_INPUT: "Cached input",
    Kind.TEXT_OUTPUT: "Text output",
    Kind.THOUGHT_OUTPUT: "Thoughts",
    Kind.IMAGE_OUTPUT: "Images",
    Kind.SEARCH_QUERY: "Searches",
    "included": "Included in the plan",
    "absorbed": "Beyond the quoted maximum, not charged",
}
CREDITS = {"grant": "Paid by credits", "plan": "Paid by the plan's credit"}
# (what a quantity counts, how many of them the rate is for, how that is written)
TOKENS = ("tokens", 1_000_000, "1M")
COUNTS = {
    Kind.SEARCH_QUERY: ("searches", 1_000, "1k"),
    "included": ("images", 1, "image"),
    "absorbed": ("", 0, ""),
}


def date_text(day: date) -> str:
    return f"{day.day} {day:%B %Y}"


def period_text(invoice: Invoice) -> str:
    last = month_last(invoice.month)
    return f"1 – {last.day} {invoice.month:%B %Y}"


def figure(amount: Decimal, digits: int) -> str:
    """Returns an amount in coins with thousands apart and a real minus: "1,234.50", "−3"."""
    return f"{amount:,.{digits}f}".replace("-", "−")


def count(quantity: int) -> str:
    return f"{quantity:,}".replace("-", "−")


def line_text(line: InvoiceLine) -> str:
    """Returns a line in words, without its model: "Images", "Refund: two bad pictures"."""
    if line.type == InvoiceLine.Type.USAGE:
        return KINDS.get(line.kind, line.kind.replace("_", " ").capitalize())
    if line.type == InvoiceLine.Type.CREDIT:
        return CREDITS.get(line.kind, "Paid by credits")
    return f"{InvoiceLine.Type(line.type).label}: {line.description}" if line.description else line.get_type_display()


def group_text(line: InvoiceLine) -> str:
    """Returns the heading of the lines of one model and size."""
    if line.type != InvoiceLine.Type.USAGE:
        return "Credits and corrections"
    return f"{line.model} · {line.image_size}" if line.image_size else line.model


def quantity_text(line: InvoiceLine) -> str:
    if line.type != InvoiceLine.Type.USAGE:
        return ""
    name, _, _ = COUNTS.get(line.kind, TOKENS)
    return f"{count(line.quantity)} {name}" if name else ""


def rate_text(line: InvoiceLine) -> str:
    """Returns what a unit cost on average over the month, in which prices may change; at most four places."""
    _, size, name = COUNTS.get(line.kind, TOKENS)
    if line.type != InvoiceLine.Type.USAGE or not size or not line.quantity:
        return ""
    rate = (abs(line.exact) * size / abs(line.quantity)).quantize(Decimal("0.0001"), rounding=ROUND_HALF_UP)
    text = f"{rate:,f}".rstrip("0")
    units, _, places = text.partition(".")
    return f"{units}.{places.ljust(2, '0')} / {name}"


def percent_text(rate: Decimal) -> str:
    text = f"{rate:f}"
    return f"{text.rstrip('0').rstrip('.')} %" if "." in text else f"{text} %"
