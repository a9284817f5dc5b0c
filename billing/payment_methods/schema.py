"""Shapes of payment methods for OpenAPI."""

from __future__ import annotations

from rest_framework import serializers as s

from cavendish.http.schema import Page


class PaymentMethod(s.Serializer[object]):
    """A card or a bank account that the provider keeps. Its numbers never pass through this platform."""

    id = s.CharField()
    object = s.CharField()
    type = s.CharField(help_text="The provider's word: card, sepa_debit, us_bank_account and so on.")
    brand = s.CharField(allow_null=True)
    last4 = s.CharField(allow_null=True)
    exp_month = s.IntegerField(allow_null=True)
    exp_year = s.IntegerField(allow_null=True)
    default = s.BooleanField(help_text="By it money is collected: automatic top-ups, invoices.")
    created_at = s.DateTimeField()


class PaymentMethodPage(Page):
    data = PaymentMethod(many=True)


class HostedPage(s.Serializer[object]):
    """A page of the provider's, good for a short time."""

    object = s.CharField()
    url = s.CharField()
