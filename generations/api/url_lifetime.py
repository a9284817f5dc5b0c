"""How long the links in an answer last, as the request chose."""

from __future__ import annotations

import re

from rest_framework.request import Request

from cavendish.http.problems import FieldError, invalid
from generations.show.signed_urls import MAX_SECONDS

_WHOLE = re.compile(r"[0-9]{1,7}")


def url_seconds_of(request: Request) -> int | None:
    """Returns the seconds of `?url_expires_in=`, None without it. Raises Problem 422."""
    text = request.query_params.get("url_expires_in")
    if text is None:
        return None
    if not _WHOLE.fullmatch(text) or not 1 <= int(text) <= MAX_SECONDS:
        raise invalid([FieldError("/url_expires_in", "invalid", f"Use whole seconds, 1 to {MAX_SECONDS} (7 days).")])
    return int(text)
