"""One Valkey subscription that heals itself and says when it is away.

redis-py connects (TLS, authentication, addresses) and hands its connection over: read by its own loop, a message costs
a waiting client's request a seventh of the time that all else takes, for each awaits a dozen coroutines. Here it is
parsed where it arrives.
"""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Callable
from typing import Any, NoReturn

import hiredis
from redis.asyncio import Redis
from redis.asyncio.connection import AbstractConnection
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from cavendish.messaging.addresses import redis_url

logger = logging.getLogger(__name__)

QUIET_SECONDS = 10.0
ANSWER_SECONDS = 5.0
LONGEST_DELAY = 2.0
PING = b"*1\r\n$4\r\nPING\r\n"


class Subscription:
    """Calls `on_message(channel, payload)` for each message, `on_open()` each time the subscription stands.

    `open` is False from the moment a loss is noticed. A dead peer that never closes its socket is noticed within
    QUIET_SECONDS + ANSWER_SECONDS, because silence is answered with a PING.
    """

    def __init__(
        self,
        url: str,
        channels: tuple[str, ...],
        *,
        on_message: Callable[[str, str], None],
        on_open: Callable[[], None],
    ) -> None:
        self._url = redis_url(url)
        self._channels = channels
        self._on_message = on_message
        self._on_open = on_open
        self._stopping = False
        self.open = False
        self.losses = 0

    def stop(self) -> None:
        """Has `run` end once it is canceled, also where redis-py swallows that while it connects."""
        self._stopping = True

    async def run(self) -> None:
        """Runs until cancelled; reconnects after 0.05 s, doubling to 2 s, with jitter so that processes spread.

        Returns at once where there is no Valkey.
        """
        delay = 0.05
        while self._url and not self._stopping:
            client = Redis.from_url(
                self._url,
                # A silent reconnect inside the client would hide the gap in which wake-ups were lost.
                retry=Retry(NoBackoff(), 0),
                socket_timeout=ANSWER_SECONDS,
                socket_connect_timeout=ANSWER_SECONDS,
                socket_keepalive=True,
            )
            connection = client.connection_pool.make_connection()  # type: ignore[no-untyped-call]
            try:
                await self._listen(connection)
            except (RedisError, hiredis.HiredisError, OSError, TimeoutError) as error:
                if self.open:
                    self.losses += 1
                    delay = 0.05
                    logger.warning("Wake-ups are away (%s): polling instead.", type(error).__name__)
            finally:
                self.open = False
                await connection.disconnect(nowait=True)
                await client.aclose()
            await asyncio.sleep(delay * random.uniform(0.5, 1.0))
            delay = min(delay * 2, LONGEST_DELAY)

    async def _listen(self, connection: AbstractConnection) -> NoReturn:
        await connection.connect()  # type: ignore[no-untyped-call]
        # Nobody writes to a connection that has not subscribed, so nothing is lost between two readers of it.
        transport = connection._writer.transport  # type: ignore[union-attr]
        messages = _Messages(transport.get_protocol(), self._on_message, self._opened, len(self._channels))
        transport.set_protocol(messages)
        words = [b"SUBSCRIBE", *(channel.encode() for channel in self._channels)]
        transport.write(b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in words))
        while True:
            asked_at = None
            left = messages.heard_at + QUIET_SECONDS - time.monotonic()
            if left <= 0:
                asked_at, left = time.monotonic(), ANSWER_SECONDS
                transport.write(PING)
            await asyncio.wait({messages.lost}, timeout=left)
            if messages.lost.done():
                raise messages.lost.result()
            if asked_at is not None and messages.heard_at < asked_at:
                raise TimeoutError

    def _opened(self) -> None:
        if self.losses:
            logger.warning("Wake-ups are back.")
        self.open = True
        self._on_open()


class _Messages(asyncio.Protocol):
    """Reads a connection in place of the protocol that it had, which still learns of its end.

    `lost` has the error that ended it.
    """

    def __init__(
        self,
        before: Any,
        on_message: Callable[[str, str], None],
        on_open: Callable[[], None],
        channels: int,
    ) -> None:
        self._before = before
        self._on_message = on_message
        self._on_open = on_open
        self._channels = channels
        self._parser = hiredis.Reader(encoding="utf-8", errors="replace")
        self.heard_at = time.monotonic()
        self.lost: asyncio.Future[Exception] = asyncio.get_running_loop().create_future()

    def data_received(self, data: bytes) -> None:
        self.heard_at = time.monotonic()
        try:
            self._parser.feed(data)
            while (found := self._parser.gets()) is not False:
                if isinstance(found, hiredis.ReplyError):
                    raise found
                if isinstance(found, list):
                    self._read(found)
        except Exception as error:
            self._end(error)

    def _read(self, found: list[Any]) -> None:
        kind = found[0]
        if kind == "message":
            try:
                self._on_message(found[1], found[2])
            except (ValueError, KeyError, TypeError):
                logger.error("A message on %s cannot be read.", found[1])
        elif kind == "subscribe" and found[2] == self._channels:
            self._on_open()

    def eof_received(self) -> bool | None:
        self._end(ConnectionResetError("Valkey has closed the connection"))
        return bool(self._before.eof_received())

    def connection_lost(self, exc: Exception | None) -> None:
        self._end(exc or ConnectionResetError("Valkey has closed the connection"))
        self._before.connection_lost(exc)

    def pause_writing(self) -> None:
        self._before.pause_writing()

    def resume_writing(self) -> None:
        self._before.resume_writing()

    def _end(self, error: Exception) -> None:
        if not self.lost.done():
            self.lost.set_result(error)
