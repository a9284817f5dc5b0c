"""People in the admin: what an operator does for somebody who is locked out, or against somebody who must be."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts.admin_base import ReadOnly, operator_actor
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
    def factors_remove(self, request: HttpRequest, selected: QuerySet[User]) -> None:
        self._each(request, selected, person_factors_remove, "Reset two-factor authentication for")

    @admin.action(description="Sign out everywhere", permissions=["operate"])
    def sessions_end(self, request: HttpRequest, selected: QuerySet[User]) -> None:
        self._each(request, selected, person_sessions_end, "Signed out")

    @admin.action(description="Deactivate accounts", permissions=["operate"])
    def close(self, request: HttpRequest, selected: QuerySet[User]) -> None:
        # Without one's own: nobody locks themselves out.
        self._each(request, selected.exclude(email=request.user.get_username()), person_close, "Deactivated")

    @admin.action(description="Reactivate accounts", permissions=["operate"])
    def reopen(self, request: HttpRequest, selected: QuerySet[User]) -> None:
        self._each(request, selected, person_reopen, "Reactivated")

    def _each(
        self, request: HttpRequest, selected: QuerySet[User], change: Callable[..., int | bool], done: str
    ) -> None:
        actor = operator_actor(request)
        count = sum(bool(change(user=user, actor=actor)) for user in selected)
        self.message_user(request, f"{done} {count} of {len(selected)} people.")
