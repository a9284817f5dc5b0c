from __future__ import annotations

from django.contrib import admin

from accounts.admin_base import ReadOnly
from billing.models import Budget


@admin.register(Budget)
class BudgetAdmin(ReadOnly):
    list_display = ("tenant", "scope", "period", "metric", "limit", "hard", "livemode", "set_by_operator", "deleted_at")
    list_filter = ("scope", "period", "metric", "set_by_operator")
    list_select_related = ("tenant",)
