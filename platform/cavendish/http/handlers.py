"""Django's error handlers, which `urls.py` names: an error of the API that the path belongs to, a page elsewhere.

Elsewhere programs get JSON as well: one with a wrong base URL shows its user what came, and a page tells them nothing.
"""

from __future__ import annotations

import sys
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.template import loader
from django.urls import Resolver404
from django.views import defaults

from cavendish.http.dialects import NATIVE, dialect_of, no_such_address
from cavendish.http.languages import in_browsers_language, in_language
from cavendish.http.problems import Problem, bad_request, forbidden, internal, not_found, problem_of
from cavendish.telemetry.request_ids import current_request


def handler400(request: HttpRequest, exception: Exception) -> HttpResponse:
    problem = problem_of(exception) or bad_request("bad_request", "The request could not be understood.")
    return _api_response(request, problem) or _page(request, lambda: defaults.bad_request(request, exception))


def handler403(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _api_response(request, forbidden()) or _page(request, lambda: defaults.permission_denied(request, exception))


def handler404(request: HttpRequest, exception: Exception) -> HttpResponse:
    # An API's views raise it too, for what is not there at an address that is.
    raised = dialect_of(request.path) is not None and not isinstance(exception, Resolver404)
    problem = not_found() if raised else no_such_address(request.path)
    return _api_response(request, problem) or _page(request, lambda: defaults.page_not_found(request, exception))


def handler500(request: HttpRequest) -> HttpResponse:
    """Of whatever no view has answered, so of what middleware raises, too: an outage is no defect there either.

    Django calls it where it has caught the exception, and hands none over.
    """
    error = sys.exc_info()[1]
    problem = (problem_of(error) if error is not None else None) or internal()
    return _api_response(request, problem) or _page(request, lambda: _server_error(request, problem))


def _server_error(request: HttpRequest, problem: Problem) -> HttpResponse:
    """Renders without the request, whose session or person may be what failed; its id is what the log knows it by.

    What says when to try again is an outage and no defect: its page says when, and leads to the same address.
    """
    ours = problem if problem.status >= 500 else internal()
    seconds = int(ours.headers.get("Retry-After", 0))
    again = request.get_full_path() if request.method == "GET" else ""
    shown = {"request_id": current_request().id, "status": ours.status, "seconds": seconds, "again": again}
    page = loader.get_template("503.html" if seconds else "500.html").render(shown)
    return HttpResponse(page, status=ours.status, headers=ours.headers)


def _page(request: HttpRequest, render: Callable[[], HttpResponse]) -> HttpResponse:
    """Renders an error's page in the viewer's language, also below addresses that are no page's."""
    known: str | None = getattr(request, "LANGUAGE_CODE", None)
    return in_language(known, render) if known else in_browsers_language(request, render)


def _api_response(request: HttpRequest, problem: Problem) -> HttpResponse | None:
    dialect = dialect_of(request.path) or (NATIVE if _is_program(request) else None)
    return dialect.response(problem, request.path) if dialect else None


def _is_program(request: HttpRequest) -> bool:
    """Whether the client asks for JSON and for no page, or has a key in a header, which no browser sends by itself."""
    accept = request.headers.get("Accept", "").lower()
    asks = "json" in accept and "html" not in accept
    return asks or "x-goog-api-key" in request.headers or "Authorization" in request.headers
