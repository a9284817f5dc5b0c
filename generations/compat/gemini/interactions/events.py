"""An ended interaction as the events of docs/wire.md, in order. Ids count from 1, so a stream resumes behind any."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cavendish.http.problems import bad_request
from generations.compat.shared.json_stream import json_chunks

RUNNING = "in_progress"
DONE = b"event: done\ndata: [DONE]\n\n"
# Known when a search step starts; the rest comes as its delta.
_SEARCH = {"google_search_call": ("id", "search_type"), "google_search_result": ("call_id",)}


LEAD = 2
"""How many events come before anything is known of the end."""


def event_stream(interaction: dict[str, Any], after: int) -> Iterator[bytes]:
    """The frames behind the event of that number, pictures streamed from storage. One that runs ends without `done`."""
    for number, (kind, fields) in enumerate(events(interaction), start=1):
        if number <= after:
            continue
        yield f"event: {kind}\ndata: ".encode()
        yield from json_chunks({"event_type": kind, "event_id": f"ev_{number}", **fields})
        yield b"\n\n"
    if interaction["status"] != RUNNING:
        yield DONE


def number_of(event_id: str | None) -> int:
    """The number in an event's id; 0 without one: then the stream begins at its beginning. Raises Problem 400."""
    text = (event_id or "").removeprefix("ev_")
    if event_id and not (text.isascii() and text.isdecimal() and len(text) < 10):
        raise bad_request("invalid", "last_event_id takes the event_id of an event as it came, such as ev_3.")
    return int(text or 0)


def events(interaction: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    head = {key: value for key, value in interaction.items() if key not in {"steps", "usage", "errors", "role"}}
    yield "interaction.created", {"interaction": {**head, "status": RUNNING}}
    yield "interaction.status_update", {"interaction_id": head["id"], "status": RUNNING}
    if interaction["status"] == RUNNING:
        return
    for index, step in enumerate(interaction["steps"]):
        yield "step.start", {"index": index, "step": _start(step)}
        for delta in _deltas(step):
            yield "step.delta", {"index": index, "delta": delta}
        yield "step.stop", {"index": index}
    if interaction["status"] == "failed":
        yield "error", {"error": (interaction.get("errors") or [{"code": "internal", "message": "It failed."}])[0]}
    last = {key: value for key, value in interaction.items() if key not in {"steps", "role"}}
    yield "interaction.completed", {"interaction": last}


def _start(step: dict[str, Any]) -> dict[str, Any]:
    started: dict[str, Any] = {"type": step["type"]}
    for name in _SEARCH.get(step["type"], ()):
        if name in step:
            started[name] = step[name]
    if step["type"] in _SEARCH:
        started["signature"] = ""
    return started


def _deltas(step: dict[str, Any]) -> Iterator[dict[str, Any]]:
    kind = step["type"]
    if kind == "thought":
        for block in step.get("summary") or ():
            yield {"type": "thought_summary", "content": block}
        if step.get("signature"):
            yield {"type": "thought_signature", "signature": step["signature"]}
    elif kind in _SEARCH:
        yield {name: value for name, value in step.items() if name not in _SEARCH[kind]}
    else:
        for block in step.get("content") or ():
            notes = block.get("annotations")
            yield {name: value for name, value in block.items() if name != "annotations"}
            if notes:
                yield {"type": "text_annotation_delta", "annotations": notes}
