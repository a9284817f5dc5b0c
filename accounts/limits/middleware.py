"""Around every request: its slip of the rate limits, their headers, and a count of refusals."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from accounts.limits import limit_headers, slip_for_request
from cavendish.http.dialects import dialect_of
from cavendish.telemetry import metrics

_REFUSALS = frozenset({401, 403, 429})


class LimitsMiddleware:
    """The outermost one, so that errors of any kind carry the headers too."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with slip_for_request() as slip:
            response = self.get_response(request)
            slip.close(refused=response.status_code == 429)
        for name, value in limit_headers(slip.policies, slip.states).items():
            response.headers[name] = value
        if response.status_code in _REFUSALS and dialect_of(request.path):
            metrics.REFUSED.labels(response.status_code).inc()
        return response
