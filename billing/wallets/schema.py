"""Shapes of wallets, ledger, subscriptions and flagged charges for OpenAPI."""

from __future__ import annotations

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers as s

from billing.models import LedgerTransaction
from cavendish.http.schema import CREATED, Page


class Credit(s.Serializer[object]):
    """Money given; spent before paid money, the soonest to expire first."""

    id = s.CharField()
    object = s.CharField()
    source = s.ChoiceField(choices=["grant", "plan"])
    amount = s.CharField()
    remaining = s.CharField()
    currency = s.CharField()
    expires_at = s.DateTimeField(allow_null=True)
    created_at = s.DateTimeField()


class IncludedImages(s.Serializer[object]):
    """Pictures that the plan includes in this month of the tenant's time zone."""

    included = s.IntegerField()
    used = s.IntegerField()
    held = s.IntegerField()
    left = s.IntegerField()
    starts_at = s.DateTimeField()
    resets_at = s.DateTimeField()


class Wallet(s.Serializer[object]):
    object = s.CharField()
    livemode = s.BooleanField()
    currency = s.CharField()
    balance = s.CharField(help_text="Paid money and credits.")
    held = s.CharField(help_text="The worst case of generations that have not ended.")
    credit_limit = s.CharField(help_text="How far the balance may fall below zero.")
    tax_kept = s.CharField(
        help_text="Kept back for tax of what is held, or used and on no invoice yet; 0 with a credit limit."
    )
    available = s.CharField(help_text="What can still be held: balance + credit_limit - held - tax_kept.")
    low_balance_threshold = s.CharField(allow_null=True, help_text="Below it people get a mail, once.")
    credits = Credit(many=True, help_text="Those with something left, in the order in which they are spent.")
    included_images = IncludedImages(allow_null=True)


class LedgerEntry(s.Serializer[object]):
    """A movement of the wallet."""

    transaction_id = s.CharField()
    object = s.CharField()
    kind = s.ChoiceField(choices=LedgerTransaction.Kind.choices)
    amount = s.CharField(help_text="Positive comes in, negative goes out.")
    currency = s.CharField()
    credit_id = s.CharField(allow_null=True, help_text="The credit that is given, spent or taken away.")
    generation_id = s.CharField(allow_null=True)
    reason = s.CharField()
    created_at = s.DateTimeField()


class LedgerPage(Page):
    data = LedgerEntry(many=True)


class OperatorLedgerEntry(LedgerEntry):
    livemode = s.BooleanField()
    actor = s.CharField(help_text="Who caused it.")


class OperatorLedgerPage(Page):
    data = OperatorLedgerEntry(many=True)


class Entry(s.Serializer[object]):
    account = s.CharField()
    amount = s.CharField()
    currency = s.CharField()
    credit_id = s.CharField(allow_null=True)


class LedgerTransactionShape(s.Serializer[object]):
    """A balanced movement of money; its entries sum to zero."""

    id = s.CharField()
    object = s.CharField()
    tenant_id = s.CharField()
    livemode = s.BooleanField()
    kind = s.ChoiceField(choices=LedgerTransaction.Kind.choices)
    generation_id = s.CharField(allow_null=True)
    reason = s.CharField()
    reference = s.CharField(allow_null=True, help_text="Of the bank or the receipt; a top-up's, where it has one.")
    reverses = s.CharField(allow_null=True, help_text="The top-up that a reversal takes back.")
    actor = s.CharField()
    created_at = s.DateTimeField()
    entries = Entry(many=True)


ENTRIES = [
    OpenApiParameter("kind", OpenApiTypes.STR, enum=list(LedgerTransaction.Kind.values)),
    OpenApiParameter("generation_id", OpenApiTypes.STR, description="Those of a generation's charge."),
    OpenApiParameter("from", OpenApiTypes.STR, description="A date of the tenant's time zone, or a time."),
    OpenApiParameter("to", OpenApiTypes.STR, description="Exclusive."),
    *CREATED,
]
TENANT = OpenApiParameter("tenant_id", OpenApiTypes.STR)
FLAG = OpenApiParameter("flag", OpenApiTypes.STR, description="For example unknown_kind.")
RESOLVED = OpenApiParameter(
    "resolved", OpenApiTypes.STR, enum=["false", "true", "all"], description="false when absent."
)
