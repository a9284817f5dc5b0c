"""The few ASGI 3 types and helpers that every part of the layer uses (https://asgi.readthedocs.io, HTTP 2.5)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, MutableMapping
from contextlib import asynccontextmanager
from typing import Any

from cavendish.http.dialects import NATIVE, dialect_of
from cavendish.http.problems import Problem

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]

PRIVATE = b"x-cavendish-"
"""Prefix of the headers between Django and this layer; none ever enters from a client, and only FOR_CLIENTS leave."""
FOR_CLIENTS = frozenset({b"x-cavendish-derived", b"x-cavendish-content-credentials"})


def public(headers: Iterable[tuple[bytes, bytes]]) -> Headers:
    """Headers without our private ones; names as they were."""
    return [
        (name, value)
        for name, value in headers
        if not (lower := name.lower()).startswith(PRIVATE) or lower in FOR_CLIENTS
    ]


def header(headers: Iterable[tuple[bytes, bytes]], name: bytes) -> bytes | None:
    """The first value of `name` (given in lower case), or None."""
    return next((value for key, value in headers if key.lower() == name), None)


def local_path(scope: Scope) -> str:
    """The path below the prefix that a proxy may have put before all addresses."""
    path: str = scope["path"]
    return path.removeprefix(scope.get("root_path", "") or "")


def without(headers: Iterable[tuple[bytes, bytes]], names: frozenset[bytes]) -> Headers:
    return [(name, value) for name, value in headers if name.lower() not in names]


async def send_start(send: Send, status: int, headers: Headers) -> None:
    await send({"type": "http.response.start", "status": status, "headers": headers})


async def send_body(send: Send, body: bytes = b"", *, more: bool = False) -> None:
    await send({"type": "http.response.body", "body": body, "more_body": more})


async def send_problem(scope: Scope, send: Send, problem: Problem, headers: Headers, *, more: bool = False) -> None:
    """Answers with a problem, in the words of the API that the address belongs to.

    `more` leaves the answer open for `send_body`.
    """
    path = local_path(scope)
    error = (dialect_of(path) or NATIVE).render(problem, path)
    own = [(b"content-type", error.content_type.encode()), (b"content-length", b"%d" % len(error.body))]
    own += [(name.lower().encode(), value.encode("latin-1")) for name, value in error.headers.items()]
    await send_start(send, error.status, [*own, *headers])
    await send_body(send, error.body, more=more)


async def _hung_up(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


@asynccontextmanager
async def watching(receive: Receive) -> AsyncIterator[asyncio.Future[None]]:
    """A future that is done once the client has hung up. The request's body must have been read before."""
    gone = asyncio.ensure_future(_hung_up(receive))
    try:
        yield gone
    finally:
        gone.cancel()
        await asyncio.wait({gone})
