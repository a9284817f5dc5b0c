"""Django's own error pages: problems under `/api/`, its plain pages elsewhere. `urls.py` names these four functions."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views import defaults

from cavendish.http.problems import Problem, bad_request, forbidden, not_found, problem_of

API_PREFIX = "/api/"


def handler400(request: HttpRequest, exception: Exception) -> HttpResponse:
    if not _is_api(request):
        return defaults.bad_request(request, exception)
    return (problem_of(exception) or bad_request("bad_request", "The request could not be understood.")).response()


def handler403(request: HttpRequest, exception: Exception) -> HttpResponse:
    return forbidden().response() if _is_api(request) else defaults.permission_denied(request, exception)


def handler404(request: HttpRequest, exception: Exception) -> HttpResponse:
    return not_found().response() if _is_api(request) else defaults.page_not_found(request, exception)


def handler500(request: HttpRequest) -> HttpResponse:
    if not _is_api(request):
        return defaults.server_error(request)
    return Problem(500, "internal", "Something went wrong on our side.").response()


def _is_api(request: HttpRequest) -> bool:
    return request.path.startswith(API_PREFIX)
