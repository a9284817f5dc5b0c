"""A small ASGI application that stands where Django stands: it reads the body, answers, and is done."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs
from uuid import UUID

from cavendish.http.admission import Caller
from cavendish.http.path_classes import path_class
from cavendish.wait.asgi import Receive, Scope, Send
from cavendish.wait.judgement import BodyBytes, Ruling, check_length

Headers = dict[str, str]
View = Callable[["Inner", Scope, bytes], Awaitable[tuple[int, Headers, bytes]]]


class LengthRules:
    """Rules for an application without URL patterns: every path is there, and all who ask are one tenant."""

    def __init__(self, limits: BodyBytes) -> None:
        self._limits = limits

    def check_host(self, scope: Scope) -> None:
        return None

    async def rule(self, scope: Scope) -> Ruling:
        known = path_class(scope["path"])
        limit = self._limits.of(known.body)
        check_length(scope, known, limit)
        return Ruling(known, limit, Caller("tenant", "key"))

    async def rule_again(self, scope: Scope) -> None:
        return None


@dataclass
class Inner:
    """`statuses` are the jobs' by hex id; `views` add or replace paths; `scopes` are the requests it saw."""

    statuses: dict[str, str] = field(default_factory=dict)
    views: dict[str, View] = field(default_factory=dict)
    scopes: list[Scope] = field(default_factory=list)
    inside: int = 0
    most_inside: int = 0
    gone: int = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.scopes.append(scope)
        body = bytearray()
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                self.gone += 1
                return
            body += message.get("body", b"")
            if not message.get("more_body", False):
                break
        self.inside += 1
        self.most_inside = max(self.most_inside, self.inside)
        try:
            status, headers, answer = await self._view(scope["path"])(self, scope, bytes(body))
        finally:
            self.inside -= 1
        pairs = [(name.encode(), value.encode()) for name, value in headers.items()]
        pairs.append((b"Content-Length", str(len(answer)).encode()))
        await send({"type": "http.response.start", "status": status, "headers": pairs})
        for start in range(0, len(answer), 65536):
            chunk = answer[start : start + 65536]
            await send({"type": "http.response.body", "body": chunk, "more_body": start + 65536 < len(answer)})
        if not answer:
            await send({"type": "http.response.body", "body": b"", "more_body": False})

    def _view(self, path: str) -> View:
        if path in self.views:
            return self.views[path]
        return render if path.startswith("/api/v1/generations/gen_") else create

    def ask(self, **query: Any) -> str:
        """The path and query of a POST that answers with these parameters in its header."""
        return "/api/v1/generations?" + "&".join(f"{name}={value}" for name, value in query.items())


async def create(inner: Inner, scope: Scope, body: bytes) -> tuple[int, Headers, bytes]:
    query = {name: values[0] for name, values in parse_qs(scope["query_string"].decode()).items()}
    generation = UUID(hex=query["id"])
    header = f"gen_{generation.hex};{query['seconds']}"
    if "path" in query:
        header += f";{query['path']}"
    headers = {
        "X-Cavendish-Wait": header,
        "Location": f"/api/v1/generations/gen_{generation.hex}",
        "Content-Type": "application/json",
        "RateLimit": "r=9",
        "ETag": '"first"',
        "Retry-After": "2",
    }
    return 202, headers, b'{"status": "queued", "from": "first answer"}'


async def render(inner: Inner, scope: Scope, body: bytes) -> tuple[int, Headers, bytes]:
    status = inner.statuses.get(scope["path"].rpartition("_")[2], "queued")
    headers = {"X-Cavendish-Status": status, "Content-Type": "application/json; charset=utf-8", "ETag": '"second"'}
    return 200, headers, json.dumps({"status": status, "internal": scope["cavendish.internal"]}).encode()
