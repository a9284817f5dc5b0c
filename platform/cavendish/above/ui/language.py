"""The language and time zone of whoever looks at a page. Answers of the API are in English and in UTC, whoever asks."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from zoneinfo import ZoneInfo, available_timezones

from django.http import HttpRequest, HttpResponse
from django.utils import timezone, translation

PAGES = ("/admin/", "/console/")
"""Where pages begin that are translated."""

ZONE_COOKIE = "timezone"
"""Written by `ui.js`: only the browser knows the viewer's time zone."""

_ZONES = available_timezones()


class LanguageMiddleware:
    """Renders pages in the language that the viewer chose, else the browser's; and in the browser's time zone."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path.startswith(PAGES):
            return self.get_response(request)
        zone = request.COOKIES.get(ZONE_COOKIE, "")
        with ExitStack() as stack:
            language = translation.get_language_from_request(request)
            stack.enter_context(translation.override(language))
            if zone in _ZONES:
                stack.enter_context(timezone.override(ZoneInfo(zone)))
            request.LANGUAGE_CODE = language
            response = self.get_response(request)
            response.headers.setdefault("Content-Language", language)
            return response
