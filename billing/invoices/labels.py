"""Invoices in words and figures, as people read them: on the PDF, in mails, in the admin. English, ISO codes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from billing.models import Invoice, InvoiceLine, Kind, Tier, Unit
from billing.money import price_text
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
BATCH = ", batch"
CREDITS = {"grant": "Paid by credits", "plan": "Paid by the plan's credit"}
TOKENS, SEARCHES, IMAGES = ("token", "tokens"), ("search", "searches"), ("image", "images")
# (what a quantity counts, one and several; what the unit price is for)
UNITS = {Unit.TOKENS: (TOKENS, "1M"), Unit.QUERIES: (SEARCHES, "1k"), Unit.IMAGE: (IMAGES, "")}
# what has no unit price, and lines from before unit prices were kept
COUNTS = {"included": IMAGES, "absorbed": None, Kind.SEARCH_QUERY: SEARCHES}


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
        text = str(KINDS.get(line.kind, line.kind.replace("_", " ").capitalize()))
        return text + BATCH if line.tier == Tier.BATCH else text
    if line.type == InvoiceLine.Type.CREDIT:
        return CREDITS.get(line.kind, "Paid by credits")
    return f"{InvoiceLine.Type(line.type).label}: {line.description}" if line.description else line.get_type_display()


def group_text(line: InvoiceLine) -> str:
    """Returns the heading of the lines of one model and size."""
    if line.type in InvoiceLine.FEES:
        return "Plan"
    if line.type != InvoiceLine.Type.USAGE:
        return "Credits and corrections"
    return f"{line.model} · {line.image_size}" if line.image_size else line.model


def quantity_text(line: InvoiceLine) -> str:
    """Returns how much of it there was: "8 images", "1 search", "31 tokens"; empty where nothing is counted."""
    if line.type != InvoiceLine.Type.USAGE:
        return ""
    names = UNITS[Unit(line.unit)][0] if line.unit else COUNTS.get(line.kind, TOKENS)
    return f"{count(line.quantity)} {names[line.quantity != 1]}" if names else ""


def rate_text(line: InvoiceLine) -> str:
    """Returns the price by which the quantity is multiplied: "× 0.19", "× 60.00 / 1M"; empty without one."""
    if line.unit_price is None:
        return ""
    _names, size = UNITS[Unit(line.unit)]
    units, _, places = price_text(line.unit_price).partition(".")
    return f"× {int(units):,}.{places}{f' / {size}' if size else ''}"


def percent_text(rate: Decimal) -> str:
    text = f"{rate:f}"
    return f"{text.rstrip('0').rstrip('.')} %" if "." in text else f"{text} %"


def terms_text(invoice: Invoice) -> str:
    """Returns until when an invoice is to be paid, counted from its day: "14 days net"."""
    days = (invoice.due_on - invoice.issued_on).days if invoice.due_on and invoice.issued_on else 0
    return "Due at once" if not days else "1 day net" if days == 1 else f"{days} days net"


def address_text(party: Mapping[str, Any]) -> str:
    """Returns an address with its lines: as somebody wrote it, else out of its parts."""
    parts = party.get("postal_address") or {}
    if party.get("address") or not parts:
        return str(party.get("address") or "")
    city = " ".join(filter(None, (parts.get("postal_code"), parts.get("city"))))
    region = parts.get("region") if parts.get("region") != parts.get("city") else ""
    lines = (parts.get("line1"), parts.get("line2"), city, region, parts.get("country"))
    return "\n".join(line for line in lines if line)


def iban_text(iban: str) -> str:
    """Returns an IBAN as people write it, in groups of four."""
    return " ".join(iban[place : place + 4] for place in range(0, len(iban), 4))
