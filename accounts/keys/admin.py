"""API keys in the admin: view, search, revoke. Digests are never shown."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts.admin_base import ReadOnly, operator_actor
from accounts.keys.services import api_key_revoke
from accounts.models import ApiKey


@admin.register(ApiKey)
class ApiKeyAdmin(ReadOnly):
    list_display = ("prefix", "tenant", "name", "livemode", "created_at", "expires_at", "revoked_at")
    list_filter = ("livemode",)
    list_select_related = ("tenant",)
    search_fields = ("prefix", "name")
    exclude = ("digest", "previous_digest")
    actions = ("revoke",)

    @admin.action(description="Revoke selected keys", permissions=["operate"])
    def revoke(self, request: HttpRequest, selected: QuerySet[ApiKey]) -> None:
        actor = operator_actor(request)
        for key in selected:
            api_key_revoke(tenant_id=key.tenant_id, key_id=key.id, actor=actor)
        self.message_user(request, f"Revoked {len(selected)} keys.")
