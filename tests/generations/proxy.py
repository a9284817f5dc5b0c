"""A way to PostgreSQL for one role that can be away or lose an answer, while the server stays up for everybody else."""

from __future__ import annotations

import asyncio
import contextlib
import copy
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from pytest_django import Settings


class Proxy:
    """Forwards bytes. `away` refuses and cuts connections; `lose_answer` lets the next question through, then cuts."""

    def __init__(self, host: str, port: int) -> None:
        self.target = (host, port)
        self.away = False
        self.lose_answer = False
        self.lost = 0
        self.port = 0
        self._open: set[asyncio.StreamWriter] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="proxy", daemon=True)

    def start(self) -> None:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result(5)

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    def stop(self) -> None:
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(5)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _close(self) -> None:
        self._server.close()
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def cut(self) -> None:
        def close() -> None:
            for writer in list(self._open):
                writer.transport.abort()

        self._loop.call_soon_threadsafe(close)

    def leave(self) -> None:
        self.away = True
        self.cut()

    def come_back(self) -> None:
        self.away = False

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.away:
            writer.transport.abort()
            return
        upstream_reader, upstream = await asyncio.open_connection(*self.target)
        self._open |= {writer, upstream}
        try:
            await asyncio.wait(
                [
                    asyncio.create_task(self._copy(reader, upstream, asks=True)),
                    asyncio.create_task(self._copy(upstream_reader, writer, asks=False)),
                ],
                return_when=asyncio.FIRST_COMPLETED,
            )
        finally:
            self._open -= {writer, upstream}
            writer.transport.abort()
            upstream.transport.abort()

    async def _copy(self, source: asyncio.StreamReader, target: asyncio.StreamWriter, *, asks: bool) -> None:
        with contextlib.suppress(ConnectionError):
            while piece := await source.read(65536):
                if self.lose_answer and not asks:
                    # The server has done what it was asked for, since it answers.
                    self.lose_answer = False
                    self.lost += 1
                    return
                target.write(piece)
                await target.drain()


@contextmanager
def proxied(settings: Settings, alias: str) -> Iterator[Proxy]:
    """What opens a pool for `alias` in this block goes through the proxy; Django's own connections do not."""
    database = settings.DATABASES[alias]
    proxy = Proxy(database["HOST"], int(database["PORT"]))
    proxy.start()
    databases = copy.deepcopy(dict(settings.DATABASES))
    databases[alias]["PORT"] = str(proxy.port)
    with warnings.catch_warnings(action="ignore", category=UserWarning):
        settings.DATABASES = databases
    try:
        yield proxy
    finally:
        proxy.stop()
