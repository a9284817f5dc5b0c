"""API keys in the admin: view, search, revoke. Digests are never shown."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse

from accounts.admin_base import ReadOnly, confirmed_reason, operator_actor
from accounts.keys.services import api_key_revoke
from accounts.models import ApiKey
from accounts.roles.operators import OperatorPermission


@admin.register(ApiKey)
class ApiKeyAdmin(ReadOnly):
    takes = OperatorPermission.KEYS
    list_display = ("prefix", "tenant", "name", "livemode", "created_at", "expires_at", "revoked_at")
    list_filter = ("livemode",)
    list_select_related = ("tenant",)
    search_fields = ("prefix", "name")
    exclude = ("digest", "previous_digest")
    actions = ("revoke",)

    @admin.action(description="Revoke selected keys", permissions=["operate"])
    def revoke(self, request: HttpRequest, selected: QuerySet[ApiKey]) -> HttpResponse | None:
        warning = "These keys and their older secrets stop working at once, permanently."
        reason = confirmed_reason(self, request, selected, action="revoke", title="Revoke keys", warning=warning)
        if isinstance(reason, HttpResponse):
            return reason
        actor = operator_actor(request)
        for key in selected:
            api_key_revoke(tenant_id=key.tenant_id, key_id=key.id, actor=actor, reason=reason)
        self.message_user(request, f"Revoked {len(selected)} keys.")
        return None
