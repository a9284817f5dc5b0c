"""The routes under /interactions."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import AsyncIterator

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from cavendish.sandbox import views
from cavendish.sandbox.answers import Damage, Streamed, escaped, event_chunks, json_answer
from cavendish.sandbox.contents import Json
from cavendish.sandbox.errors import ApiError
from cavendish.sandbox.events import OPENING, all_events, opening_events, resume_after
from cavendish.sandbox.plan import make_plan
from cavendish.sandbox.records import Record, new_id
from cavendish.sandbox.request import ImageRequest, read_request
from cavendish.sandbox.service import Sandbox, owner, read_body, sandbox

BODY_LIMIT = 100 * 1024 * 1024
_READ_IN_THREAD = 64 * 1024
_RUNNING = "in_progress"


async def create(request: Request) -> Response:
    box, key = sandbox(request), owner(request)
    body = await read_body(request, BODY_LIMIT)
    attempts_key = hashlib.sha256(key.encode() + body).hexdigest()
    if len(body) > _READ_IN_THREAD:
        ask = await asyncio.to_thread(_read, box, key, body)
    else:
        ask = _read(box, key, body)
    del body
    attempt = box.posts.next(attempts_key)
    if fault := ask.words.fault(attempt, "status"):
        if not ask.background:
            await asyncio.sleep(ask.words.latency)
        headers = {"Retry-After": fault.retry_after} if fault.retry_after else {}
        raise ApiError(fault.status, f"The sandbox was told to answer {fault.status}.", headers=headers)
    record = _record(box, key, ask, attempt, attempts_key)
    stream, background = ask.stream, ask.background
    if record.store:
        await box.records.add(record, ask.contents.inline)
    # From here on the request is held by its record alone, without the bytes that came with it.
    del ask
    if stream:
        return _events(box, record, request, resume=0)
    if background:
        return JSONResponse(views.interaction(record, []) | {"status": _RUNNING})
    if not await box.records.ended(record, request.receive):
        return Response(status_code=499)
    return await _document(box, _current(box, record), request, with_input=False)


async def get(request: Request) -> Response:
    box, record = _found(request)
    if request.query_params.get("stream") == "true":
        resume = resume_after(request.query_params.get("last_event_id"))
        return _events(box, record, request, resume=resume)
    return await _document(box, record, request, with_input=True)


async def cancel(request: Request) -> Response:
    box, record = _found(request)
    if record.status == _RUNNING:
        box.records.cancel(record)
    elif record.status != "cancelled":
        raise ApiError(400, f"Interaction {record.id} is {record.status} and cannot be cancelled.")
    return JSONResponse(views.interaction(record, []))


async def delete(request: Request) -> Response:
    box, record = _found(request)
    box.records.delete(record)
    return JSONResponse({})


def _found(request: Request) -> tuple[Sandbox, Record]:
    box, key = sandbox(request), owner(request)
    return box, _one(box, request.path_params["id"], key)


def _one(box: Sandbox, id: str, key: str) -> Record:
    record = box.records.find(id, key)
    if record is None:
        raise ApiError(404, f"Interaction '{id[:100]}' not found.")
    return record


def _read(box: Sandbox, key: str, body: bytes) -> ImageRequest:
    return read_request(body, lambda uri: box.files.known(uri, key))


def _record(box: Sandbox, key: str, ask: ImageRequest, attempt: int, attempts_key: str) -> Record:
    frame = None
    if ask.previous:
        before = _one(box, ask.previous, key)
        if before.status not in {"completed", "incomplete"}:
            raise ApiError(400, f"Interaction {before.id} is {before.status} and cannot be continued.")
        frame = before.plan.frame
    now = time.time()
    hangs = ask.words.fault(attempt, "hang") is not None
    return Record(
        id=new_id(),
        owner=key,
        model=ask.model.id,
        created=now,
        ready_at=None if hangs else now + ask.words.latency,
        plan=make_plan(ask, attempt=attempt, previous_frame=frame),
        words=ask.words,
        echo=ask.echo,
        input=ask.contents.steps,
        inputs=len(ask.contents.inline),
        store=ask.store,
        background=ask.background,
        attempts_key=attempts_key,
    )


def _current(box: Sandbox, record: Record) -> Record:
    """After a wait: the record may have been cancelled through another object of the same id."""
    return box.records.find(record.id, record.owner) or record


async def _document(box: Sandbox, record: Record, request: Request, *, with_input: bool) -> Response:
    """The interaction as JSON. Fetched later, its steps begin with the user's, as Google's do."""
    escapes = record.words.escapes
    steps = await views.model_steps(record, box.studio, data_first=escapes)
    damage = _damage(box, record)
    shown = views.interaction(record, steps)
    if with_input:
        asked = views.input_steps(record, box.records.input_path) if record.status != _RUNNING else []
        shown["steps"] = asked + steps
        if request.query_params.get("include_input") == "true":
            shown["input"] = views.input_steps(record, box.records.input_path)
    return json_answer(shown, damage=damage, gzip=_zipped(record, request), escapes=escapes)


def _events(box: Sandbox, record: Record, request: Request, *, resume: int) -> Response:
    """The events after the first `resume` ones; live while the interaction runs, and to its end."""

    async def chunks() -> AsyncIterator[bytes]:
        for event in opening_events(record)[resume:]:
            yield b"".join(event_chunks(event))
        if not await box.records.ended(record, request.receive):
            return
        ended = _current(box, record)
        escapes = ended.words.escapes
        steps = await views.model_steps(ended, box.studio, data_first=escapes)
        damage = _damage(box, ended)
        rest = all_events(ended, steps)[max(resume, OPENING) :]
        spoilt = _spoilt(rest)
        for number, event in enumerate(rest):
            for chunk in event_chunks(event, damage if number == spoilt else None):
                yield escaped(chunk) if escapes else chunk
        yield b"event: done\ndata: [DONE]\n\n"

    return Streamed(chunks(), media_type="text/event-stream", gzip=_zipped(record, request))


def _spoilt(events: list[Json]) -> int:
    """The event that a fault hits: the first final picture, or the last event where there is none."""
    deltas = (number for number, event in enumerate(events) if event.get("delta", {}).get("type") == "image")
    return next(deltas, len(events) - 1)


def _damage(box: Sandbox, record: Record) -> Damage | None:
    """Counted once for each delivery of an interaction that has ended, so that `times=N` heals a GET as well."""
    words = record.words
    if record.status == _RUNNING or words.fault(1, "cut", "bad_json") is None:
        return None
    attempt = box.deliveries.next(record.attempts_key)
    if words.fault(attempt, "cut"):
        return "cut"
    return "bad_json" if words.fault(attempt, "bad_json") else None


def _zipped(record: Record, request: Request) -> bool:
    return record.words.gzip and "gzip" in request.headers.get("accept-encoding", "")
