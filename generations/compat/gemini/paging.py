"""Google's pages: `pageSize`, `pageToken`; at the end no `nextPageToken`, since a pager would follow an empty one."""

from __future__ import annotations

import difflib
from uuid import UUID

from rest_framework.request import Request

from cavendish.http.problems import Problem, bad_request, clip

PAGE_SIZE, MOST = 10, 100
_PAGING = ("pageSize", "pageToken", "page_size", "page_token")
# What Google takes at every address (https://cloud.google.com/apis/docs/system-parameters); also with a "$" in front.
_EVERYWHERE = frozenset(
    {"access_token", "alt", "callback", "fields", "key", "oauth_token", "prettyPrint", "quotaUser", "upload_protocol",
     "uploadType"}
)  # fmt: skip


def list_check(request: Request) -> None:
    """Raises Problem 400 for a parameter that no list has, in Google's words: its lists have no filters."""
    for name in request.query_params:
        if name in _PAGING or name in _EVERYWHERE or name.startswith("$"):
            continue
        near = difflib.get_close_matches(name[:60], _PAGING[:2], n=1)
        hint = f"did you mean {near[0]}?" if near else f"use {_PAGING[0]} and {_PAGING[1]}."
        raise bad_request("unknown_field", f'Unknown name "{clip(name, 60)}": Cannot bind query parameter; {hint}')


def page_size(request: Request, *, usual: int = PAGE_SIZE) -> int:
    """How many a page holds; `usual` where nothing is said. Raises Problem 400."""
    text = request.query_params.get("pageSize") or request.query_params.get("page_size", "")
    if not text:
        return usual
    if not (text.isascii() and text.isdecimal() and len(text) < 10):
        raise bad_request("out_of_range", f"pageSize takes a whole number from 1 to {MOST}.")
    return min(int(text), MOST) or usual


def page_after(request: Request) -> UUID | None:
    """The id behind which the page begins; None for the first page. Raises Problem 400."""
    token = page_token(request)
    if not token:
        return None
    if len(token) == 32 and token.isascii() and token.isalnum() and token == token.lower():
        try:
            return UUID(hex=token)
        except ValueError:
            pass
    raise no_page()


def page_token(request: Request) -> str:
    """The token as it came; "" for the first page."""
    return request.query_params.get("pageToken") or request.query_params.get("page_token", "")


def no_page() -> Problem:
    return bad_request("invalid", "pageToken takes the nextPageToken of the page before.")
