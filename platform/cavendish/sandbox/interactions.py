"""The routes under /interactions."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import AsyncIterator

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from cavendish.sandbox import views
from cavendish.sandbox.contents import Json
from cavendish.sandbox.errors import ApiError
from cavendish.sandbox.events import OPENING, all_events, opening_events, resume_after
from cavendish.sandbox.plan import create_plan
from cavendish.sandbox.records import Record, new_id
from cavendish.sandbox.request import ImageRequest, parse_request
from cavendish.sandbox.responses import Damage, Streamed, escaped, event_chunks, json_response
from cavendish.sandbox.service import Sandbox, owner, read_body, sandbox

BODY_LIMIT = 100 * 1024 * 1024
_PARSE_IN_THREAD = 64 * 1024
_RUNNING = "in_progress"


async def create(request: Request) -> Response:
    box, key = sandbox(request), owner(request)
    body = await read_body(request, BODY_LIMIT)
    attempts_key = hashlib.sha256(key.encode() + body).hexdigest()
    if len(body) > _PARSE_IN_THREAD:
        parsed = await asyncio.to_thread(_parse, box, key, body)
    else:
        parsed = _parse(box, key, body)
    del body
    attempt = box.posts.next(attempts_key) if parsed.words.faults else 1
    if fault := parsed.words.fault(attempt, "status"):
        if not parsed.background:
            await asyncio.sleep(parsed.words.latency)
        headers = {"Retry-After": fault.retry_after} if fault.retry_after else {}
        message = f"The prompt told the sandbox to respond with {fault.status}."
        raise ApiError(fault.status, message, headers=headers)
    record = _create_record(box, key, parsed, attempt, attempts_key)
    stream, background = parsed.stream, parsed.background
    if record.store:
        await box.records.add(record, parsed.contents.inline)
    # From here on the record alone stays in memory, without the bytes of the request.
    del parsed
    if stream:
        return _events(box, record, request, resume=0)
    if background:
        return JSONResponse(views.interaction(record, []) | {"status": _RUNNING})
    if not await box.records.ended(record, request.receive):
        return Response(status_code=499)
    return await _document(box, _current(box, record), request, with_input=False)


async def get(request: Request) -> Response:
    box, record = _record_of(request)
    if request.query_params.get("stream") == "true":
        resume = resume_after(request.query_params.get("last_event_id"))
        return _events(box, record, request, resume=resume)
    return await _document(box, record, request, with_input=True)


async def cancel(request: Request) -> Response:
    box, record = _record_of(request)
    if record.status == _RUNNING:
        box.records.cancel(record)
    elif record.status != "cancelled":
        raise ApiError(400, f"Interaction {record.id} is {record.status} and cannot be cancelled.")
    return JSONResponse(views.interaction(record, []))


async def delete(request: Request) -> Response:
    box, record = _record_of(request)
    box.records.delete(record)
    return JSONResponse({})


def _record_of(request: Request) -> tuple[Sandbox, Record]:
    box, key = sandbox(request), owner(request)
    return box, _find_record(box, request.path_params["id"], key)


def _find_record(box: Sandbox, id: str, key: str) -> Record:
    record = box.records.find(id, key)
    if record is None:
        raise ApiError(404, f"Interaction '{id[:100]}' not found.")
    return record


def _parse(box: Sandbox, key: str, body: bytes) -> ImageRequest:
    return parse_request(body, lambda uri: box.files.known(uri, key))


def _create_record(box: Sandbox, key: str, parsed: ImageRequest, attempt: int, attempts_key: str) -> Record:
    frame = None
    if parsed.previous:
        previous = _find_record(box, parsed.previous, key)
        if previous.status not in {"completed", "incomplete"}:
            raise ApiError(400, f"Interaction {previous.id} is {previous.status} and cannot be continued.")
        frame = previous.plan.frame
    now = time.time()
    hangs = parsed.words.fault(attempt, "hang") is not None
    return Record(
        id=new_id(),
        owner=key,
        model=parsed.model.id,
        created=now,
        ready_at=None if hangs else now + parsed.words.latency,
        plan=create_plan(parsed, attempt=attempt, previous_frame=frame),
        words=parsed.words,
        echo=parsed.echo,
        input=parsed.contents.steps,
        inputs=len(parsed.contents.inline),
        store=parsed.store,
        background=parsed.background,
        attempts_key=attempts_key,
    )


def _current(box: Sandbox, record: Record) -> Record:
    """Returns the record after a wait: it may have been cancelled through another object of the same id."""
    return box.records.find(record.id, record.owner) or record


async def _document(box: Sandbox, record: Record, request: Request, *, with_input: bool) -> Response:
    """Returns the interaction as JSON. With its input the steps begin with the user's, as Google's do in a GET."""
    escapes = record.words.escapes
    steps = await views.model_steps(record, box.studio, data_first=escapes)
    damage = _damage(box, record)
    body = views.interaction(record, steps)
    if with_input:
        input_steps = views.input_steps(record, box.records.input_path) if record.status != _RUNNING else []
        body["steps"] = input_steps + steps
        if request.query_params.get("include_input") == "true":
            body["input"] = views.input_steps(record, box.records.input_path)
    return json_response(body, damage=damage, gzip=_gzips(record, request), escapes=escapes)


def _events(box: Sandbox, record: Record, request: Request, *, resume: int) -> Response:
    """Returns the events after the first `resume` ones, live while the interaction runs, to its end."""

    async def chunks() -> AsyncIterator[bytes]:
        for event in opening_events(record)[resume:]:
            yield b"".join(event_chunks(event))
        if not await box.records.ended(record, request.receive):
            return
        ended = _current(box, record)
        escapes = ended.words.escapes
        steps = await views.model_steps(ended, box.studio, data_first=escapes)
        damage = _damage(box, ended)
        remaining = all_events(ended, steps)[max(resume, OPENING) :]
        damaged = _damaged_event(remaining)
        for number, event in enumerate(remaining):
            for chunk in event_chunks(event, damage if number == damaged else None):
                yield escaped(chunk) if escapes else chunk
        yield b"event: done\ndata: [DONE]\n\n"

    return Streamed(chunks(), media_type="text/event-stream", gzip=_gzips(record, request))


def _damaged_event(events: list[Json]) -> int:
    """Returns the index of the event that a fault hits: the first final picture, or the last event without one."""
    deltas = (number for number, event in enumerate(events) if event.get("delta", {}).get("type") == "image")
    return next(deltas, len(events) - 1)


def _damage(box: Sandbox, record: Record) -> Damage | None:
    """Returns the damage of a response to an interaction that has ended.

    It is counted once per response, so that `times=N` heals a GET as well.
    """
    words = record.words
    if record.status == _RUNNING or words.fault(1, "cut", "bad_json") is None:
        return None
    attempt = box.deliveries.next(record.attempts_key)
    if words.fault(attempt, "cut"):
        return "cut"
    return "bad_json" if words.fault(attempt, "bad_json") else None


def _gzips(record: Record, request: Request) -> bool:
    return record.words.gzip and "gzip" in request.headers.get("accept-encoding", "")
