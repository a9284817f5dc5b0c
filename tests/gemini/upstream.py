"""A raw HTTP server for the client's tests: it does to a connection whatever a script says."""

from __future__ import annotations

import asyncio
import base64
import gzip
import json
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

PICTURE = bytes(range(256)) * 40


def interaction(picture: bytes = PICTURE, **fields: Any) -> dict[str, Any]:
    return {
        "id": "v1_x",
        "object": "interaction",
        "model": "gemini-3.1-flash-image",
        "status": "completed",
        "steps": [
            {
                "type": "model_output",
                "content": [
                    {"type": "text", "text": "Here."},
                    {"type": "image", "data": base64.b64encode(picture).decode(), "mime_type": "image/png"},
                ],
            }
        ],
        "usage": {"total_tokens": 1125},
        **fields,
    }


def answer(
    body: bytes | dict[str, Any],
    *,
    status: str = "200 OK",
    content_type: str = "application/json",
    headers: str = "",
    packed: bool = False,
) -> bytes:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    if packed:
        raw = gzip.compress(raw)
        headers += "Content-Encoding: gzip\r\n"
    head = f"HTTP/1.1 {status}\r\nContent-Type: {content_type}\r\nContent-Length: {len(raw)}\r\n{headers}\r\n"
    return head.encode() + raw


def error(status: str, code: str = "x", message: str = "no", headers: str = "", **more: Any) -> bytes:
    return answer({"error": {"code": code, "message": message, **more}}, status=status, headers=headers)


def events(*items: dict[str, Any], end: bytes = b"event: done\ndata: [DONE]\n\n") -> bytes:
    text = b"".join(f"event: {item['event_type']}\ndata: {json.dumps(item)}\n\n".encode() for item in items)
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\nTransfer-Encoding: chunked\r\n\r\n"
    body = text + end
    return head + f"{len(body):x}\r\n".encode() + body + b"\r\n0\r\n\r\n"


@dataclass
class Request:
    method: str
    target: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


Script = Callable[[Request, asyncio.StreamWriter], Awaitable[None]]


@dataclass
class Upstream:
    """`plan` holds what to do with each request in turn: bytes to send, or a coroutine function. The last one stays."""

    plan: list[bytes | Script] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)
    url: str = ""
    connections: int = 0
    in_flight: int = 0
    most_in_flight: int = 0
    on_body: Callable[[bytes], None] | None = None
    """Takes the bodies piece by piece; the requests then keep none."""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while (request := await _request(reader, self.on_body)) is not None:
                self.requests.append(request)
                step = self.plan.pop(0) if len(self.plan) > 1 else self.plan[0]
                self.in_flight += 1
                self.most_in_flight = max(self.most_in_flight, self.in_flight)
                try:
                    if isinstance(step, bytes):
                        writer.write(step)
                    else:
                        await step(request, writer)
                    await writer.drain()
                finally:
                    self.in_flight -= 1
                if writer.is_closing():
                    break
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


async def _request(reader: asyncio.StreamReader, on_body: Callable[[bytes], None] | None) -> Request | None:
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return None
    first, *lines = head.decode().strip().split("\r\n")
    method, target, _ = first.split(" ")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    if "chunked" in headers.get("transfer-encoding", ""):
        raise AssertionError("the length of a body must be known")
    left = int(headers.get("content-length", "0"))
    if on_body is None:
        return Request(method, target, headers, await reader.readexactly(left))
    while left:
        piece = await reader.read(min(left, 256 * 1024))
        if not piece:
            return None
        left -= len(piece)
        on_body(piece)
    body = b""
    return Request(method, target, headers, body)


STREAM: list[dict[str, Any]] = [
    {"event_type": "interaction.created", "interaction": {"id": "v1_s", "model": "m", "status": "in_progress"}},
    {"event_type": "interaction.status_update", "interaction_id": "v1_s", "status": "in_progress"},
    {"event_type": "step.start", "index": 0, "step": {"type": "thought"}},
    {
        "event_type": "step.delta",
        "index": 0,
        "delta": {"type": "thought_summary", "content": {"type": "text", "text": "Thinking."}},
    },
    {
        "event_type": "step.delta",
        "index": 0,
        "delta": {"type": "thought_summary", "content": {"type": "image", "mime_type": "image/png", "data": "QUJD"}},
    },
    {"event_type": "step.delta", "index": 0, "delta": {"type": "thought_signature", "signature": "c2ln"}},
    {"event_type": "step.stop", "index": 0},
    {"event_type": "step.start", "index": 1, "step": {"type": "google_search_call", "id": "gs_1", "arguments": {}}},
    {
        "event_type": "step.delta",
        "index": 1,
        "delta": {"type": "google_search_call", "arguments": {"queries": ["fox"]}, "signature": "s"},
    },
    {"event_type": "step.start", "index": 2, "step": {"type": "google_search_result", "call_id": "gs_1", "result": []}},
    {
        "event_type": "step.delta",
        "index": 2,
        "delta": {"type": "google_search_result", "result": [{"search_suggestions": "<div/>"}], "is_error": False},
    },
    {"event_type": "step.start", "index": 3, "step": {"type": "model_output"}},
    {"event_type": "step.delta", "index": 3, "delta": {"type": "text", "text": "He"}},
    {"event_type": "step.delta", "index": 3, "delta": {"type": "text", "text": "re."}},
    {
        "event_type": "step.delta",
        "index": 3,
        "delta": {"type": "text_annotation_delta", "annotations": [{"type": "url_citation", "url": "u"}]},
    },
    {
        "event_type": "step.delta",
        "index": 3,
        "delta": {"type": "image", "mime_type": "image/png", "data": base64.b64encode(PICTURE).decode()},
    },
    {"event_type": "step.delta", "index": 3, "delta": {"type": "text", "text": "And that."}},
    {"event_type": "step.stop", "index": 3},
    {"event_type": "something.new", "x": 1},
    {
        "event_type": "interaction.completed",
        "interaction": {"id": "v1_s", "status": "completed", "usage": {"total_tokens": 7}},
    },
]


async def cut(request: Request, writer: asyncio.StreamWriter) -> None:
    whole = answer(interaction())
    writer.write(whole[: len(whole) // 2])
    await writer.drain()
    writer.close()


async def hang_up(request: Request, writer: asyncio.StreamWriter) -> None:
    writer.close()


async def hang(request: Request, writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(60)


async def hang_in_the_picture(request: Request, writer: asyncio.StreamWriter) -> None:
    whole = answer(interaction())
    writer.write(whole[: len(whole) // 2])
    await writer.drain()
    await asyncio.sleep(60)


@asynccontextmanager
async def upstream(*plan: bytes | Script, tls: ssl.SSLContext | None = None) -> AsyncIterator[Upstream]:
    listening = Upstream(plan=list(plan))
    tasks: set[asyncio.Task[None]] = set()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tasks.add(asyncio.create_task(listening.serve(reader, writer)))

    server = await asyncio.start_server(accept, "127.0.0.1", 0, limit=1024 * 1024, backlog=4096, ssl=tls)
    listening.url = f"{'https' if tls else 'http'}://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield listening
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
