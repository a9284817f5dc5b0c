"""Shapes of payments for OpenAPI."""

from __future__ import annotations

from rest_framework import serializers as s


class PaymentNew(s.Serializer[object]):
    amount = s.CharField(help_text='A string like "12.50", at most what is left.')
    received_on = s.DateField()
    reference = s.CharField(max_length=200, help_text="Of the bank statement; it counts once for an invoice.")
