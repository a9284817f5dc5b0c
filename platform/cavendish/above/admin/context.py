"""The template context of every page of the admin."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from accounts.models import User
from cavendish.above.admin import navigation


def admin(request: HttpRequest) -> dict[str, Any]:
    """Returns what the frame needs; nothing for pages that are not the admin's."""
    user = getattr(request, "user", None)
    if not request.path.startswith("/admin/") or not isinstance(user, User) or not user.is_staff:
        return {}
    return {
        "home_item": navigation.HOME,
        "groups": navigation.GROUPS,
        "tabs": navigation.TABS,
        "section": getattr(request, "section", ""),
        "person": user.name or user.email,
        "initials": initials(user.name or user.email),
        "search_text": request.GET.get("q", "") if request.path == "/admin/search" else "",
    }


def initials(name: str) -> str:
    """Returns up to two letters: "AN" for Ada Novak, "A" for ada@example.com."""
    words = name.partition("@")[0].split()
    return "".join(word[0] for word in (words[:1] + words[-1:] if len(words) > 1 else words)).upper()
