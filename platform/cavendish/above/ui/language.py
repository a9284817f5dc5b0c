"""The language and time zone of whoever looks at a page. Answers of the API are in English and in UTC, whoever asks."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from zoneinfo import ZoneInfo, available_timezones

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone, translation

from accounts.models import User
from cavendish.http.languages import in_language

PAGES = ("/admin/", "/console/", "/account/", "/invitations/", "/login", "/pay/")
"""Where pages begin that are translated."""

ZONE_COOKIE = "timezone"
"""Written by `ui.js`: only the browser knows the viewer's time zone."""

_ZONES = available_timezones()


class LanguageMiddleware:
    """Renders pages in the viewer's language, and in the time zone of their browser."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path.startswith(PAGES):
            return self.get_response(request)
        zone = request.COOKIES.get(ZONE_COOKIE, "")
        with ExitStack() as stack:
            language = language_of(request)
            if zone in _ZONES:
                stack.enter_context(timezone.override(ZoneInfo(zone)))
            request.LANGUAGE_CODE = language
            return in_language(language, lambda: self.get_response(request))


def language_of(request: HttpRequest) -> str:
    """Returns the language that the person keeps in their account, else this browser's choice, else its own."""
    user = getattr(request, "user", None)
    if isinstance(user, User) and user.language in dict(settings.LANGUAGES):
        return user.language
    return translation.get_language_from_request(request)
