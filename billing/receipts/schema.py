"""Shapes of receipts for OpenAPI."""

from __future__ import annotations

from rest_framework import serializers as s

from billing.parties.schema import PostalAddress
from cavendish.http.schema import Page


class ReceiptParty(s.Serializer[object]):
    name = s.CharField()
    address = s.CharField()
    postal_address = PostalAddress(allow_null=True)
    tax_id = s.CharField()
    email = s.CharField()


class Receipt(s.Serializer[object]):
    """Says that a top-up came in. It is no invoice and has no tax. Every field is always present."""

    id = s.CharField()
    object = s.CharField()
    tenant_id = s.CharField()
    number = s.CharField()
    issued_on = s.DateField()
    received_at = s.DateTimeField()
    amount = s.CharField()
    currency = s.CharField()
    reference = s.CharField(allow_null=True)
    ledger_transaction_id = s.CharField(help_text="The top-up.")
    issuer = ReceiptParty()
    customer = ReceiptParty()
    pdf_url = s.CharField()


class ReceiptPage(Page):
    data = Receipt(many=True)
