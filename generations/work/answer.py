"""The parts of an upstream's answer: content in order, thoughts apart, citations, pictures, steps to keep, usage."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

from billing.prices.pricing import ALL_DELIVERED, Undelivered
from billing.usage.upstream import Usage, usage_parse
from cavendish.db.ids import new_id
from cavendish.gemini.client import Interaction
from cavendish.gemini.reader import Spilled
from generations.contracts import Citation
from generations.errors import EndReason
from generations.models import Output
from generations.request.media_types import EXTENSIONS
from generations.work.ends import end_reason
from generations.work.job import Job
from generations.work.pictures import Picture, picture_read

UPSTREAM_FAILED = frozenset({"failed", "budget_exceeded", "cancelled"})
REQUEST_CODES = frozenset({"invalid_request", "invalid_argument", "failed_precondition", "not_found", "400", "404"})
"""Codes that blame the request: asking again would not help (docs/wire.md, Errors)."""
_CITED_AGAIN = 4


@dataclass(frozen=True)
class Kept:
    """A picture that came, and the key under which it is stored."""

    id: UUID
    part: str
    index: int
    picture: Picture
    key: str


@dataclass
class Answer:
    """The parts of an interaction. Texts and pictures are in the order in which the model gave them."""

    pictures: list[Kept] = field(default_factory=list)
    content: list[dict[str, Any]] = field(default_factory=list)
    thoughts: list[dict[str, Any]] = field(default_factory=list)
    citations: list[Citation] = field(default_factory=list)
    queries: list[str] = field(default_factory=list)
    suggestions: list[str] = field(default_factory=list)
    steps: list[dict[str, Any]] = field(default_factory=list)
    usage: Usage = field(default_factory=Usage)
    usage_reported: dict[str, Any] | None = None
    end_reason: EndReason | None = None
    blocked: str | None = None
    undelivered: Undelivered = ALL_DELIVERED

    @property
    def outputs(self) -> list[Kept]:
        return [kept for kept in self.pictures if kept.part == Output.Part.OUTPUT]


def answer_read(interaction: Interaction, job: Job) -> Answer:
    """Returns the parts of an interaction. Raises NotAPicture when a picture's bytes are none."""
    answer = Answer(usage_reported=interaction.usage)
    outputs = {spilled.sha256 for spilled in _output_pictures(interaction)}
    for step in interaction.steps:
        kind = step.get("type")
        stored = dict(step)
        if kind == "model_output":
            stored["content"] = [_output(answer, job, block) for block in _dicts(step.get("content"))]
        elif kind == "thought":
            stored["summary"] = [_thought(answer, job, block, outputs) for block in _dicts(step.get("summary"))]
        elif kind == "google_search_call":
            arguments = step.get("arguments")
            queries = arguments.get("queries") if isinstance(arguments, Mapping) else None
            answer.queries += [str(query) for query in queries or ()]
        elif kind == "google_search_result":
            answer.suggestions += [
                str(entry["search_suggestions"])
                for entry in _dicts(step.get("result"))
                if entry.get("search_suggestions")
            ]
        if kind != "user_input":
            answer.steps.append(stored)
    _resolve_thoughts(answer)
    table = job.spec["resolution"]
    answer.usage = usage_parse(
        interaction.usage,
        picture_tokens=len(answer.outputs) * (table["tokens"] if table else 0),
        queries=len(answer.queries),
    )
    errors = _errors(interaction)
    answer.end_reason = end_reason(interaction.status, errors)
    if answer.end_reason not in {None, EndReason.MAX_OUTPUT_TOKENS}:
        answer.blocked = _words_of_block(errors)
    return answer


def outage(interaction: Interaction, answer: Answer) -> str | None:
    """Returns how the upstream failed after it had accepted, for a reason of its own; None when it did not."""
    if interaction.status not in UPSTREAM_FAILED or answer.outputs or answer.end_reason:
        return None
    codes = {str(error.get("code", "")).lower() for error in _dicts(interaction.errors)}
    if codes & REQUEST_CODES:
        return None
    return f'the upstream ended the interaction as "{interaction.status}"'


def misses_size(job: Job, answer: Answer) -> str | None:
    """Returns which picture is grossly not of the size that was asked for by name; None when none is.

    A few pixels are the model's habit (a real 512 at 3:2 came as 624×416 instead of 632×424): those are noted, not
    refused. So is any size where the request left it to the model, or where the table itself is odd.
    """
    table = job.spec["resolution"]
    if not table or table["doubtful"] or not job.spec["size_named"]:
        return None
    for kept in answer.outputs:
        picture = kept.picture
        across, down = picture.width / table["width"], picture.height / table["height"]
        if not (0.9 <= across <= 1.1 and 0.9 <= down <= 1.1):
            return f"the picture is {picture.width}x{picture.height} instead of {table['width']}x{table['height']}"
    return None


def _output(answer: Answer, job: Job, block: dict[str, Any]) -> dict[str, Any]:
    if block.get("type") == "text":
        text = str(block.get("text") or "")
        citations = list(_citations(text, block.get("annotations")))
        answer.citations += citations
        answer.content.append({"type": "text", "text": text, "citations": citations})
        return block
    if block.get("type") == "image" and isinstance(block.get("data"), Spilled):
        kept = _keep(answer, job, block["data"], Output.Part.OUTPUT)
        answer.content.append({"type": "image", "output_id": str(kept.id)})
        return _stored(block, kept)
    return {key: value for key, value in block.items() if not isinstance(value, Spilled)}


def _thought(answer: Answer, job: Job, block: dict[str, Any], outputs: set[str]) -> dict[str, Any]:
    if block.get("type") == "text":
        answer.thoughts.append({"type": "text", "text": str(block.get("text") or "")})
        return block
    spilled = block.get("data")
    if block.get("type") == "image" and isinstance(spilled, Spilled):
        if spilled.sha256 in outputs:
            # The last interim picture may be the final one: stored once, and found when all outputs are known.
            answer.thoughts.append({"type": "image", "sha256": spilled.sha256})
            return {"type": "image", "mime_type": block.get("mime_type"), "sha256": spilled.sha256}
        kept = _keep(answer, job, spilled, Output.Part.THOUGHT)
        answer.thoughts.append({"type": "image", "output_id": str(kept.id)})
        return _stored(block, kept)
    return {key: value for key, value in block.items() if not isinstance(value, Spilled)}


def _resolve_thoughts(answer: Answer) -> None:
    by_hash = {kept.picture.sha256: kept for kept in answer.outputs}
    for thought in answer.thoughts:
        if "sha256" in thought:
            thought["output_id"] = str(by_hash[thought.pop("sha256")].id)
    for step in answer.steps:
        if step.get("type") == "thought":
            step["summary"] = [
                _stored(block, by_hash[block["sha256"]]) if "sha256" in block else block for block in step["summary"]
            ]


def _keep(answer: Answer, job: Job, spilled: Spilled, part: str) -> Kept:
    picture = picture_read(spilled)
    index = sum(1 for kept in answer.pictures if kept.part == part)
    output_id = new_id()
    extension = EXTENSIONS[picture.mime_type]
    key = f"tenants/{job.tenant_id.hex}/outputs/{job.id.hex}/{output_id.hex}.{extension}"
    kept = Kept(id=output_id, part=part, index=index, picture=picture, key=key)
    answer.pictures.append(kept)
    return kept


def _stored(block: dict[str, Any], kept: Kept) -> dict[str, Any]:
    """Returns a block of the kept steps, with what it takes to stream its picture up when a conversation is rebuilt."""
    rest = {key: value for key, value in block.items() if key not in {"data", "sha256"}}
    return {
        **rest,
        "mime_type": kept.picture.mime_type,
        "output_id": str(kept.id),
        "storage_key": kept.key,
        "bytes": kept.picture.bytes,
    }


def _citations(text: str, annotations: Any) -> Iterator[Citation]:
    """Yields the url_citation annotations with the text they cover; offsets are UTF-8 bytes, the end exclusive.

    All of them together keep at most `_CITED_AGAIN` times the text: a thousand that each cover it would be its square.
    """
    raw = text.encode()
    left = _CITED_AGAIN * len(raw)
    for note in _dicts(annotations):
        if note.get("type") != "url_citation":
            continue
        start = note.get("start_index") if isinstance(note.get("start_index"), int) else 0
        end = note.get("end_index") if isinstance(note.get("end_index"), int) else len(raw)
        start, end = max(0, min(start or 0, len(raw))), max(0, min(end or 0, len(raw)))
        covered = raw[start : min(end, start + left)]
        left -= len(covered)
        yield {
            "url": str(note.get("url") or ""),
            "title": str(note.get("title") or ""),
            "start_index": start,
            "end_index": end,
            "text": covered.decode(errors="ignore"),
        }


def _errors(interaction: Interaction) -> list[dict[str, Any]]:
    return [*_dicts(interaction.errors), *_dicts([step.get("error") for step in interaction.steps])]


def _words_of_block(errors: list[dict[str, Any]]) -> str:
    """Returns the upstream's own words for its refusal."""
    messages = (str(error["message"]) for error in errors if error.get("message") and end_reason("", [error]))
    return next(messages, "The request was blocked for safety.")[:500]


def _output_pictures(interaction: Interaction) -> Iterator[Spilled]:
    for step in interaction.steps:
        if step.get("type") == "model_output":
            for block in _dicts(step.get("content")):
                if isinstance(block.get("data"), Spilled):
                    yield block["data"]


def _dicts(value: Any) -> list[dict[str, Any]]:
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []


def spool_paths(answer: Answer) -> dict[str, Path]:
    """Returns where the pictures lie until they are stored, by their storage keys."""
    return {kept.key: kept.picture.path for kept in answer.pictures}
