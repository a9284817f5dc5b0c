"""Operator keys in the admin. Digests are never shown."""

from __future__ import annotations

from django.contrib import admin

from accounts.admin_base import ReadOnly
from accounts.models import OperatorKey


@admin.register(OperatorKey)
class OperatorKeyAdmin(ReadOnly):
    list_display = ("prefix", "name", "created_at", "expires_at", "revoked_at", "last_used_at")
    search_fields = ("prefix", "name")
    exclude = ("digest",)
