"""An interaction of the upstream, from one document or from a stream of events (docs/wire.md)."""

from __future__ import annotations

import contextlib
import json
from dataclasses import dataclass, field
from typing import Any

from cavendish.gemini.client._errors import BrokenAnswer, from_event, short

UNFINISHED = frozenset({"in_progress", "queued", "requires_continuation"})
_OWN_FIELDS = frozenset({"id", "status", "model", "steps", "usage", "errors"})


@dataclass
class Interaction:
    """`data` of an image in `steps` is a Spilled. `raw` has all other fields, mostly the request's echo."""

    id: str
    status: str
    model: str | None
    steps: list[dict[str, Any]]
    usage: dict[str, Any] | None
    errors: list[Any]
    raw: dict[str, Any] = field(default_factory=dict)

    @property
    def finished(self) -> bool:
        return self.status not in UNFINISHED


def from_document(document: Any) -> Interaction:
    """Returns the interaction that a document describes. Raises BrokenAnswer for any other document."""
    if not isinstance(document, dict):
        raise _no_interaction()
    steps, usage, errors = document.get("steps") or [], document.get("usage"), document.get("errors") or []
    if not isinstance(steps, list) or not all(isinstance(step, dict) for step in steps):
        raise _no_interaction()
    status = document.get("status")
    if not isinstance(status, str):
        raise _no_interaction()
    model = document.get("model")
    return Interaction(
        id=str(document.get("id") or ""),
        status=status,
        model=model if isinstance(model, str) else None,
        steps=steps,
        usage=usage if isinstance(usage, dict) else None,
        errors=errors if isinstance(errors, list) else [errors],
        raw={name: value for name, value in document.items() if name not in _OWN_FIELDS},
    )


class Assembler:
    """Assembles an interaction from the events of a stream."""

    def __init__(self) -> None:
        self._fields: dict[str, Any] = {}
        self._steps: dict[int, dict[str, Any]] = {}
        self._completed = False

    @property
    def id(self) -> str:
        return str(self._fields.get("id") or "")

    def complete(self, done: bool) -> bool:
        """Returns whether the upstream said how it ended. `done` says that the stream ended in order, after which a
        final status is enough.
        """
        status = self._fields.get("status")
        return self._completed or (done and isinstance(status, str) and status not in UNFINISHED)

    def add(self, event: Any) -> None:
        """Adds an event. Raises the GeminiError of an `error` event, BrokenAnswer for what is no event."""
        if not isinstance(event, dict):
            raise _no_interaction()
        kind = event.get("event_type")
        if kind in ("interaction.created", "interaction.completed"):
            self._fields.update(_table(event.get("interaction")))
            self._completed = self._completed or kind == "interaction.completed"
        elif kind == "interaction.status_update":
            self._fields.update(
                {name: event[key] for name, key in (("id", "interaction_id"), ("status", "status")) if event.get(key)}
            )
        elif kind == "step.start":
            self._steps[_index(event)] = dict(_table(event.get("step")))
        elif kind == "step.delta":
            _apply(self._steps.setdefault(_index(event), {"type": "model_output"}), _table(event.get("delta")))
        elif kind == "step.stop":
            _finish(self._steps.get(_index(event), {}))
        elif kind == "error":
            error = _table(event.get("error"))
            code = error.get("code")
            raise from_event(
                str(code) if code is not None else None,
                short(str(error.get("message") or "the upstream reported an error")),
                self._fields.get("usage") if isinstance(self._fields.get("usage"), dict) else None,
            )
        # Other events are newer than this client and do not concern the pictures.

    def interaction(self) -> Interaction:
        """Returns what came so far. Raises BrokenAnswer when that is nothing."""
        fields = dict(self._fields)
        if self._steps:
            fields["steps"] = [_joined(self._steps[index]) for index in sorted(self._steps)]
        return from_document(fields)


def _apply(step: dict[str, Any], delta: dict[str, Any]) -> None:
    kind = delta.get("type")
    if kind == "text":
        content = step.setdefault("content", [])
        if not (content and content[-1].get("type") == "text"):
            content.append({"type": "text", "text": ""})
        # A list of parts until the end: a text that is joined at every token would be copied as often.
        block = content[-1]
        if not isinstance(block.get("text"), list):
            block["text"] = [_string(block.get("text"))]
        block["text"].append(str(delta.get("text") or ""))
        _annotate(content[-1], delta)
    elif kind == "text_annotation_delta":
        text = next((block for block in reversed(step.get("content", [])) if block.get("type") == "text"), None)
        if text is not None:
            _annotate(text, delta)
    elif kind in ("image", "audio", "video", "document"):
        step.setdefault("content", []).append(delta)
    elif kind == "thought_summary":
        step.setdefault("summary", []).append(_table(delta.get("content")))
    elif kind == "arguments_delta":
        step["arguments"] = _string(step.get("arguments")) + _string(delta.get("arguments"))
    else:
        step.update({name: value for name, value in delta.items() if name != "type"})


def _joined(step: dict[str, Any]) -> dict[str, Any]:
    content = step.get("content")
    for block in content if isinstance(content, list) else ():
        if isinstance(block, dict) and isinstance(block.get("text"), list):
            block["text"] = "".join(block["text"])
    return step


def _annotate(block: dict[str, Any], delta: dict[str, Any]) -> None:
    if isinstance(annotations := delta.get("annotations"), list) and annotations:
        block.setdefault("annotations", []).extend(annotations)


def _finish(step: dict[str, Any]) -> None:
    # Arguments that came in parts are JSON once they are complete.
    if isinstance(arguments := step.get("arguments"), str):
        with contextlib.suppress(ValueError):
            step["arguments"] = json.loads(arguments)


def _table(value: Any) -> dict[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise _no_interaction()
    return value


def _string(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _index(event: dict[str, Any]) -> int:
    index = event.get("index")
    if not isinstance(index, int):
        raise _no_interaction()
    return index


def _no_interaction() -> BrokenAnswer:
    return BrokenAnswer("the upstream's response is not an interaction", code="malformed", retryable=True)
