"""Django's error handlers, which `urls.py` names: an error of the API that the path belongs to, a page elsewhere."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views import defaults

from cavendish.http.dialects import dialect_of
from cavendish.http.problems import Problem, bad_request, forbidden, not_found, problem_of


def handler400(request: HttpRequest, exception: Exception) -> HttpResponse:
    problem = problem_of(exception) or bad_request("bad_request", "The request could not be understood.")
    return _api_response(request, problem) or defaults.bad_request(request, exception)


def handler403(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _api_response(request, forbidden()) or defaults.permission_denied(request, exception)


def handler404(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _api_response(request, not_found()) or defaults.page_not_found(request, exception)


def handler500(request: HttpRequest) -> HttpResponse:
    problem = Problem(500, "internal", "Something went wrong on our side.")
    return _api_response(request, problem) or defaults.server_error(request)


def _api_response(request: HttpRequest, problem: Problem) -> HttpResponse | None:
    dialect = dialect_of(request.path)
    return dialect.response(problem, request.path) if dialect else None
