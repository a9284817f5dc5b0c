"""Django's error handlers, which `urls.py` names: an error of the API that the path belongs to, a page elsewhere.

Elsewhere programs get JSON as well: one with a wrong base URL shows its user what came, and a page tells them nothing.
"""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, HttpResponseServerError
from django.template import loader
from django.utils import translation
from django.views import defaults

from cavendish.http.dialects import NATIVE, dialect_of, no_such_address
from cavendish.http.problems import Problem, bad_request, forbidden, not_found, problem_of
from cavendish.telemetry.request_ids import current_request


def handler400(request: HttpRequest, exception: Exception) -> HttpResponse:
    problem = problem_of(exception) or bad_request("bad_request", "The request could not be understood.")
    return _api_response(request, problem) or _page(request, lambda: defaults.bad_request(request, exception))


def handler403(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _api_response(request, forbidden()) or _page(request, lambda: defaults.permission_denied(request, exception))


def handler404(request: HttpRequest, exception: Exception) -> HttpResponse:
    problem = not_found() if dialect_of(request.path) else no_such_address()
    return _api_response(request, problem) or _page(request, lambda: defaults.page_not_found(request, exception))


def handler500(request: HttpRequest) -> HttpResponse:
    problem = Problem(500, "internal", "Something went wrong on our side.")
    return _api_response(request, problem) or _page(request, _server_error)


def _server_error() -> HttpResponse:
    """Renders without the request, whose session or person may be what failed; its id is what the log knows it by."""
    page = loader.get_template("500.html").render({"request_id": current_request().id})
    return HttpResponseServerError(page)


def _page(request: HttpRequest, render: Callable[[], HttpResponse]) -> HttpResponse:
    """Renders an error's page in the viewer's language, also below addresses that are no page's."""
    known: str | None = getattr(request, "LANGUAGE_CODE", None)
    with translation.override(known or translation.get_language_from_request(request)):
        return render()


def _api_response(request: HttpRequest, problem: Problem) -> HttpResponse | None:
    dialect = dialect_of(request.path) or (NATIVE if _is_program(request) else None)
    return dialect.response(problem, request.path) if dialect else None


def _is_program(request: HttpRequest) -> bool:
    """Whether the client asks for JSON and for no page, or has a key in a header, which no browser sends by itself."""
    accept = request.headers.get("Accept", "").lower()
    asks = "json" in accept and "html" not in accept
    return asks or "x-goog-api-key" in request.headers or "Authorization" in request.headers
