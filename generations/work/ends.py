"""Why an answer of the upstream ended before it was whole, where the upstream says so (docs/wire.md)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from generations.errors import EndReason

# Codes as the upstream and its older API write them, each also behind "image_".
_CODES = {
    "max_tokens": EndReason.MAX_OUTPUT_TOKENS,
    "max_output_tokens": EndReason.MAX_OUTPUT_TOKENS,
    "safety": EndReason.SAFETY,
    "prohibited_content": EndReason.PROHIBITED_CONTENT,
    "blocklist": EndReason.BLOCKLIST,
    "spii": EndReason.SENSITIVE_DATA,
    "recitation": EndReason.RECITATION,
    "language": EndReason.LANGUAGE,
    "unsupported_language": EndReason.LANGUAGE,
}
# Words of messages whose code says nothing; the first that is there counts.
_WORDS = {
    "recitation": EndReason.RECITATION,
    "prohibited": EndReason.PROHIBITED_CONTENT,
    "blocklist": EndReason.BLOCKLIST,
    "spii": EndReason.SENSITIVE_DATA,
    "safety": EndReason.SAFETY,
    "blocked": EndReason.SAFETY,
}


def end_reason(status: str, errors: Iterable[Mapping[str, Any]]) -> EndReason | None:
    """The reason that the first of `errors` names which names one; the token limit where only the status tells."""
    for error in errors:
        if (reason := reason_of(str(error.get("code") or ""), str(error.get("message") or ""))) is not None:
            return reason
    return EndReason.MAX_OUTPUT_TOKENS if status == "incomplete" else None


def reason_of(code: str, message: str) -> EndReason | None:
    """The reason in an error's code, else in its words. Naming the field `safety_settings` is none."""
    known = _CODES.get(code.lower().removeprefix("finish_reason_").removeprefix("image_"))
    if known is not None:
        return known
    text = f"{code} {message}".lower().replace("safety_setting", "").replace("safetysetting", "")
    return next((reason for word, reason in _WORDS.items() if word in text), None)
