"""Shapes of plans and their terms for OpenAPI. They describe what `api` writes."""

from __future__ import annotations

from rest_framework import serializers as s

from billing.models import Budget
from billing.prices.schema import VolumeDiscount
from cavendish.http.schema import Page
from cavendish.http.shapes import QUANTITY, Shaped


class DefaultBudget(s.Serializer[object]):
    """A budget that each tenant of the plan gets."""

    period = s.ChoiceField(choices=Budget.Period.choices)
    metric = s.ChoiceField(choices=Budget.Metric.choices)
    limit = Shaped(QUANTITY)
    hard = s.BooleanField(required=False)
    alerts = s.ListField(child=s.IntegerField(), required=False)
    livemode = s.BooleanField(required=False)


class Dunning(s.Serializer[object]):
    """What is done about invoices that are not paid in time."""

    remind_after_days = s.ListField(child=s.IntegerField(), help_text="Days after the due date, each a mail.")
    suspend_after_days = s.IntegerField(
        allow_null=True, help_text="Days after the due date from which live keys make nothing new; null: never."
    )


class Terms(s.Serializer[object]):
    effective_from = s.DateTimeField()
    markup_percent = s.CharField()
    included_images = s.IntegerField(help_text="Pictures a month that cost nothing.")
    included_credit = s.CharField(help_text="Credit a month, which expires with it.")
    base_fee = s.CharField(help_text="A month; by days where the plan begins or changes within one.")
    minimum_commitment = s.CharField(help_text="What base fee and usage of a month come to at least.")
    volume_discounts = VolumeDiscount(many=True)
    allowed_models = s.ListField(child=s.CharField(), allow_null=True)
    default_budgets = DefaultBudget(many=True)
    dunning = Dunning()
    actor = s.CharField()
    created_at = s.DateTimeField()


class Plan(s.Serializer[object]):
    id = s.CharField()
    object = s.CharField()
    slug = s.CharField()
    name = s.CharField()
    currency = s.CharField()
    archived = s.BooleanField()
    created_at = s.DateTimeField()
    terms = Terms(allow_null=True, help_text="Those that apply now.")


class PlanPage(Page):
    data = Plan(many=True)


class TermsPage(Page):
    data = Terms(many=True)
