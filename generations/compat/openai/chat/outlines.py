"""What the text and the pictures of a message do not tell of the model's turn: its thoughts' signatures and the order.

A message has one text and a list of pictures; a turn has both in any order, with signatures between them that have to
come back. The outline is that turn with places of the text instead of texts, and without pictures. It travels as an
encrypted entry of `reasoning_details`, which clients hand back as it was.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pybase64

from generations.compat.shared.signatures import KEPT, Step, step_plain

FORMAT = "google-gemini-v1"
_MARK = b"cavendish turn "
Place = list[int] | None
"""Where a text begins and ends in the message's; None for a picture."""
Block = dict[str, Any]


def outline_pack(steps: Sequence[Step]) -> str:
    """The outline as text. `steps` have a list of Places as the `content` of a `model_output`."""
    kept = [step if step["type"] == "model_output" else step_plain(step) for step in steps]
    kept = [step for step in kept if len(step) > 1]
    packed = _MARK + json.dumps(kept, ensure_ascii=False, separators=(",", ":")).encode()
    return pybase64.b64encode(packed).decode()


def outline_unpack(text: str) -> list[Step]:
    """The steps that `outline_pack` was given; [] for a text from elsewhere. What they hold is checked as always."""
    try:
        packed = pybase64.b64decode(text, validate=True)
        if not packed.startswith(_MARK):
            return []
        steps = json.loads(packed[len(_MARK) :])
        # Python reads lone surrogates, which PostgreSQL does not take.
        json.dumps(steps, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        return []
    if not isinstance(steps, list):
        return []
    known = {"model_output", *KEPT}
    if not all(isinstance(step, dict) and str(step.get("type")) in known for step in steps):
        return []
    return [step if step["type"] == "model_output" else step_plain(step) for step in steps]


def turn_rebuild(outline: Sequence[Step], text: str, pictures: Sequence[Block]) -> list[Step]:
    """The turn of a message. Where text or pictures are others than those of the outline, the signatures come first.

    `pictures` are blocks as an interaction has them.
    """
    exact = _exact(outline, text, list(pictures))
    if exact is not None:
        return exact
    content = [*([{"type": "text", "text": text}] if text else []), *pictures]
    signed = [step for step in outline if step["type"] != "model_output"]
    return [*signed, *([{"type": "model_output", "content": content}] if content else [])]


def _exact(outline: Sequence[Step], text: str, pictures: list[Block]) -> list[Step] | None:
    steps: list[Step] = []
    end = 0
    for step in outline:
        if step["type"] != "model_output":
            steps.append(step)
            continue
        content: list[Block] = []
        places = step.get("content")
        for place in places if isinstance(places, list) else ():
            if place is None and pictures:
                content.append(pictures.pop(0))
            elif _is_place(place, after=end, before=len(text)) and not text[end : place[0]].strip():
                content.append({"type": "text", "text": text[place[0] : place[1]]})
                end = place[1]
            else:
                return None
        if content:
            steps.append({"type": "model_output", "content": content})
    whole = end == len(text) and not pictures and any(step["type"] == "model_output" for step in steps)
    return steps if whole else None


def _is_place(place: Any, *, after: int, before: int) -> bool:
    return (
        isinstance(place, list)
        and len(place) == 2
        and all(isinstance(each, int) and not isinstance(each, bool) for each in place)
        and after <= place[0] < place[1] <= before
    )
