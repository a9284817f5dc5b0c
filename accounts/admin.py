"""Tables for looking things up. Decisions about tenants and keys get pages of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.http import HttpRequest

from accounts.models import ApiKey, AuditEvent, Membership, OperatorKey, Tenant, User

# Django's class takes no parameter at run time.
if TYPE_CHECKING:
    Base = admin.ModelAdmin[Any]
else:
    Base = admin.ModelAdmin


class ReadOnly(Base):
    """Search and look; writes go through services, which keep money, keys and audit together."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Tenant)
class TenantAdmin(ReadOnly):
    list_display = ("slug", "name", "status", "concurrency_limit", "queue_limit", "created_at")
    list_filter = ("status",)
    search_fields = ("slug", "name", "id")


@admin.register(User)
class UserAdmin(ReadOnly):
    list_display = ("email", "name", "is_staff", "is_active", "last_login")
    search_fields = ("email", "name")
    exclude = ("password",)


@admin.register(Membership)
class MembershipAdmin(ReadOnly):
    list_display = ("user", "tenant", "role", "created_at")
    list_filter = ("role",)
    list_select_related = ("user", "tenant")


@admin.register(ApiKey)
class ApiKeyAdmin(ReadOnly):
    list_display = ("prefix", "tenant", "name", "livemode", "created_at", "expires_at", "revoked_at")
    list_filter = ("livemode",)
    list_select_related = ("tenant",)
    search_fields = ("prefix", "name")
    exclude = ("digest",)


@admin.register(OperatorKey)
class OperatorKeyAdmin(ReadOnly):
    list_display = ("prefix", "name", "created_at", "expires_at", "revoked_at", "last_used_at")
    search_fields = ("prefix", "name")
    exclude = ("digest",)


@admin.register(AuditEvent)
class AuditEventAdmin(ReadOnly):
    list_display = ("at", "action", "actor_kind", "actor_label", "tenant", "target", "target_id")
    list_filter = ("action", "actor_kind")
    list_select_related = ("tenant",)
    search_fields = ("target_id", "actor_label")
