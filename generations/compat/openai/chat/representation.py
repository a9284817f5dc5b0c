"""Ended jobs as a chat completion, or as the chunks of one: a choice for each job."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

from cavendish.db import ids
from generations.compat.openai.chat.reply import Reply, reply_of
from generations.compat.openai.failures import failure_json
from generations.compat.openai.usage import chat_usage_json
from generations.models import GenerationContent
from generations.selectors import GenerationDetail

Contents = Mapping[UUID, GenerationContent]
Chunk = dict[str, Any]


def completion_json(
    details: Sequence[GenerationDetail], contents: Contents, *, thoughts: bool
) -> dict[str, Any] | None:
    """The completion; None where no job has an answer. Jobs that failed have no choice: `errors`, which is ours, says
    why. `generations` are the jobs' ids.
    """
    choices: list[dict[str, Any]] = []
    answered: set[int] = set()
    for index, detail in enumerate(details):
        reply = reply_of(detail, contents[detail.generation.id], thoughts=thoughts)
        if reply is not None:
            answered.add(index)
            choices.append({"index": index, "message": reply.message(), **_finish(reply), "logprobs": None})
    if not choices:
        return None
    return {
        **_head(details, "chat.completion"),
        "choices": choices,
        "usage": chat_usage_json(details),
        **_errors(details, answered),
        "generations": [ids.encode(ids.GENERATION, detail.generation.id) for detail in details],
    }


def first_chunk(details: Sequence[GenerationDetail]) -> Chunk:
    """What a stream begins with while the jobs run."""
    delta = {"role": "assistant", "content": ""}
    choices = [{"index": index, "delta": delta, "finish_reason": None} for index, _ in enumerate(details)]
    return {**_head(details, "chat.completion.chunk"), "choices": choices}


def choice_chunks(
    details: Sequence[GenerationDetail], index: int, content: GenerationContent, *, thoughts: bool
) -> Iterator[Chunk]:
    """The chunks of the job at `index`, which has ended; none where it has no answer."""
    reply = reply_of(details[index], content, thoughts=thoughts)
    if reply is None:
        return
    head = _head(details, "chat.completion.chunk")
    for delta in [*reply.pieces, *([reply.rest] if reply.rest else [])]:
        yield {**head, "choices": [{"index": index, "delta": delta, "finish_reason": None}]}
    last = {"refusal": reply.refusal} if reply.refusal else {}
    yield {**head, "choices": [{"index": index, "delta": last, **_finish(reply)}]}


def last_chunks(
    details: Sequence[GenerationDetail], contents: Contents, *, with_usage: bool
) -> tuple[list[Chunk], dict[str, Any] | None]:
    """What a stream ends with once all jobs have: its last chunks, or the error where none has an answer."""
    answered = {
        index
        for index, detail in enumerate(details)
        if reply_of(detail, contents[detail.generation.id], thoughts=False) is not None
    }
    if not answered:
        return [], failure_json(first_failed(details))
    errors = _errors(details, answered)
    if not with_usage and not errors:
        return [], None
    usage = {"usage": chat_usage_json(details)} if with_usage else {}
    return [{**_head(details, "chat.completion.chunk"), "choices": [], **usage, **errors}], None


def first_failed(details: Sequence[GenerationDetail]) -> GenerationDetail:
    return next((detail for detail in details if detail.generation.error), details[0])


def _finish(reply: Reply) -> dict[str, str]:
    return {"finish_reason": reply.finish_reason, "native_finish_reason": reply.native_finish_reason}


def _errors(details: Sequence[GenerationDetail], answered: set[int]) -> dict[str, Any]:
    failed = [{"index": index, **failure_json(detail)} for index, detail in enumerate(details) if index not in answered]
    return {"errors": failed} if failed else {}


def _head(details: Sequence[GenerationDetail], kind: str) -> dict[str, Any]:
    generation = details[0].generation
    return {
        "id": ids.encode(ids.GENERATION, generation.id),
        "object": kind,
        "created": int(generation.created_at.timestamp()),
        "model": generation.model,
        "service_tier": "default",
        "system_fingerprint": None,
    }
