"""Tables for looking things up. Decisions about tenants and keys get pages of their own."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts.keys.services import api_key_revoke
from accounts.models import ApiKey, AuditEvent, Membership, OperatorKey, User
from accounts.people.audit_signals import person_actor
from accounts.people.services import person_close, person_factors_remove, person_reopen, person_sessions_end

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


@admin.register(User)
class UserAdmin(ReadOnly):
    list_display = ("email", "name", "is_staff", "is_active", "last_login")
    list_filter = ("is_staff", "is_active")
    search_fields = ("email", "name")
    exclude = ("password",)
    actions = ("factors_remove", "sessions_end", "close", "reopen")

    def has_operate_permission(self, request: HttpRequest) -> bool:
        return request.user.is_active and request.user.is_superuser

    @admin.action(description="Remove second factors (make sure who asks)", permissions=["operate"])
    def factors_remove(self, request: HttpRequest, chosen: QuerySet[User]) -> None:
        self._each(request, chosen, person_factors_remove, "lost their second factors")

    @admin.action(description="End all sessions", permissions=["operate"])
    def sessions_end(self, request: HttpRequest, chosen: QuerySet[User]) -> None:
        self._each(request, chosen, person_sessions_end, "had sessions, which are ended")

    @admin.action(description="Close accounts", permissions=["operate"])
    def close(self, request: HttpRequest, chosen: QuerySet[User]) -> None:
        self._each(request, chosen.exclude(email=request.user.get_username()), person_close, "are closed")

    @admin.action(description="Open accounts again", permissions=["operate"])
    def reopen(self, request: HttpRequest, chosen: QuerySet[User]) -> None:
        self._each(request, chosen, person_reopen, "are open again")

    def _each(self, request: HttpRequest, chosen: QuerySet[User], change: Callable[..., int | bool], done: str) -> None:
        assert isinstance(request.user, User)
        actor = person_actor(request, request.user)
        count = sum(bool(change(user=user, actor=actor)) for user in chosen)
        self.message_user(request, f"{count} of {len(chosen)} people {done}.")


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
    exclude = ("digest", "previous_digest")
    actions = ("revoke",)

    def has_operate_permission(self, request: HttpRequest) -> bool:
        return request.user.is_active and request.user.is_superuser

    @admin.action(description="Revoke for good", permissions=["operate"])
    def revoke(self, request: HttpRequest, chosen: QuerySet[ApiKey]) -> None:
        assert isinstance(request.user, User)
        actor = person_actor(request, request.user)
        for key in chosen:
            api_key_revoke(tenant_id=key.tenant_id, key_id=key.id, actor=actor)
        self.message_user(request, f"{len(chosen)} keys are revoked.")


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
