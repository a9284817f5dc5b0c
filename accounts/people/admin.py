"""People in the admin: reset of factors, sign-out, deactivation and reactivation of accounts."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse

from accounts.admin_base import ReadOnly, confirmed_reason, operator_actor
from accounts.models import User
from accounts.people.services import person_close, person_factors_remove, person_reopen, person_sessions_end


@admin.register(User)
class UserAdmin(ReadOnly):
    list_display = ("email", "name", "is_staff", "is_active", "last_login")
    list_filter = ("is_staff", "is_active")
    search_fields = ("email", "name")
    exclude = ("password",)
    actions = ("factors_remove", "sessions_end", "close", "reopen")

    @admin.action(
        description="Reset two-factor authentication (confirm the person's identity first)", permissions=["operate"]
    )
    def factors_remove(self, request: HttpRequest, selected: QuerySet[User]) -> HttpResponse | None:
        return self._each(
            request,
            selected,
            person_factors_remove,
            done="Reset two-factor authentication for",
            action="factors_remove",
            title="Reset two-factor authentication",
            warning="The password alone will sign in again. Make sure that the person is who they say they are.",
        )

    @admin.action(description="Sign out everywhere", permissions=["operate"])
    def sessions_end(self, request: HttpRequest, selected: QuerySet[User]) -> HttpResponse | None:
        return self._each(
            request,
            selected,
            person_sessions_end,
            done="Signed out",
            action="sessions_end",
            title="Sign out everywhere",
            warning="All sessions of these people end at once.",
        )

    @admin.action(description="Deactivate accounts", permissions=["operate"])
    def close(self, request: HttpRequest, selected: QuerySet[User]) -> HttpResponse | None:
        # Without one's own: nobody locks themselves out.
        return self._each(
            request,
            selected.exclude(email=request.user.get_username()),
            person_close,
            done="Deactivated",
            action="close",
            title="Deactivate accounts",
            warning="These people can no longer sign in, and their sessions end at once.",
        )

    @admin.action(description="Reactivate accounts", permissions=["operate"])
    def reopen(self, request: HttpRequest, selected: QuerySet[User]) -> HttpResponse | None:
        return self._each(
            request,
            selected,
            person_reopen,
            done="Reactivated",
            action="reopen",
            title="Reactivate accounts",
            warning="These people can sign in again.",
        )

    def _each(
        self,
        request: HttpRequest,
        selected: QuerySet[User],
        change: Callable[..., int | bool],
        *,
        done: str,
        action: str,
        title: str,
        warning: str,
    ) -> HttpResponse | None:
        reason = confirmed_reason(self, request, selected, action=action, title=title, warning=warning)
        if isinstance(reason, HttpResponse):
            return reason
        actor = operator_actor(request)
        count = sum(bool(change(user=user, actor=actor, reason=reason)) for user in selected)
        self.message_user(request, f"{done} {count} of {len(selected)} people.")
        return None
