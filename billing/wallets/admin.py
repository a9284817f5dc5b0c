from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin

from accounts.actor import Actor
from accounts.admin_base import ReadOnly
from accounts.models import Tenant
from billing.admin_base import AmountField, FormAdmin, ServiceForm, TenantField
from billing.credits.services import credit_grant
from billing.models import Allowance, LedgerTransaction
from billing.wallets.services import wallet_adjust, wallet_top_up


class MoneyForm(ServiceForm):
    title = "Move money"

    tenant = TenantField(help_text="Its slug.")
    movement = forms.ChoiceField(
        choices=[
            ("top_up", "Top-up: money that was paid in"),
            ("credit", "Credit: money given, spent first"),
            ("adjustment", "Adjustment: gives, or takes when negative"),
        ]
    )
    amount = AmountField(negative=True)
    expires_at = forms.DateTimeField(required=False, help_text="Of a credit, UTC; empty is never.")
    reason = forms.CharField(max_length=300)

    def save(self, actor: Actor) -> str:
        values = self.cleaned_data
        tenant: Tenant = values["tenant"]
        movement: dict[str, Any] = {"tenant_id": tenant.id, "amount": values["amount"], "reason": values["reason"]}
        match values["movement"]:
            case "top_up":
                wallet_top_up(**movement, actor=actor)
            case "credit":
                credit_grant(**movement, expires_at=values["expires_at"], actor=actor)
            case _:
                wallet_adjust(**movement, actor=actor)
        return f"{values['amount']} was booked for {tenant}."


@admin.register(LedgerTransaction)
class LedgerTransactionAdmin(FormAdmin):
    form_class = MoneyForm
    list_display = ("id", "tenant", "kind", "wallet_amount", "reason", "actor", "at")
    list_filter = ("kind",)
    list_select_related = ("tenant",)
    search_fields = ("tenant__slug",)

    @admin.display(description="On the wallet")
    def wallet_amount(self, transaction: Any) -> str:
        return ", ".join(
            f"{entry.amount} {entry.currency}" for entry in transaction.entries.all() if entry.account == "wallet"
        )

    def get_queryset(self, request: Any) -> Any:
        return super().get_queryset(request).prefetch_related("entries")


@admin.register(Allowance)
class AllowanceAdmin(ReadOnly):
    list_display = ("tenant", "month", "included", "used", "held")
    list_select_related = ("tenant",)
    search_fields = ("tenant__slug",)
