"""E-invoices, by the validators that receivers use: every category of VAT, corrections, credit notes, what lacks."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from billing.e_invoices.cii import cii
from billing.e_invoices.document import EInvoice, e_credit_note_of, e_invoice_of
from billing.e_invoices.shortcomings import shortcomings, shortcomings_of_xrechnung
from billing.e_invoices.ubl import ubl
from billing.models import CreditNote, CreditNoteLine, Invoice, InvoiceLine
from tests.billing.invoices.validation import cii_faults, ubl_faults

ISSUER = {
    "name": "Cavendish Pictures GmbH", "address": "Hauptstraße 1", "tax_id": "DE123456789",
    "email": "billing@example.com", "postal_address": {
        "line1": "Hauptstraße 1", "line2": "Hof 2", "postal_code": "10115", "city": "Berlin", "country": "DE",
    },
    "contact_name": "Ada Brandt", "phone": "+49 30 1234567", "iban": "DE89370400440532013000", "bic": "COBADEFFXXX",
}  # fmt: skip
BERLIN = {"line1": "Allee 5", "postal_code": "20095", "city": "Hamburg", "region": "Hamburg", "country": "DE"}
PARIS = {"line1": "Rue 5", "postal_code": "75001", "city": "Paris", "country": "FR"}
BOSTON = {"line1": "5 Street", "postal_code": "02101", "city": "Boston", "region": "MA", "country": "US"}
CUSTOMER = {
    "name": "北京幻想科技 & Söhne <KG>", "address": "", "postal_address": BERLIN, "tax_id": "DE987654321",
    "email": "books@example.com", "reference": "PO 7", "buyer_reference": "04011000-12345-34",
    "payment_terms_days": 14,
}  # fmt: skip


def line(number: int, amount: str, **fields: Any) -> InvoiceLine:
    fields = {
        "type": "usage",
        "model": "gemini-3.1-flash-image",
        "image_size": "1K",
        "kind": "image_output",
        "tier": "",
        "unit": "",
        **fields,
    }
    return InvoiceLine(number=number, exact=Decimal(amount), amount=Decimal(amount), **fields)


LINES = [
    line(1, "60.01", quantity=1_000_140, images=893, unit="per_1m_tokens", unit_price=Decimal("60.000000000")),
    line(2, "0.00", kind="included", quantity=4, images=4),
    line(3, "-1.23", type="refund", description="Two bad pictures\x0b", quantity=1, image_size="", kind="", model=""),
    line(4, "2.80", kind="search_query", quantity=200, image_size="", unit="per_1k_queries", unit_price=Decimal(14)),
    line(5, "1.52", quantity=8, images=8, unit="per_image", unit_price=Decimal("0.19")),
    line(6, "-0.01", kind="absorbed"),
]


def invoice(*, lines: list[InvoiceLine] = LINES, paid: str = "0", **fields: Any) -> Invoice:
    """An issued invoice that was never stored; its tax and total are as the database makes them."""
    net = sum((row.amount for row in lines), Decimal(0))
    rate = fields.setdefault("tax_rate", Decimal(19))
    tax = round(net * (rate or 0) / 100, fields.get("digits", 2))
    total = net + tax
    fields = {
        "month": date(2026, 10, 1), "timezone": "Europe/Berlin", "number": "INV-2026-000042", "currency": "EUR",
        "digits": 2, "issued_on": date(2026, 11, 1), "due_on": date(2026, 11, 15), "tax_label": "VAT", "net": net,
        "exact": net, "tax": tax, "total": total, "paid_from_balance": Decimal(paid),
        "amount_due": total - Decimal(paid), **fields,
    }  # fmt: skip
    fields["issuer"] = {**ISSUER, **fields.get("issuer", {})}
    fields["customer"] = {**CUSTOMER, **fields.get("customer", {})}
    return Invoice(**fields)


def e_invoice(**fields: Any) -> EInvoice:
    lines = fields.get("lines", LINES)
    replaces = fields.pop("replaces", None)
    return e_invoice_of(invoice(**fields), lines, replaces=replaces)


def untaxed(
    category: str, address: dict[str, str] = BERLIN, tax_id: str = "", rate: str | None = "0"
) -> dict[str, Any]:
    customer = {"tax_category": category, "postal_address": address, "tax_id": tax_id}
    return {"tax_rate": Decimal(rate) if rate else None, "customer": customer}


DOLLARS = {"currency": "EUR", "rate": "0.8612", "on": "2026-10-30", "source": "ECB"}
CASES = {
    "standard": {"tax_note": "Thank you"},
    "standard, said": {"customer": {"tax_category": "S", "postal_address": PARIS, "tax_id": ""}},
    "paid from the balance": {"paid": "75.08", "due_on": date(2026, 11, 1)},
    "in dollars, VAT in euros": {"currency": "USD", "issuer": {"tax_exchange": DOLLARS}},
    "yen": {"currency": "JPY", "digits": 0, "lines": [line(1, "6001"), line(2, "-1", type="adjustment")]},
    "in the place of a void one": {"replaces": ("INV-2026-000041", date(2026, 11, 1))},
    "seller with a tax number, buyer by its VAT id, no bank": {
        "issuer": {"tax_id": "27/123/45678", "phone": "", "contact_name": "", "iban": "", "bic": ""},
        "customer": {"email": ""},
    },
    "reverse charge": {**untaxed("AE", PARIS, "FR40303265045", None), "tax_note": "Reverse charge, Art. 196"},
    "within the EU": untaxed("K", PARIS, "FR40303265045"),
    "zero": untaxed("Z"),
    "exempt by its code": {**untaxed("E"), "customer": {"tax_category": "E", "tax_exemption_code": "VATEX-EU-132"}},
    "exempt by its note": {**untaxed("E"), "tax_note": "Kleinunternehmer, § 19 UStG"},
    "export": untaxed("G", BOSTON, "EIN 12-345", None),
    "outside of VAT": untaxed("O", BOSTON, "EIN 12-345", None),
}  # fmt: skip


@pytest.mark.parametrize("fields", CASES.values(), ids=CASES.keys())
def test_both_syntaxes_are_valid(fields: dict[str, Any]) -> None:
    document = e_invoice(**fields)
    assert (shortcomings(document), shortcomings_of_xrechnung(document)) == ([], [])
    assert cii_faults(cii(document)) == []
    faults = ubl_faults(ubl(document))
    # without a phone number XRechnung warns, and takes it
    assert [fault for fault in faults if not fault.startswith("BR-DE-27")] == []
    assert bool(faults) == (document.seller.phone == "")


def test_credit_notes_are_valid() -> None:
    issued = invoice(tax_rate=Decimal(19))
    note = CreditNote(
        number="CN-000007", reason="Of the wrong size", net=Decimal("8.77"), tax=Decimal("1.67"),
        total=Decimal("10.44"), to_due=Decimal("10.00"), to_balance=Decimal("0.44"), issued_on=date(2026, 11, 20),
        issuer=issued.issuer, customer=issued.customer,
    )  # fmt: skip
    lines = [
        CreditNoteLine(invoice_line=LINES[0], amount=Decimal("10.00")),
        CreditNoteLine(invoice_line=LINES[2], amount=Decimal("-1.23")),
    ]
    document = e_credit_note_of(note, issued, lines)
    assert (document.type_code, document.preceding) == ("381", ("INV-2026-000042", date(2026, 11, 1)))
    assert cii_faults(cii(document)) == []
    assert ubl_faults(ubl(document)) == []


def test_the_validators_find_what_is_wrong() -> None:
    """What makes the tests above mean something: a total that does not add up, a country that there is none of."""
    document = e_invoice()
    wrong = ubl(document).replace(b">75.08<", b">75.09<", 1)
    assert any(fault.startswith("BR-CO") for fault in ubl_faults(wrong))
    nowhere = cii(document).replace(b"<ram:CountryID>DE<", b"<ram:CountryID>XX<", 1)
    assert cii_faults(nowhere) != []
    unled = ubl(e_invoice(customer={"buyer_reference": "", "reference": ""}))
    assert any(fault.startswith("BR-DE-15") for fault in ubl_faults(unled))


@pytest.mark.parametrize(
    ("fields", "core", "more"),
    [
        ({"issuer": {"postal_address": {}}}, ["issuer.postal_address"], []),
        ({"customer": {"postal_address": {}}}, ["customer.postal_address"], []),
        ({"issuer": {"tax_id": " "}, "customer": {"email": "", "tax_id": ""}}, [], ["customer.emails"]),
        ({"tax_rate": None}, ["customer.tax_category"], []),
        (untaxed("AE", PARIS), ["customer.tax_id"], []),
        (untaxed("E"), ["customer.tax_exemption_code"], []),
        ({"currency": "KWD", "digits": 3}, ["currency"], []),
        ({"issuer": {"email": ""}}, [], ["issuer.email"]),
        ({"customer": {"buyer_reference": "", "reference": ""}}, [], ["customer.buyer_reference"]),
        ({"customer": {"postal_address": {"line1": "x", "city": "y", "country": "DE"}}}, [],
         ["customer.postal_address.postal_code"]),
    ],
)  # fmt: skip
def test_what_lacks_is_named(fields: dict[str, Any], core: list[str], more: list[str]) -> None:
    document = e_invoice(**fields)
    assert shortcomings(document) == core
    assert shortcomings_of_xrechnung(document) == core + more
