from __future__ import annotations

from typing import Any

from django.contrib import admin

from accounts.admin import ReadOnly
from billing import invoice_admin  # noqa: F401  (registers itself)
from billing.models import Budget, Charge, Hold, LedgerTransaction, Plan, Price
from billing.tenant_admin import TenantAdmin

__all__ = ["TenantAdmin"]


@admin.register(Plan)
class PlanAdmin(ReadOnly):
    list_display = ("slug", "name", "currency", "archived_at")


@admin.register(Price)
class PriceAdmin(ReadOnly):
    list_display = ("model", "kind", "tier", "unit_price", "unit", "currency", "plan", "effective_from")
    list_filter = ("model", "tier", "plan")
    list_select_related = ("plan",)


@admin.register(Budget)
class BudgetAdmin(ReadOnly):
    list_display = ("tenant", "scope", "period", "metric", "limit", "hard", "livemode", "set_by_operator", "deleted_at")
    list_filter = ("scope", "period", "metric", "set_by_operator")
    list_select_related = ("tenant",)


@admin.register(Hold)
class HoldAdmin(ReadOnly):
    list_display = ("generation_id", "tenant", "status", "amount", "currency", "created_at", "ended_at")
    list_filter = ("status",)
    list_select_related = ("tenant",)


@admin.register(Charge)
class ChargeAdmin(ReadOnly):
    list_display = ("generation_id", "tenant", "status", "reason", "amount", "cost", "absorbed", "flags", "created_at")
    list_filter = ("status", "reason")
    list_select_related = ("tenant",)


@admin.register(LedgerTransaction)
class LedgerTransactionAdmin(ReadOnly):
    list_display = ("id", "tenant", "kind", "wallet_amount", "reason", "actor", "at")
    list_filter = ("kind",)
    list_select_related = ("tenant",)

    @admin.display(description="On the wallet")
    def wallet_amount(self, transaction: Any) -> str:
        return ", ".join(
            f"{entry.amount} {entry.currency}" for entry in transaction.entries.all() if entry.account == "wallet"
        )

    def get_queryset(self, request: Any) -> Any:
        return super().get_queryset(request).prefetch_related("entries")
