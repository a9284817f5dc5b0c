"""How a job ended that brought nothing, for APIs that say so with a status."""

from __future__ import annotations

from django.http.response import HttpResponseBase

from generations.errors import ErrorCode
from generations.selectors import GenerationDetail

FILTERED = frozenset({ErrorCode.SAFETY_BLOCKED, ErrorCode.GUARD_REFUSED})
"""What was blocked for what it shows."""
_SHOWN_TEXT_CHARS = 1000
# None of these is charged, and none is the client's fault: another try, or another provider, may do.
_FAULTS: dict[str, int] = {
    ErrorCode.UPSTREAM_UNAVAILABLE: 503,
    ErrorCode.DEADLINE_EXCEEDED: 504,
    ErrorCode.INTERNAL: 500,
}


def failure_code(detail: GenerationDetail) -> str:
    return str((detail.generation.error or {"code": "canceled"})["code"])


def failure_message(detail: GenerationDetail) -> str:
    """Why there is nothing, with what the model wrote in a picture's place: that was paid for."""
    message = str((detail.generation.error or {"message": "The request was canceled."})["message"])
    written = " ".join(block["text"] for block in detail.content.content if block["type"] == "text").strip()
    if failure_code(detail) == ErrorCode.NO_IMAGE and written:
        message += f" The model wrote: {written[:_SHOWN_TEXT_CHARS]}"
    return message


def failure_status(code: str) -> int:
    """5xx where the platform or the upstream is to blame, else 400."""
    return _FAULTS.get(code, 400)


def ended(answer: HttpResponseBase) -> None:
    """Lets an answer out whatever its status is: the layer in front keeps those to itself after which clients repeat
    what they sent, unless it is a job's end.
    """
    answer.headers["X-Cavendish-Ended"] = "true"
    # The worker has logged why; Django would log the status again, as an error of this process.
    answer._has_been_logged = True  # type: ignore[attr-defined]
