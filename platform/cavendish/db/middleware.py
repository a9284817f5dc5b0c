from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from cavendish.db.router import acting_as


class OperatorMiddleware:
    """The admin's requests run as the operator's database role, sessions included; all others as the app's."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path.startswith("/admin/"):
            with acting_as("operator"):
                return self.get_response(request)
        return self.get_response(request)
