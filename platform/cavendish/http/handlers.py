"""Django's own error pages: problems under `/api/`, Google's and OpenAI's errors where their SDKs call,
its plain pages elsewhere.

`urls.py` names these four functions.
"""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views import defaults

from cavendish.http.google import google_response, is_google
from cavendish.http.openai import is_openai, openai_response
from cavendish.http.problems import Problem, bad_request, forbidden, not_found, problem_of

API_PREFIX = "/api/"


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
    if request.path.startswith(API_PREFIX):
        return problem.response()
    if is_openai(request.path):
        return openai_response(problem)
    return google_response(problem, request.path) if is_google(request.path) else None
