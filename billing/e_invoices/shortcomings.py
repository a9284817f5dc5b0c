"""What an e-invoice lacks: each field by its name, so that the one who can fill it in knows what to do."""

from __future__ import annotations

from billing.e_invoices.document import EInvoice, Party
from billing.models import TaxCategory

MOST_DIGITS = 2
"""EN 16931 knows no smaller coins than hundredths (BR-DEC-…)."""
_WITH_NUMBER = {TaxCategory.REVERSE_CHARGE, TaxCategory.WITHIN_EU}


def shortcomings(document: EInvoice) -> list[str]:
    """Returns what the core of EN 16931 demands and this lacks, which keeps it out of the PDF as well."""
    seller, buyer = document.seller, document.buyer
    lacks = [
        *(["issuer.postal_address"] if not seller.country else []),
        *(["customer.postal_address"] if not buyer.country else []),
        *(["issuer.tax_id"] if not seller.tax_id else []),
        *(["customer.tax_category"] if not document.category else []),
    ]
    if document.category in _WITH_NUMBER:
        lacks += [*(["issuer.tax_id"] if not seller.vat_id else []), *(["customer.tax_id"] if not buyer.vat_id else [])]
    if document.category == TaxCategory.EXEMPT and not (document.exemption_code or document.exemption_reason):
        lacks.append("customer.tax_exemption_code")
    if document.digits > MOST_DIGITS:
        lacks.append("currency")
    return list(dict.fromkeys(lacks))


def shortcomings_of_xrechnung(document: EInvoice) -> list[str]:
    """Returns what XRechnung demands and this lacks: all of the core, and by whom and where both can be reached."""
    lacks = [
        *shortcomings(document),
        *_address(document.seller, "issuer"),
        *_address(document.buyer, "customer"),
        *(["issuer.email"] if not document.seller.email else []),
        *(["customer.emails"] if not document.buyer.endpoint else []),
        *(["customer.buyer_reference"] if not document.buyer_reference else []),
    ]
    return list(dict.fromkeys(lacks))


def _address(party: Party, side: str) -> list[str]:
    if not party.country:
        return []
    return [f"{side}.postal_address.{part}" for part in ("postal_code", "city") if not party.postal_address.get(part)]
