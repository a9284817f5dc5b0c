"""An upstream that costs next to nothing: answers an interaction at once, or late, with a picture encoded beforehand.

`python -m tests.bench.upstream` prints its port, serves until its standard input is closed, and speaks just enough:
POST /v1beta/interactions (the size by `"4K"` or `"512"` in the body, late by `late=<seconds>` in the prompt), GET and
POST /counts (calls, calls in flight, most at once; a POST starts them anew).
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
from itertools import count

import pybase64
import uvloop

from tests.bench.pictures import LARGE, SMALL, TINY, Size, noise_png

PIECE = 1024 * 1024
LATE = re.compile(rb"late=(\d+)")


class Answer:
    """The bytes of an interaction, but for its id."""

    def __init__(self, size: Size, tokens: int) -> None:
        usage = {
            "total_input_tokens": 9,
            "input_tokens_by_modality": [{"modality": "text", "tokens": 9}],
            "total_output_tokens": tokens,
            "output_tokens_by_modality": [{"modality": "image", "tokens": tokens}],
            "total_thought_tokens": 0,
            "total_tokens": 9 + tokens,
        }
        picture = pybase64.b64encode(noise_png(size)).decode()
        image = {"type": "image", "mime_type": "image/png", "data": picture}
        document = {
            "object": "interaction",
            "model": "gemini-3.1-flash-image",
            "status": "completed",
            "steps": [{"type": "model_output", "content": [image]}],
            "usage": usage,
        }
        self.rest = b"," + json.dumps(document).encode()[1:]

    def write(self, number: int) -> tuple[bytes, memoryview]:
        head = b'{"id":"v1_%d"' % number
        length = len(head) + len(self.rest)
        return (
            b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (length, head),
            memoryview(self.rest),
        )


class Upstream:
    def __init__(self) -> None:
        self.tiny, self.small, self.large = Answer(TINY, 747), Answer(SMALL, 1120), Answer(LARGE, 2000)
        self.numbers = count(1)
        self.calls = self.now = self.most = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                found = re.search(rb"content-length: *(\d+)", head, re.IGNORECASE)
                body = await reader.readexactly(int(found[1])) if found else b""
                await self.answer(head, body, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def answer(self, head: bytes, body: bytes, writer: asyncio.StreamWriter) -> None:
        if b"/counts" in head[:32]:
            counts = json.dumps({"calls": self.calls, "now": self.now, "most": self.most}).encode()
            if head.startswith(b"POST"):
                self.calls, self.most = 0, self.now
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(counts), counts))
            return
        self.calls += 1
        self.now += 1
        self.most = max(self.most, self.now)
        try:
            if late := LATE.search(body):
                await asyncio.sleep(int(late[1]))
        finally:
            self.now -= 1
        answer = self.large if b'"4K"' in body else self.tiny if b'"512"' in body else self.small
        first, rest = answer.write(next(self.numbers))
        writer.write(first)
        for start in range(0, len(rest), PIECE):
            writer.write(rest[start : start + PIECE])
            await writer.drain()


async def main() -> None:
    upstream = Upstream()
    server = await asyncio.start_server(upstream.serve, "127.0.0.1", 0, backlog=4096)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    uvloop.run(main())
