from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin

from accounts.actor import Actor
from billing.admin_base import FormAdmin, ServiceForm, TenantField
from billing.models import Plan, Subscription
from billing.subscriptions.services import subscription_change


class SubscriptionForm(ServiceForm):
    title = "Move a tenant to a plan"

    tenant = TenantField(help_text="Its slug.")
    plan = forms.ModelChoiceField(Plan.objects.none())

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        plans: Any = self.fields["plan"]
        plans.queryset = Plan.objects.filter(archived_at=None).order_by("name")

    def save(self, actor: Actor) -> str:
        values = self.cleaned_data
        subscription = subscription_change(tenant=values["tenant"], plan=values["plan"], actor=actor)
        return f"{values['tenant']} is on {subscription.plan} from {subscription.starts_at:%Y-%m-%d %H:%M} UTC on."


@admin.register(Subscription)
class SubscriptionAdmin(FormAdmin):
    form_class = SubscriptionForm
    list_display = ("tenant", "plan", "starts_at", "begun_at", "actor")
    list_filter = ("plan",)
    list_select_related = ("tenant", "plan")
    search_fields = ("tenant__slug",)
