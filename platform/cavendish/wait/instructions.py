"""What Django's views ask of this layer, in response headers, and the answer that carried it.

    X-Cavendish-Wait: gen_<hex>;<seconds>[;<render path>]     wait, then answer what GET <render path> answers; that
                                                              may ask the same again, for another job
    X-Cavendish-Lead: gen_<hex>;<seconds>;<render path>       send this answer and hold it open, wait, then append what
                                                              GET <render path> answers (server-sent events); that
                                                              may ask to go on so with another job
    X-Cavendish-Otherwise: "…"                                beside a lead: the text, as JSON, that ends the answer
                                                              where no rendering can
    X-Cavendish-Beat: "…"                                     beside a lead: the text, as JSON, that is sent while the
                                                              client waits; a comment where there is none
    X-Cavendish-Stream: generation;gen_<hex>;<tenant hex>[;<cursor>]
                                                              answer the generation's events as text/event-stream, those
                                                              behind the cursor
    X-Cavendish-Stream: tenant;<cursor>;<tenant hex>;<mode>   answer the tenant's events of the mode (live, test) behind
                                                              the cursor ("": all)
    X-Cavendish-File: {"path": "…"}                           answer the local file
    X-Cavendish-Resubmission: <request>;<jobs>                note both (messaging.resubmissions) should the client hang
                                                              up before the whole answer is out; beside the others

    X-Cavendish-Ended: true                                   of a rendering: it is the job's end, so it goes out even
                                                              with a status that asks for another try

A header that cannot be read is our own mistake: it is logged, and the view's answer goes out as it stands.
"""

from __future__ import annotations

import json
import logging
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import UUID

from cavendish.wait.asgi import PRIVATE, Headers, Message, Send, header, public, send_body, send_start

logger = logging.getLogger(__name__)

CURSOR = re.compile(r"[0-9]{1,18}\.[0-9]{1,18}")
"""What an event's id is."""
KEPT_BYTES = 64 * 1024
"""How much of an accepted job's first answer is kept, should rendering it again fail."""


@dataclass(frozen=True)
class WaitFor:
    generation: UUID
    seconds: int
    path: str


@dataclass(frozen=True)
class LeadFor(WaitFor):
    """The first answer is the beginning of the whole one, which `otherwise` ends where no rendering can. `beat` is sent
    while the client waits.
    """

    otherwise: bytes = b""
    beat: bytes = b": keep-alive\n\n"


@dataclass(frozen=True)
class StreamOf:
    """`after` is where it begins unless the client says where it was, as for a TenantStreamOf."""

    generation: UUID
    tenant: UUID
    after: str = ""


@dataclass(frozen=True)
class TenantStreamOf:
    after: str
    tenant: UUID
    livemode: bool


@dataclass(frozen=True)
class FileAt:
    path: Path


@dataclass(frozen=True)
class Resubmission:
    """`request` tells a request from all others, `jobs` are what it made; both as Django wrote them."""

    request: str
    jobs: str


class ClientGone(Exception):
    """The client hung up before its answer was out whole."""


Instruction = WaitFor | StreamOf | TenantStreamOf | FileAt


def _generation(text: str) -> UUID:
    return UUID(hex=text.removeprefix("gen_"))


def _wait(value: str) -> WaitFor:
    generation, seconds, *path = value.split(";", 2)
    identity = _generation(generation)
    return WaitFor(identity, int(seconds), path[0] if path else f"/api/v1/generations/gen_{identity.hex}")


def _lead(value: str) -> LeadFor:
    generation, seconds, path = value.split(";", 2)
    return LeadFor(_generation(generation), int(seconds), path)


def _stream(value: str) -> StreamOf | TenantStreamOf:
    kind, what, tenant, *mode = value.split(";")
    if kind == "tenant":
        return TenantStreamOf(what, UUID(hex=tenant), livemode={"live": True, "test": False}[mode[0]])
    if kind != "generation" or len(mode) > 1:
        raise ValueError(kind)
    return StreamOf(_generation(what), UUID(hex=tenant), *mode)


def _file(value: str) -> FileAt:
    return FileAt(Path(json.loads(value)["path"]))


_PARSERS: dict[bytes, Callable[[str], Instruction]] = {
    PRIVATE + b"wait": _wait,
    PRIVATE + b"lead": _lead,
    PRIVATE + b"stream": _stream,
    PRIVATE + b"file": _file,
}


def find_instruction(headers: Headers) -> Instruction | None:
    for name, parse in _PARSERS.items():
        value = header(headers, name)
        if value is None:
            continue
        try:
            found = parse(value.decode("latin-1"))
            if isinstance(found, LeadFor):
                otherwise = json.loads(header(headers, PRIVATE + b"otherwise") or b'""').encode()
                beat = json.loads(header(headers, PRIVATE + b"beat") or b'""').encode()
                return replace(found, otherwise=otherwise, beat=beat or found.beat)
            return found
        except (ValueError, KeyError, TypeError, AttributeError):
            logger.error("A view's %s header cannot be read and is ignored.", name.decode())
    return None


def find_resubmission(headers: Headers) -> Resubmission | None:
    request, _, jobs = (header(headers, PRIVATE + b"resubmission") or b"").decode("latin-1").partition(";")
    return Resubmission(request, jobs) if jobs else None


class FirstAnswer:
    """Django's answer. Goes straight through without its private headers, unless it carries an instruction or made
    jobs: then it is kept, and the layer answers in its place once Django is done with the request.
    """

    def __init__(self, send: Send, *, on_start: Callable[[], None]) -> None:
        self._send = send
        self._on_start = on_start
        self._kept: list[bytes] = []
        self._kept_bytes = 0
        self.started = False
        self.at = 0.0
        self.status = 0
        self.headers: Headers = []
        self.instruction: Instruction | None = None
        self.resubmission: Resubmission | None = None

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._on_start()
            self.started = True
            self.at = time.monotonic()
            headers = list(message.get("headers", ()))
            self.status = message["status"]
            self.headers = public(headers)
            self.instruction = find_instruction(headers)
            self.resubmission = find_resubmission(headers)
            if self._straight:
                await self._send({**message, "headers": self.headers})
        elif self._straight:
            await self._send(message)
        elif self.instruction is None or isinstance(self.instruction, WaitFor):
            body = message.get("body", b"")
            self._kept_bytes += len(body)
            if self._kept_bytes <= KEPT_BYTES:
                self._kept.append(body)
            else:
                self._kept.clear()

    @property
    def _straight(self) -> bool:
        return self.instruction is None and self.resubmission is None

    @property
    def whole(self) -> bool:
        """Whether the body was small enough to be kept."""
        return self._kept_bytes <= KEPT_BYTES

    @property
    def body(self) -> bytes:
        return b"".join(self._kept)

    async def deliver(self, send: Send) -> None:
        """Sends the kept answer as the view gave it."""
        body = self.body
        headers = [(name, value) for name, value in self.headers if name.lower() != b"content-length"]
        await send_start(send, self.status, [*headers, (b"content-length", b"%d" % len(body))])
        await send_body(send, body)
