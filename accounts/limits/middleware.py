"""Around every request: its rate reservation, the headers of the limits, and a count of refusals."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from accounts.limits import limit_headers, reservation_for_request
from cavendish.http.dialects import dialect_of
from cavendish.telemetry import metrics

_REFUSALS = frozenset({401, 403, 429})


class LimitsMiddleware:
    """Must be the outermost middleware, so that errors of any kind carry the headers too."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with reservation_for_request() as reservation:
            response = self.get_response(request)
            reservation.close(refused=response.status_code == 429)
        for name, value in limit_headers(reservation.policies, reservation.states).items():
            response.headers[name] = value
        if response.status_code in _REFUSALS and dialect_of(request.path):
            metrics.REFUSED.labels(response.status_code).inc()
        return response
