"""The audit log in the admin."""

from __future__ import annotations

from django.contrib import admin

from accounts.admin_base import ReadOnly
from accounts.models import AuditEvent


@admin.register(AuditEvent)
class AuditEventAdmin(ReadOnly):
    list_display = ("at", "action", "actor_kind", "actor_label", "tenant", "target", "target_id")
    list_filter = ("action", "actor_kind")
    list_select_related = ("tenant",)
    search_fields = ("target_id", "actor_label")
