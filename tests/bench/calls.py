"""HTTP as cheap as it gets, since whoever makes the load shares the cores with what is measured."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Any

from tests.bench.pictures import Size

READ = 256 * 1024
LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)


@dataclass(frozen=True)
class Reply:
    """`seconds` from the first byte sent to the last byte read. The body is kept up to 64 KiB."""

    status: int
    body: bytes
    bytes: int
    seconds: float

    def json(self) -> Any:
        return json.loads(self.body)


class Connection:
    """One keep-alive connection: one call after the other."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def __aenter__(self) -> Connection:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.streams:
            self.streams[1].close()

    async def call(self, request: bytes) -> Reply:
        began = time.perf_counter()
        if self.streams is None:
            self.streams = await asyncio.open_connection("127.0.0.1", self.port, limit=4 * READ)
        reader, writer = self.streams
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        found = LENGTH.search(head)
        if found is None:
            streamed = await _chunks(reader)
            return Reply(int(head[9:12]), b"", streamed, time.perf_counter() - began)
        length = left = int(found[1])
        body = b""
        while left:
            piece = await reader.read(READ)
            if not piece:
                raise ConnectionError(f"{left} bytes did not come")
            left -= len(piece)
            if length <= 64 * 1024:
                body += piece
        return Reply(int(head[9:12]), body, length, time.perf_counter() - began)


async def _chunks(reader: asyncio.StreamReader) -> int:
    """How many bytes came, chunk borders included; they are read to their end and thrown away."""
    count, end = 0, b""
    while not end.endswith(b"\r\n0\r\n\r\n"):
        piece = await reader.read(READ)
        if not piece:
            raise ConnectionError("An answer ended in the middle")
        count += len(piece)
        end = (end + piece)[-8:]
    return count


def request(method: str, path: str, *, key: str = "", body: bytes = b"", wait: int = 0) -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", f"Content-Length: {len(body)}"]
    if body:
        lines.append("Content-Type: application/json")
    if key:
        lines.append(f"Authorization: Bearer {key}")
    if wait:
        lines.append(f"Prefer: wait={wait}")
    return "\r\n".join([*lines, "", ""]).encode() + body


def generation(key: str, size: Size, *, wait: int = 60, late: int = 0) -> bytes:
    """A request for one picture; `late` seconds is what the upstream takes."""
    document = {
        "model": "gemini-3.1-flash-image",
        "input": f"Noise, late={late}" if late else "Noise",
        "response_format": {"type": "image", "aspect_ratio": "1:1", "image_size": size.name},
    }
    return request("POST", "/api/v1/generations", key=key, body=json.dumps(document).encode(), wait=wait)


def interaction(key: str, size: Size, *, late: int = 0) -> bytes:
    """What the official SDKs send for one picture; its answer holds the picture."""
    document = {
        "model": "gemini-3.1-flash-image",
        "input": f"Noise, late={late}" if late else "Noise",
        "response_format": {"type": "image", "aspect_ratio": "1:1", "image_size": size.name},
    }
    return request("POST", "/v1beta/interactions", key=key, body=json.dumps(document).encode())


def direct(size: Size) -> bytes:
    """What the platform sends to the upstream for such a request, near enough."""
    document = {"model": "gemini-3.1-flash-image", "input": "Noise", "response_format": {"image_size": size.name}}
    return request("POST", "/v1beta/interactions", body=json.dumps(document).encode())


async def load(
    port: int, clients: int, count: int, one: Callable[[Connection, int], Awaitable[Reply]]
) -> tuple[list[Reply], float]:
    """`count` calls by `clients` at once, each taking the next number; the replies and the seconds of it all."""
    numbers = iter(range(count))
    replies: list[Reply] = []

    async def client() -> None:
        async with Connection(port) as connection:
            for number in numbers:
                replies.append(await one(connection, number))

    began = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for _ in range(clients):
            group.create_task(client())
    return replies, time.perf_counter() - began
