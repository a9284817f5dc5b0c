"""What can go wrong with a call to the upstream.

GeminiError
├── RateLimited      429, or every key is cooling down
├── Unavailable      5xx, or no connection
├── Rejected         another 4xx: the same request will be refused again
│   └── NotFound     404
├── TimedOut         no connection or no response in time, or the deadline
└── BrokenAnswer     the response is cut, malformed, too large, or not of this API
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

LONGEST_MESSAGE = 500

# Google's messages name the key of a suspended project.
_LOOKS_LIKE_A_KEY = re.compile(r"AIza[0-9A-Za-z_\-]{20,}|AQ\.[0-9A-Za-z_\-]{20,}|api_key:[^\s'\",]+")


class GeminiError(Exception):
    """A failed call. `message` is the upstream's or ours, without keys or prompts and at most 500 characters long.

    `retryable`: the same request may succeed later. `retry_after`: seconds that the upstream asked for. `code`: the
    upstream's, or ours where it has none. `usage`: what the upstream reported although it failed.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        code: str | None = None,
        retryable: bool = False,
        retry_after: float | None = None,
        usage: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.status = status
        self.code = code
        self.retryable = retryable
        self.retry_after = retry_after
        self.usage = dict(usage) if usage is not None else None

    def __repr__(self) -> str:
        return f"{type(self).__name__}(status={self.status}, code={self.code!r}, retryable={self.retryable})"


class RateLimited(GeminiError):
    pass


class Unavailable(GeminiError):
    pass


class Rejected(GeminiError):
    """The upstream refuses the request; with `bad_key` it refuses the key instead."""

    bad_key = False


class NotFound(Rejected):
    pass


class TimedOut(GeminiError):
    """With `deadline` the whole call had no time left; otherwise connecting or waiting for bytes took too long.

    `sent` says whether the request may have reached the upstream.
    """

    def __init__(self, message: str, *, deadline: bool = False, sent: bool = True, code: str = "timeout") -> None:
        super().__init__(message, code="deadline" if deadline else code, retryable=not deadline)
        self.deadline = deadline
        self.sent = sent


class BrokenAnswer(GeminiError):
    pass


def short(message: str, secret: str = "") -> str:
    """Returns a message that may be stored: without keys, at most 500 characters long."""
    if secret:
        message = message.replace(secret, "[key]")
    message = _LOOKS_LIKE_A_KEY.sub("[key]", message)
    return message if len(message) <= LONGEST_MESSAGE else message[: LONGEST_MESSAGE - 1] + "…"


def from_status(
    status: int, message: str, code: str | None, retry_after: float | None, usage: Mapping[str, Any] | None
) -> GeminiError:
    """Returns the error of an HTTP status. Retries depend on the class alone, never on the wording."""
    if status == 429:
        return RateLimited(message, status=status, code=code, retryable=True, retry_after=retry_after, usage=usage)
    if status >= 500:
        return Unavailable(message, status=status, code=code, retryable=True, retry_after=retry_after, usage=usage)
    if status == 404:
        return NotFound(message, status=status, code=code, usage=usage)
    if status >= 400:
        return Rejected(message, status=status, code=code, usage=usage)
    return BrokenAnswer(f"the upstream responded with status {status}", status=status, code=code)


_LIMITED_CODES = frozenset({"too_many_requests", "resource_exhausted", "rate_limit_exceeded", "429"})
_REFUSED_CODES = frozenset(
    {"invalid_request", "invalid_argument", "failed_precondition", "not_found", "permission_denied", "unauthenticated"}
    # The same request would be refused again.
    | {"safety", "image_safety", "prohibited_content", "image_prohibited_content", "blocklist", "spii"}
    | {"recitation", "image_recitation", "language"}
)


def from_event(code: str | None, message: str, usage: Mapping[str, Any] | None) -> GeminiError:
    """Returns the error of an `error` event in a stream, which has no status of its own."""
    known = (code or "").lower()
    if known in _LIMITED_CODES:
        return RateLimited(message, code=code, retryable=True, usage=usage)
    if known in _REFUSED_CODES or (known.isdigit() and 400 <= int(known) < 500):
        return Rejected(message, code=code, usage=usage)
    return Unavailable(message, code=code, retryable=True, usage=usage)
