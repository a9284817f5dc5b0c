"""What an e-invoice says: the semantic model of EN 16931, as far as this platform has something to say.

Everything comes from the rows as they were issued and nothing is computed but what a row implies, so the same invoice
says the same for ever. Numbers like BT-10 are the standard's names of its terms.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from billing.countries import VAT_PREFIXES
from billing.currencies import minor_units
from billing.e_invoices.lines import Line, credited_lines, invoiced_lines
from billing.fields import decimal_text
from billing.models import CreditNote, CreditNoteLine, Invoice, InvoiceLine, TaxCategory
from billing.money import ZERO, minor_amount
from billing.months import month_last

INVOICE, CORRECTED, CREDIT = "380", "384", "381"
SEPA, TRANSFER, OTHER = "58", "30", "1"
"""How money comes (UNCL 4461): by SEPA transfer, by another transfer, or as both have agreed."""

# By which a party is reached when it has no address of mail: the scheme of its VAT number (EAS), by country.
_VAT_SCHEMES = {
    "AT": "9914", "BE": "9925", "BG": "9926", "CH": "9927", "CY": "9928", "CZ": "9929", "DE": "9930", "EE": "9931",
    "EL": "9933", "ES": "9920", "FR": "9957", "GB": "9932", "HR": "9934", "HU": "9910", "IE": "9935", "IT": "9906",
    "LI": "9936", "LT": "9937", "LU": "9938", "LV": "9939", "MT": "9943", "NL": "9944", "PL": "9945", "PT": "9946",
    "RO": "9947", "SE": "9955", "SI": "9949", "SK": "9950",
}  # fmt: skip
# Why no VAT is due where the category itself says it; what is exempt (E) needs a reason of its own.
_REASONS: dict[str, tuple[str, str]] = {
    TaxCategory.REVERSE_CHARGE: ("VATEX-EU-AE", "Reverse charge"),
    TaxCategory.WITHIN_EU: ("VATEX-EU-IC", "Intra-Community supply"),
    TaxCategory.EXPORT: ("VATEX-EU-G", "Export outside the EU"),
    TaxCategory.OUTSIDE: ("VATEX-EU-O", "Not subject to VAT"),
}


@dataclass(frozen=True)
class Party:
    """A side of an invoice. `vat_id` begins with a country; a tax number that is none is `tax_number`."""

    name: str
    postal_address: Mapping[str, str]
    tax_id: str
    email: str
    contact_name: str = ""
    phone: str = ""

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Party:
        names = ("name", "tax_id", "email", "contact_name", "phone")
        texts = {name: str(values.get(name) or "") for name in names}
        return cls(postal_address=values.get("postal_address") or {}, **texts)

    @property
    def country(self) -> str:
        return self.postal_address.get("country", "")

    @property
    def vat_id(self) -> str:
        text = "".join(char for char in self.tax_id.upper() if char.isalnum() or char in "+*")
        return text if text[:2] in VAT_PREFIXES and 4 <= len(text) <= 15 else ""

    @property
    def tax_number(self) -> str:
        return "" if self.vat_id else self.tax_id.strip()

    @property
    def endpoint(self) -> tuple[str, str] | None:
        """Returns the electronic address (BT-34, BT-49) and its scheme; None where there is none."""
        if self.email:
            return self.email, "EM"
        scheme = _VAT_SCHEMES.get(self.vat_id[:2])
        return (self.vat_id, scheme) if scheme else None


@dataclass(frozen=True)
class Exchanged:
    """The VAT in the currency in which the seller owes it (BT-6, BT-111), by the rate that the invoice keeps."""

    currency: str
    amount: Decimal
    digits: int
    rate: Decimal
    on: str
    source: str

    @classmethod
    def of(cls, issuer: Mapping[str, Any], tax: Decimal) -> Exchanged | None:
        kept = issuer.get("tax_exchange")
        if not kept:
            return None
        digits, rate = minor_units(kept["currency"]), Decimal(decimal_text(Decimal(kept["rate"])))
        return cls(kept["currency"], minor_amount(tax * rate, digits), digits, rate, kept["on"], kept["source"])


@dataclass(frozen=True)
class EInvoice:
    """An invoice or a credit note. `preceding` is the number and day of the one that it corrects."""

    type_code: str
    number: str
    issued_on: date
    due_on: date | None
    terms: str
    currency: str
    digits: int
    starts_on: date
    ends_on: date
    seller: Party
    buyer: Party
    buyer_reference: str
    order_reference: str
    preceding: tuple[str, date] | None
    notes: Sequence[str]
    lines: Sequence[Line]
    category: str
    rate: Decimal
    exemption_code: str
    exemption_reason: str
    net: Decimal
    tax: Decimal
    total: Decimal
    prepaid: Decimal
    due: Decimal
    exchanged: Exchanged | None
    iban: str
    bic: str

    @property
    def is_credit_note(self) -> bool:
        return self.type_code == CREDIT

    @property
    def has_rate(self) -> bool:
        """What lies outside of VAT has no rate, not even zero."""
        return self.category != TaxCategory.OUTSIDE

    @property
    def means(self) -> str:
        if not self.iban:
            return OTHER
        return SEPA if self.currency == "EUR" else TRANSFER


def e_invoice_of(invoice: Invoice, lines: Sequence[InvoiceLine], *, replaces: tuple[str, date] | None) -> EInvoice:
    """Returns what an invoice says, a draft what it would say. `replaces`: number and day of the void one before it."""
    days = invoice.customer.get("payment_terms_days")
    return EInvoice(
        type_code=CORRECTED if replaces else INVOICE,
        number=invoice.number or "draft",
        issued_on=invoice.issued_on or month_last(invoice.month),
        due_on=invoice.due_on,
        terms=f"{days} days net" if days else "Due at once",
        preceding=replaces,
        notes=[],
        lines=invoiced_lines(lines, invoice.digits),
        net=invoice.net,
        tax=invoice.tax,
        total=invoice.total,
        prepaid=invoice.paid_from_balance,
        due=invoice.amount_due,
        exchanged=Exchanged.of(invoice.issuer, invoice.tax),
        **_common(invoice, invoice),
    )


def e_credit_note_of(note: CreditNote, invoice: Invoice, lines: Sequence[CreditNoteLine]) -> EInvoice:
    """Returns what a credit note says; what went back into the balance is there already, so it is not due."""
    assert invoice.number is not None
    assert invoice.issued_on is not None
    return EInvoice(
        type_code=CREDIT,
        number=note.number,
        issued_on=note.issued_on,
        due_on=None,
        terms="",
        preceding=(invoice.number, invoice.issued_on),
        notes=[note.reason],
        lines=credited_lines(lines),
        net=note.net,
        tax=note.tax,
        total=note.total,
        prepaid=note.to_balance,
        due=note.to_due,
        exchanged=Exchanged.of(note.issuer, note.tax),
        **_common(note, invoice),
    )


def _common(document: Invoice | CreditNote, invoice: Invoice) -> dict[str, Any]:
    issuer, customer = document.issuer, document.customer
    rate = invoice.tax_rate or ZERO
    category = customer.get("tax_category") or (TaxCategory.STANDARD.value if rate else "")
    code, reason = _REASONS.get(category, ("", ""))
    if category in {TaxCategory.STANDARD, TaxCategory.ZERO, ""}:
        own_code, own_reason = "", ""
    else:
        own_code, own_reason = customer.get("tax_exemption_code") or code, invoice.tax_note or reason
    return {
        "currency": invoice.currency,
        "digits": invoice.digits,
        "starts_on": invoice.month,
        "ends_on": month_last(invoice.month),
        "seller": Party.of(issuer),
        "buyer": Party.of(customer),
        "buyer_reference": customer.get("buyer_reference") or customer.get("reference") or "",
        "order_reference": customer.get("reference") or "",
        "category": category,
        "rate": rate,
        "exemption_code": own_code,
        "exemption_reason": own_reason,
        "iban": issuer.get("iban") or "",
        "bic": issuer.get("bic") or "",
    }
