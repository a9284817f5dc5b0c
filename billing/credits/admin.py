from __future__ import annotations

from django.contrib import admin

from accounts.admin_base import ReadOnly
from billing.models import Credit


@admin.register(Credit)
class CreditAdmin(ReadOnly):
    """Credits are granted on the page of the ledger, which moves all money."""

    list_display = ("tenant", "source", "amount", "remaining", "currency", "expires_at", "created_at")
    list_filter = ("source",)
    list_select_related = ("tenant",)
    search_fields = ("tenant__slug",)
