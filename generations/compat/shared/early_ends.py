"""Why an answer is not whole, as its generation has it among its notices."""

from __future__ import annotations

from typing import Any

from generations.errors import ENDED_EARLY, EndReason
from generations.models import GenerationContent


def early_end(content: GenerationContent) -> tuple[EndReason, str] | None:
    """The reason and words for people; None for an answer that came to its own end."""
    noted: dict[str, Any] | None = next((each for each in content.notices if each["code"] == ENDED_EARLY), None)
    return None if noted is None else (EndReason(noted["reason"]), noted["detail"])


def is_at_limit(content: GenerationContent) -> bool:
    """Whether the answer ended at its limit of tokens."""
    ended = early_end(content)
    return ended is not None and ended[0] is EndReason.MAX_OUTPUT_TOKENS
