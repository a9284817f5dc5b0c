"""Lists in pages. The last page has no token of a next one: the JavaScript SDK would loop on an empty token."""

from __future__ import annotations

from starlette.requests import Request

from cavendish.sandbox.contents import Json
from cavendish.sandbox.errors import ApiError


def page(request: Request, name: str, items: list[Json], *, default: int, maximum: int) -> Json:
    """Returns the page of `items` that `pageSize` and `pageToken` name. Raises ApiError."""
    size = min(_number(request, "pageSize", default) or default, maximum)
    start = _number(request, "pageToken", 0)
    body: Json = {name: items[start : start + size]}
    if start + size < len(items):
        body["nextPageToken"] = str(start + size)
    return body


def _number(request: Request, name: str, default: int) -> int:
    text = request.query_params.get(name) or str(default)
    if not text.isdecimal():
        raise ApiError(400, f"Invalid {name}: '{text[:40]}'.")
    return int(text)
