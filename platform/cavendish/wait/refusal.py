"""Refusals of this layer: in the dialect of the address, and so that the client can read them."""

from __future__ import annotations

import asyncio

from cavendish.http.admission import Caller
from cavendish.http.dialects import dialect_of
from cavendish.http.problems import Problem
from cavendish.telemetry import metrics
from cavendish.wait.asgi import Headers, Receive, Scope, Send, header, local_path, send_body, send_problem
from cavendish.wait.judgement import declared_length, has_body, is_chunked

PAUSE_SECONDS = 0.5
"""For so long nothing is read of a large body: whoever looks for an answer while it sends (nginx, curl) finds it then,
and has no connection reset under it."""
LINGER_SECONDS = 5.0
STRANGERS_BYTES = 1024 * 1024
"""What is thrown away afterwards of the body of somebody who has no key; of others it is LINGER_SECONDS' worth."""
_AT_HAND_BYTES = 64 * 1024

_COUNTED = frozenset({401, 403, 429})
_HEADERS: Headers = [(b"cache-control", b"private, no-store"), (b"x-content-type-options", b"nosniff")]


async def refuse(
    scope: Scope, receive: Receive, send: Send, problem: Problem, *, caller: Caller, gone: bool = False
) -> None:
    """Answers with the problem; where a body is unread, closes the connection.

    Most clients read no answer before their body is out, and closing on unread bytes resets the connection under the
    answer; so what still comes is thrown away for a while, unless the client asked first (Expect: 100-continue) or is
    `gone` slow.
    """
    if problem.status in _COUNTED and dialect_of(local_path(scope)):
        metrics.REFUSED.labels(problem.status).inc()
    unread = has_body(scope)
    linger = unread and not gone and header(scope["headers"], b"expect") is None
    closing = [(b"connection", b"close")] if unread else []
    await send_problem(scope, send, problem, [*_HEADERS, *closing], more=linger)
    if not linger:
        return
    left = STRANGERS_BYTES
    if is_chunked(scope) or declared_length(scope) > _AT_HAND_BYTES:
        await asyncio.sleep(PAUSE_SECONDS)
    try:
        async with asyncio.timeout(LINGER_SECONDS):
            while left > 0:
                message = await receive()
                if message["type"] == "http.disconnect" or not message.get("more_body", False):
                    break
                left -= 0 if caller.tenant else len(message.get("body", b""))
    except TimeoutError:
        pass
    await send_body(send)
