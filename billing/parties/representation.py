"""Billing profiles and legal entities as the API shows them."""

from __future__ import annotations

from typing import Any

from billing.models import BillingProfile, LegalEntity
from billing.money import price_text
from cavendish.db import ids
from cavendish.http.times import moment


def profile_json(profile: BillingProfile) -> dict[str, Any]:
    return {
        "object": "billing_profile",
        "tenant_id": ids.encode(ids.TENANT, profile.tenant_id),
        "name": profile.name,
        "address": profile.address,
        "postal_address": profile.postal_address or None,
        "tax_id": profile.tax_id,
        "reference": profile.reference,
        "buyer_reference": profile.buyer_reference,
        "emails": list(profile.emails),
        "legal_entity_id": ids.encode(ids.LEGAL_ENTITY, profile.legal_entity_id) if profile.legal_entity_id else None,
        "tax_rate": price_text(profile.tax_rate) if profile.tax_rate is not None else None,
        "tax_label": profile.tax_label,
        "tax_note": profile.tax_note,
        "tax_category": profile.tax_category,
        "tax_exemption_code": profile.tax_exemption_code,
        "payment_terms_days": profile.payment_terms_days,
        "send_by_email": profile.send_by_email,
        "invoiced": profile.invoiced,
        "dunning_paused_until": profile.dunning_paused_until.isoformat() if profile.dunning_paused_until else None,
    }


def legal_entity_json(entity: LegalEntity) -> dict[str, Any]:
    return {
        "id": ids.encode(ids.LEGAL_ENTITY, entity.id),
        "object": "legal_entity",
        "name": entity.name,
        "address": entity.address,
        "postal_address": entity.postal_address or None,
        "tax_id": entity.tax_id,
        "email": entity.email,
        "contact_name": entity.contact_name,
        "phone": entity.phone,
        "currency": entity.currency,
        "tax_currency": entity.tax_currency,
        "iban": entity.iban,
        "bic": entity.bic,
        "bank_details": entity.bank_details,
        "footer": entity.footer,
        "has_logo": bool(entity.logo),
        "invoice_prefix": entity.invoice_prefix,
        "credit_note_prefix": entity.credit_note_prefix,
        "receipt_prefix": entity.receipt_prefix,
        "number_digits": entity.number_digits,
        "timezone": entity.timezone,
        "numbers_restart": entity.numbers_restart,
        "keeps_tax_back": entity.keeps_tax_back,
        "receipts": entity.receipts_from is not None,
        "is_default": entity.is_default,
        "invoices_issued": entity.invoices_issued,
        "credit_notes_issued": entity.credit_notes_issued,
        "receipts_issued": entity.receipts_issued,
        "created_at": moment(entity.created_at),
    }
