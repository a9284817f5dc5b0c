"""What every room's admin stands on: pages that only show, and the operator who acts on them, for the audit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.http import HttpRequest

from accounts.actor import Actor
from accounts.authentication.people import person_actor
from accounts.models import User

# Django's class takes no parameter at run time.
if TYPE_CHECKING:
    Base = admin.ModelAdmin[Any]
else:
    Base = admin.ModelAdmin


class ReadOnly(Base):
    """Search and view; writes go through services, which keep money, keys and audit together."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_operate_permission(self, request: HttpRequest) -> bool:
        """Whether this operator may run the page's actions; actions name it by `permissions=["operate"]`."""
        return request.user.is_active and request.user.is_superuser


def operator_actor(request: HttpRequest) -> Actor:
    """Returns who is signed in to the admin and from where."""
    assert isinstance(request.user, User)
    return person_actor(request, request.user)
