"""Thought signatures, which have to come back to the upstream verbatim, on their way through parts.

An interaction has steps of their own for thoughts and searches, each with a signature; a part has one field,
`thoughtSignature`, whose bytes the SDKs decode and encode again in another alphabet. A single signature in standard
base64 survives that as it is. Anything else (a search, several thoughts, no base64) is packed: the steps as JSON behind
a mark, in base64.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pybase64

from generations.request.replay import is_stand_in

_MARK = b"cavendish steps "
KEPT = {
    "thought": ("signature",),
    "google_search_call": ("id", "arguments", "search_type", "signature"),
    "google_search_result": ("call_id", "result", "is_error", "signature"),
}

Step = dict[str, Any]


def signature_pack(steps: Sequence[Step]) -> str:
    """One `thoughtSignature` for the steps between two parts; "" when none of them has anything to keep."""
    kept = [step_plain(step) for step in steps]
    kept = [step for step in kept if len(step) > 1]
    if not kept:
        return ""
    signature = kept[0].get("signature")
    alone = len(kept) == 1 and kept[0]["type"] == "thought"
    if alone and isinstance(signature, str) and _encoded(_decoded(signature)) == signature:
        return signature
    return _encoded(_MARK + json.dumps(kept, ensure_ascii=False, separators=(",", ":")).encode())


def signature_unpack(text: str) -> list[Step]:
    """The steps that `signature_pack` was given; one thought for a signature from elsewhere, none for a stand-in."""
    if is_stand_in(text):
        return []
    raw = _decoded(text)
    if raw is None:
        return [{"type": "thought", "signature": text}]
    if raw.startswith(_MARK) and (steps := _steps(raw[len(_MARK) :])):
        return steps
    return [{"type": "thought", "signature": _encoded(raw)}]


def _steps(packed: bytes) -> list[Step]:
    """The steps in `packed`, [] where it was not packed here. What they hold is checked as in every request."""
    try:
        steps = json.loads(packed)
        # Python reads lone surrogates, which PostgreSQL does not take.
        json.dumps(steps, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        return []
    if not isinstance(steps, list) or not all(isinstance(step, dict) for step in steps):
        return []
    return [step_plain(step) for step in steps] if all(str(step.get("type")) in KEPT for step in steps) else []


def step_plain(step: Step) -> Step:
    """A step of the model's without what it said and drew: what has to come back verbatim."""
    kept = {name: step[name] for name in KEPT[step["type"]] if step.get(name) not in (None, "")}
    return {"type": step["type"], **kept}


def _encoded(raw: bytes | None) -> str:
    return pybase64.b64encode(raw).decode() if raw else ""


def _decoded(text: str) -> bytes | None:
    """Bytes of base64 in either alphabet, with or without padding; None when it is none."""
    standard = text.translate(str.maketrans("-_", "+/")).rstrip("=")
    try:
        return pybase64.b64decode(standard + "=" * (-len(standard) % 4), validate=True)
    except ValueError:
        return None
