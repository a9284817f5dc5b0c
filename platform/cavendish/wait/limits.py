"""What may come in: body sizes, refused before they are read, and how many requests Django works on at once."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from cavendish.http.problems import Problem
from cavendish.wait.asgi import Message, Receive, Scope, Send, header, local_path, send_body, send_problem

LINGER_SECONDS = 5.0
MULTIPART_ROOM = 64 * 1024
"""A file of exactly the limit comes inside a form, whose borders and part headers are not the file's bytes."""


@dataclass(frozen=True)
class BodyLimits:
    """Bytes per request body: uploads of files have a limit of their own, everything else the common one."""

    body: int
    file: int

    def of(self, scope: Scope) -> int:
        path = local_path(scope)
        if path.startswith("/upload/") or path == "/api/v1/files" or path.startswith("/api/v1/files/"):
            return self.file + MULTIPART_ROOM
        return self.body


def declared_length(scope: Scope) -> int:
    """Content-Length in bytes; 0 when there is none (a chunked body is counted while it passes)."""
    value = header(scope["headers"], b"content-length") or b"0"
    return int(value) if value.isdigit() else 0


class Intake:
    """The request's `receive` on its way to Django: counts bytes, and holds Django back while `gate` is full.

    The gate covers only the time between the whole body's arrival and the start of the answer, in which Django keeps a
    thread and a database connection; a slow upload or a slow reader does not occupy it.
    """

    def __init__(self, receive: Receive, *, limit: int, gate: asyncio.Semaphore) -> None:
        self._receive = receive
        self._limit = limit
        self._gate = gate
        self._inside = False
        self._complete = False
        self._count = 0
        self.too_large = False

    async def receive(self) -> Message:
        if self.too_large:
            return {"type": "http.disconnect"}
        message = await self._receive()
        if message["type"] != "http.request" or self._complete:
            return message
        self._count += len(message.get("body", b""))
        if self._count > self._limit:
            # To Django it looks as if the client had gone, so it drops what it has and answers nothing.
            self.too_large = True
            return {"type": "http.disconnect"}
        if not message.get("more_body", False):
            self._complete = True
            await self._gate.acquire()
            self._inside = True
        return message

    def leave(self) -> None:
        """Frees the place in the gate; safe to call again."""
        if self._inside:
            self._inside = False
            self._gate.release()


async def refuse_body(scope: Scope, receive: Receive, send: Send, *, limit: int) -> None:
    """Answers 413 and closes the connection.

    Most clients read no answer before their body is out, and closing on unread bytes resets the connection under the
    answer; so what still comes is thrown away for a few seconds, unless the client asked first (Expect: 100-continue).
    """
    problem = Problem(413, "body_too_large", f"The request body is over the limit of {limit} bytes.")
    asked_first = header(scope["headers"], b"expect") is not None
    await send_problem(scope, send, problem, [(b"connection", b"close")], more=not asked_first)
    if asked_first:
        return
    try:
        async with asyncio.timeout(LINGER_SECONDS):
            while True:
                message = await receive()
                if message["type"] == "http.disconnect" or not message.get("more_body", False):
                    break
    except TimeoutError:
        pass
    await send_body(send)
