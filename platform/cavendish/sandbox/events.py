"""An interaction as a stream of server-sent events, in the order in which Google sends them."""

from __future__ import annotations

import re
from typing import Any

from cavendish.sandbox.contents import Json
from cavendish.sandbox.errors import ApiError
from cavendish.sandbox.records import Record
from cavendish.sandbox.views import lifecycle

_DELTA_CHARACTERS = 48
"""Characters in a text delta, so that a text block of the sandbox comes in three."""

OPENING = 2
"""How many events are sent before the model's first step."""


def opening_events(record: Record) -> list[Json]:
    return _numbered([_created(record), _status(record, "in_progress")])


def all_events(record: Record, steps: list[Json]) -> list[Json]:
    """Returns all events of an interaction that has ended. `steps` are its steps with their pictures."""
    events = [_created(record), _status(record, "in_progress")]
    for index, step in enumerate(steps):
        events += _step_events(index, step)
    if record.status != "completed":
        events.append(_status(record, record.status))
    events.append({"event_type": "interaction.completed", "interaction": lifecycle(record, final=True)})
    return _numbered(events)


def resume_after(last_event_id: str | None) -> int:
    """Returns how many events the client has received. Raises ApiError for an unknown event's id."""
    if not last_event_id:
        return 0
    match = re.fullmatch(r"ev_([0-9]{1,6})", last_event_id)
    if not match:
        raise ApiError(400, f"Invalid last_event_id: '{last_event_id[:100]}'.")
    return int(match[1])


def _numbered(events: list[Json]) -> list[Json]:
    return [{"event_type": event["event_type"], "event_id": f"ev_{n}", **event} for n, event in enumerate(events, 1)]


def _created(record: Record) -> Json:
    return {"event_type": "interaction.created", "interaction": lifecycle(record, final=False)}


def _status(record: Record, status: str) -> Json:
    return {"event_type": "interaction.status_update", "interaction_id": record.id, "status": status}


def _step_events(index: int, step: Json) -> list[Json]:
    start, deltas = _SPLIT[step["type"]](step)
    return [
        {"event_type": "step.start", "index": index, "step": start},
        *({"event_type": "step.delta", "index": index, "delta": delta} for delta in deltas),
        {"event_type": "step.stop", "index": index},
    ]


def _thought(step: Json) -> tuple[Json, list[Json]]:
    deltas: list[Json] = [{"type": "thought_summary", "content": content} for content in step.get("summary", [])]
    return {"type": "thought"}, [*deltas, {"type": "thought_signature", "signature": step["signature"]}]


def _search_call(step: Json) -> tuple[Json, list[Json]]:
    start = {**step, "arguments": {}, "signature": ""}
    return start, [{"type": step["type"], "arguments": step["arguments"], "signature": step["signature"]}]


def _search_result(step: Json) -> tuple[Json, list[Json]]:
    start = {"type": step["type"], "call_id": step["call_id"], "result": [], "signature": ""}
    delta = {name: step[name] for name in ("type", "result", "is_error", "signature")}
    return start, [delta]


def _model_output(step: Json) -> tuple[Json, list[Json]]:
    deltas: list[Json] = []
    for block in step["content"]:
        if block["type"] != "text":
            deltas.append(block)
            continue
        text = block["text"]
        deltas += [
            {"type": "text", "text": text[at : at + _DELTA_CHARACTERS]} for at in range(0, len(text), _DELTA_CHARACTERS)
        ]
        if block.get("annotations"):
            deltas.append({"type": "text_annotation_delta", "annotations": block["annotations"]})
    return {"type": "model_output"}, deltas


_SPLIT: dict[str, Any] = {
    "thought": _thought,
    "google_search_call": _search_call,
    "google_search_result": _search_result,
    "model_output": _model_output,
}
