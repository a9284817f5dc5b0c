"""Django's own error pages: errors of the API that an address belongs to, plain pages elsewhere.

`urls.py` names these four functions.
"""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views import defaults

from cavendish.http.dialects import dialect_of
from cavendish.http.problems import Problem, bad_request, forbidden, not_found, problem_of


def handler400(request: HttpRequest, exception: Exception) -> HttpResponse:
    problem = problem_of(exception) or bad_request("bad_request", "The request could not be understood.")
    return _answer(request, problem) or defaults.bad_request(request, exception)


def handler403(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _answer(request, forbidden()) or defaults.permission_denied(request, exception)


def handler404(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _answer(request, not_found()) or defaults.page_not_found(request, exception)


def handler500(request: HttpRequest) -> HttpResponse:
    problem = Problem(500, "internal", "Something went wrong on our side.")
    return _answer(request, problem) or defaults.server_error(request)


def _answer(request: HttpRequest, problem: Problem) -> HttpResponse | None:
    dialect = dialect_of(request.path)
    return dialect.response(problem, request.path) if dialect else None
