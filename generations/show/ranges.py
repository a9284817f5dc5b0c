"""Ranges and validators of bytes out of a bucket (RFC 9110). Local files have them from the layer in front."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from cavendish.http.dialects import NATIVE, dialect_of
from cavendish.wait.download import Unsatisfiable, asked_range, matches, not_satisfiable, parse_range
from generations.show.stored_bytes import RemoteBytes


class RangeMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if not isinstance(response, RemoteBytes):
            return response
        etag = response.headers["ETag"].encode()
        condition = _encoded(request, "If-None-Match")
        if condition is not None and matches(condition, etag):
            response.close()
            kept = {name: value for name, value in response.headers.items() if not name.startswith("Content-")}
            return HttpResponse(status=304, headers=kept)
        asked = asked_range(request.method or "", _encoded(request, "Range"), _encoded(request, "If-Range"), etag=etag)
        if asked is None:
            return response
        try:
            span = parse_range(asked, response.size)
        except Unsatisfiable:
            response.close()
            problem, whole = not_satisfiable(response.size)
            refused = (dialect_of(request.path) or NATIVE).response(problem, request.path)
            refused.headers["Content-Range"] = whole
            return refused
        return response if span is None else response.part(span.start, span.end)


def _encoded(request: HttpRequest, name: str) -> bytes | None:
    value = request.headers.get(name)
    return None if value is None else value.encode()
