"""What every room's admin stands on: pages that only show, and the operator who acts on them, for the audit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from accounts.actor import Actor
from accounts.authentication.people import person_actor
from accounts.models import User
from accounts.roles.operators import OperatorPermission, operator_can

# Django's class takes no parameter at run time.
if TYPE_CHECKING:
    Base = admin.ModelAdmin[Any]
else:
    Base = admin.ModelAdmin


class ReadOnly(Base):
    """Search and view; writes go through services, which keep money, keys and audit together.

    `takes` is what an operator's role must allow for actions and forms.
    """

    takes = OperatorPermission.OPERATORS

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_operate_permission(self, request: HttpRequest) -> bool:
        """Returns whether this operator may run actions that are declared with `permissions=["operate"]`."""
        return operator_can(request.user, self.takes)


MAX_REASON_CHARS = 300


def confirmed_reason(
    model_admin: ReadOnly, request: HttpRequest, selected: QuerySet[Any], *, action: str, title: str, warning: str
) -> str | HttpResponse:
    """Returns the reason that the operator gave for an act that cannot be undone, or the page that asks for it.

    `title` is the act in words, as its button says it; the page names each selected object.
    """
    reason = request.POST.get("reason", "").strip()[:MAX_REASON_CHARS]
    if "confirm" in request.POST and reason:
        return reason
    context = {
        **model_admin.admin_site.each_context(request),
        "opts": model_admin.opts,
        "title": title,
        "warning": warning,
        "names": [str(row) for row in selected],
        "ids": [row.pk for row in selected],
        "checkbox": ACTION_CHECKBOX_NAME,
        "action": action,
        "missing": "confirm" in request.POST,
        "back": reverse(f"admin:{model_admin.opts.app_label}_{model_admin.opts.model_name}_changelist"),
    }
    return render(request, "accounts/admin/confirm.html", context)


def operator_actor(request: HttpRequest) -> Actor:
    """Returns who is signed in to the admin and from where."""
    assert isinstance(request.user, User)
    return person_actor(request, request.user)
