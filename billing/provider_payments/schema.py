"""Shapes of payments through a provider for OpenAPI."""

from __future__ import annotations

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers as s

from billing.models import ProviderEvent as EventRow
from billing.models import ProviderPayment as Row
from cavendish.http.schema import Page

STATUSES = ["pending", "requires_action", "succeeded", "failed"]


class PaymentFailure(s.Serializer[object]):
    code = s.CharField(help_text="The provider's, for example insufficient_funds or expired_card.")
    message = s.CharField()


class TopUp(s.Serializer[object]):
    """Money for the live wallet through the payment provider. The wallet has it once it has succeeded."""

    id = s.CharField()
    object = s.CharField()
    status = s.ChoiceField(choices=STATUSES)
    automatic = s.BooleanField()
    amount = s.CharField()
    currency = s.CharField()
    payment_method_id = s.CharField(allow_null=True, help_text="null: chosen on the provider's page.")
    hosted_url = s.CharField(allow_null=True, help_text="Where the payer goes while it requires action.")
    failure = PaymentFailure(allow_null=True)
    taken_back = s.CharField(help_text="What the provider refunded, or a dispute took.")
    dispute = s.CharField(allow_null=True, help_text="The provider's word for its state.")
    ledger_transaction_id = s.CharField(allow_null=True, help_text="The movement of the wallet.")
    created_at = s.DateTimeField()
    ended_at = s.DateTimeField(allow_null=True)


class TopUpPage(Page):
    data = TopUp(many=True)


class MoneyThatCame(s.Serializer[object]):
    amount = s.CharField()
    currency = s.CharField()


class PaymentProblem(s.Serializer[object]):
    """Why what the provider says of a payment cannot be booked."""

    code = s.CharField(help_text="other_currency, internal, or what the books refuse, for example balance_too_large.")
    message = s.CharField()
    since = s.DateTimeField()
    came = MoneyThatCame(allow_null=True, help_text="What came and is not booked.")


class SetAside(s.Serializer[object]):
    """An operator's decision that nothing is left to do."""

    at = s.DateTimeField()
    by = s.CharField()
    note = s.CharField()


class ProviderPayment(s.Serializer[object]):
    """What was asked for at the payment provider, as operators see it."""

    id = s.CharField()
    object = s.CharField()
    status = s.ChoiceField(choices=STATUSES)
    purpose = s.ChoiceField(choices=Row.Purpose.choices)
    invoice_id = s.CharField(allow_null=True)
    amount = s.CharField()
    received = s.CharField()
    currency = s.CharField()
    provider = s.CharField()
    reference = s.CharField(allow_null=True, help_text="The provider's id.")
    payment_method_id = s.CharField(allow_null=True)
    hosted_url = s.CharField(allow_null=True)
    failure = PaymentFailure(allow_null=True)
    taken_back = s.CharField()
    reversed = s.CharField(help_text="How much of what was taken back the ledger has; the rest is owed.")
    waived = s.CharField(help_text="How much of what was taken back an operator decided not to take.")
    problem = PaymentProblem(allow_null=True)
    set_aside = SetAside(allow_null=True)
    dispute = s.CharField(allow_null=True)
    ledger_transaction_id = s.CharField(allow_null=True)
    actor = s.CharField()
    created_at = s.DateTimeField()
    ended_at = s.DateTimeField(allow_null=True)


class ProviderPaymentPage(Page):
    data = ProviderPayment(many=True)


class ProviderEvent(s.Serializer[object]):
    """What the payment provider told: a hint that something of its has changed."""

    id = s.CharField(help_text="The provider's.")
    object = s.CharField()
    provider = s.CharField()
    type = s.CharField()
    reference = s.CharField(allow_null=True, help_text="The provider's id of what it is about.")
    tenant_id = s.CharField(allow_null=True)
    state = s.ChoiceField(choices=EventRow.State.choices)
    tries = s.IntegerField()
    error = PaymentFailure(allow_null=True)
    next_try_at = s.DateTimeField(allow_null=True)
    set_aside = SetAside(allow_null=True)
    happened_at = s.DateTimeField()
    received_at = s.DateTimeField()


class ProviderEventPage(Page):
    data = ProviderEvent(many=True)


STATUS = OpenApiParameter("status", OpenApiTypes.STR, enum=STATUSES)
