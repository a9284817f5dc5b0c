"""Google's pages: `pageSize`, `pageToken`; at the end no `nextPageToken`, since a pager would follow an empty one."""

from __future__ import annotations

from uuid import UUID

from rest_framework.request import Request

from cavendish.http.problems import bad_request

PAGE_SIZE, MOST = 10, 100


def page_size(request: Request) -> int:
    text = request.query_params.get("pageSize") or request.query_params.get("page_size", "")
    if not text:
        return PAGE_SIZE
    if not (text.isascii() and text.isdecimal() and len(text) < 10):
        raise bad_request("out_of_range", f"pageSize takes a whole number from 1 to {MOST}.")
    return min(int(text), MOST) or PAGE_SIZE


def page_after(request: Request) -> UUID | None:
    """The id behind which the page begins; None for the first page. Raises Problem 400."""
    token = request.query_params.get("pageToken") or request.query_params.get("page_token", "")
    if not token:
        return None
    if len(token) == 32 and token.isascii() and token.isalnum() and token == token.lower():
        try:
            return UUID(hex=token)
        except ValueError:
            pass
    raise bad_request("invalid", "pageToken takes the nextPageToken of the page before.")
