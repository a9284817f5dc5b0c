"""Ranges and validators of bytes out of a bucket (RFC 9110). Local files have them from the layer in front."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from cavendish.http.problems import Problem
from cavendish.wait.download import Unsatisfiable, matches, parse_range
from generations.show.stored_bytes import RemoteBytes


class RangeMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if not isinstance(response, RemoteBytes):
            return response
        etag = response.headers["ETag"].encode()
        condition = request.headers.get("If-None-Match")
        if condition is not None and matches(condition.encode(), etag):
            response.close()
            kept = {name: value for name, value in response.headers.items() if not name.startswith("Content-")}
            return HttpResponse(status=304, headers=kept)
        asked = request.headers.get("Range") if request.method == "GET" else None
        if asked is None or request.headers.get("If-Range", etag.decode()).strip().encode() != etag:
            return response
        try:
            span = parse_range(asked.encode(), response.size)
        except Unsatisfiable:
            response.close()
            whole = {"Content-Range": f"bytes */{response.size}"}
            return Problem(
                416, "range_not_satisfiable", f"The file has {response.size} bytes.", headers=whole
            ).response()
        return response if span is None else response.part(span.start, span.end)
