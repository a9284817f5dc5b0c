"""Start and end of the process, as the server tells them."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Callable
from dataclasses import dataclass
from types import FrameType
from typing import Any

from cavendish.telemetry.leaving import leave
from cavendish.telemetry.tracing import tracing_stop
from cavendish.wait.asgi import Receive, Send
from cavendish.wait.hub import Hub

_SIGNALS = (signal.SIGTERM, signal.SIGINT)


@dataclass(frozen=True)
class Leaving:
    """How a process ends after SIGTERM. All in seconds.

    For `unready` it goes on as before, but /readyz says that it stops and each answer closes its connection, until
    proxies have left. Then the server listens no more; streams without an end are ended, and for `drain` the others
    and waits go on. Then waits get their first answer. SIGINT, or a second signal, leads there at once.
    """

    unready: float = 0.0
    drain: float = 0.0


class _StopSignals:
    """Leads the hub through the end at the first sign of it, and the server's own handler when it is to stop listening.

    Servers tell the application of a shutdown only after the last connection has closed, and a waiting client keeps
    its connection open for minutes. Only handlers written in Python and the main thread are touched.
    """

    def __init__(self, hub: Hub, leaving: Leaving) -> None:
        self._hub = hub
        self._leaving = leaving
        self._began = False
        self._timers: list[asyncio.TimerHandle] = []
        self._previous: dict[int, Callable[[int, FrameType | None], Any]] = {}

    def install(self) -> None:
        if threading.current_thread() is not threading.main_thread():
            return
        self._loop = asyncio.get_running_loop()
        for number in _SIGNALS:
            previous = signal.getsignal(number)
            if callable(previous):
                self._previous[number] = previous
                signal.signal(number, self._handle)

    def restore(self) -> None:
        for timer in self._timers:
            timer.cancel()
        for number, previous in self._previous.items():
            if signal.getsignal(number) == self._handle:
                signal.signal(number, previous)
        self._previous.clear()

    def _handle(self, number: int, frame: FrameType | None) -> None:
        slowly = number == signal.SIGTERM and not self._began and (self._leaving.unready or self._leaving.drain)
        self._began = True
        leave()
        if self._loop.is_closed() or not slowly:
            if not self._loop.is_closed():
                self._loop.call_soon_threadsafe(self._hub.drain)
            self._previous[number](number, frame)
        else:
            self._loop.call_soon_threadsafe(self._begin, number)

    def _begin(self, number: int) -> None:
        unready, drain = self._leaving.unready, self._leaving.drain
        self._timers.append(self._loop.call_later(unready, self._listen_no_more, number))
        self._timers.append(self._loop.call_later(unready + drain, self._hub.drain))

    def _listen_no_more(self, number: int) -> None:
        self._hub.leave()
        if previous := self._previous.get(number):
            previous(number, None)


async def run_lifespan(hub: Hub, receive: Receive, send: Send, leaving: Leaving) -> None:
    """Starts the hub and, at the end, drains and closes it."""
    signals = _StopSignals(hub, leaving)
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            hub.start()
            signals.install()
            await send({"type": "lifespan.startup.complete"})
        elif message["type"] == "lifespan.shutdown":
            signals.restore()
            await hub.close()
            await asyncio.to_thread(tracing_stop)
            await send({"type": "lifespan.shutdown.complete"})
            return
