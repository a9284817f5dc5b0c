"""The template context of every page of the admin."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from accounts.models import User
from cavendish.above.admin import navigation
from cavendish.above.ui import formats


def admin(request: HttpRequest) -> dict[str, Any]:
    """Returns what the frame needs; nothing for pages that are not the admin's."""
    user = getattr(request, "user", None)
    if not request.path.startswith("/admin/") or not isinstance(user, User) or not user.is_staff:
        return {}
    return {
        "frame": "admin/frame.html",
        "home_item": navigation.HOME,
        "groups": navigation.GROUPS,
        "tabs": navigation.TABS,
        "section": getattr(request, "section", ""),
        "person": user.name or user.email,
        "initials": formats.initials(user.name or user.email),
        "search_text": request.GET.get("q", "") if request.path == "/admin/search" else "",
    }
