"""Start and end of the process, as the server tells them."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any

from cavendish.telemetry.tracing import tracing_stop
from cavendish.wait.asgi import Receive, Send
from cavendish.wait.hub import Hub

_SIGNALS = (signal.SIGTERM, signal.SIGINT)


class _StopSignals:
    """Calls `on_stop` in the event loop at the first sign of the end, then the server's own handler.

    Servers tell the application of a shutdown only after the last connection has closed, and a waiting client keeps
    its connection open for minutes. Only handlers written in Python and the main thread are touched.
    """

    def __init__(self, on_stop: Callable[[], None]) -> None:
        self._on_stop = on_stop
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
        for number, previous in self._previous.items():
            if signal.getsignal(number) == self._handle:
                signal.signal(number, previous)
        self._previous.clear()

    def _handle(self, number: int, frame: FrameType | None) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._on_stop)
        self._previous[number](number, frame)


async def run_lifespan(hub: Hub, receive: Receive, send: Send) -> None:
    """Starts the hub and, at the end, drains and closes it."""
    signals = _StopSignals(hub.drain)
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
