"""Shapes of credit notes for OpenAPI."""

from __future__ import annotations

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers as s

from billing.invoices.schema import COINS
from cavendish.http.schema import Page


class CreditNoteLine(s.Serializer[object]):
    number = s.IntegerField(help_text="The invoice's line.")
    description = s.CharField()
    amount = s.CharField(help_text=COINS)


class CreditNote(s.Serializer[object]):
    """Every field is always present. `net + tax = total = taken_off_due + added_to_balance`."""

    id = s.CharField()
    object = s.CharField()
    tenant_id = s.CharField()
    number = s.CharField()
    invoice_id = s.CharField()
    invoice_number = s.CharField()
    reason = s.CharField()
    currency = s.CharField()
    issued_on = s.DateField()
    lines = CreditNoteLine(many=True)
    net = s.CharField(help_text=COINS)
    tax = s.CharField(help_text=COINS)
    total = s.CharField(help_text=COINS)
    taken_off_due = s.CharField(help_text=COINS)
    added_to_balance = s.CharField(help_text=COINS)
    pdf_url = s.CharField()
    xml_url = s.CharField(help_text="The e-invoice; 409 where it lacks something.")


class CreditNotePage(Page):
    data = CreditNote(many=True)


class CreditLine(s.Serializer[object]):
    number = s.IntegerField()
    amount = s.CharField(help_text="Before tax, at most what is left of the line.")


class CreditNoteNew(s.Serializer[object]):
    reason = s.CharField(max_length=300)
    lines = CreditLine(many=True, required=False, help_text="Without it all that is left is credited.")


INVOICE = OpenApiParameter("invoice_id", OpenApiTypes.STR, description="Those of an invoice.")
