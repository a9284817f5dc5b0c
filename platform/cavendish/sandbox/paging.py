"""Lists in pages. The token of the next page is left out on the last one: the JavaScript SDK loops on an empty one."""

from __future__ import annotations

from starlette.requests import Request

from cavendish.sandbox.contents import Json
from cavendish.sandbox.errors import ApiError


def page(request: Request, name: str, items: list[Json], *, default: int, most: int) -> Json:
    size = min(_number(request, "pageSize", default) or default, most)
    start = _number(request, "pageToken", 0)
    shown: Json = {name: items[start : start + size]}
    if start + size < len(items):
        shown["nextPageToken"] = str(start + size)
    return shown


def _number(request: Request, name: str, default: int) -> int:
    text = request.query_params.get(name) or str(default)
    if not text.isdecimal():
        raise ApiError(400, f"Invalid {name}: '{text[:40]}'.")
    return int(text)
