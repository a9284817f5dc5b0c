"""Names requests that the layer in front has not named: those of other servers, and of tests within the process."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from cavendish.telemetry.request_ids import current_request, request_entered, request_of

HEADER = "X-Request-Id"


class RequestIdMiddleware:
    """Sets the answer's X-Request-Id, and makes the request the current one, unless it is already."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if current_request().id:
            return self.get_response(request)
        headers = [(name.lower().encode(), value.encode("utf-8")) for name, value in request.headers.items()]
        named = request_of(headers)
        with request_entered(named):
            response = self.get_response(request)
        response.headers[HEADER] = named.id
        return response
