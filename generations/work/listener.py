"""What a worker hears over Valkey. A lost message costs seconds: heartbeats and claims find what it was about."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence

import redis
from redis.asyncio import Redis

logger = logging.getLogger(__name__)

PAUSE = 1.0


class Listener:
    """`heard` gets every message with its channel; `ready` is awaited each time that the subscription stands."""

    def __init__(
        self,
        client: Redis | None,
        channels: Sequence[str],
        *,
        heard: Callable[[str, bytes], None],
        ready: Callable[[], Awaitable[None]],
    ) -> None:
        self.listens = False
        self._client = client
        self._channels = channels
        self._heard = heard
        self._ready = ready

    def stop(self) -> None:
        """Has `run` end once it is canceled, also where redis-py swallows that while it connects."""
        self._client = None

    async def run(self) -> None:
        """Listens until it is canceled; returns at once where there is no Valkey."""
        while self._client is not None:
            try:
                await self._listen(self._client)
            except (redis.RedisError, OSError):
                await asyncio.sleep(PAUSE)
            finally:
                self.listens = False

    async def _listen(self, client: Redis) -> None:
        async with client.pubsub(ignore_subscribe_messages=True) as subscription:
            await subscription.subscribe(*self._channels)
            self.listens = True
            await self._ready()
            while True:
                message = await subscription.get_message(timeout=None)
                if message is None:
                    continue
                try:
                    self._heard(message["channel"].decode(), message["data"])
                except (ValueError, KeyError, TypeError):
                    logger.error("A message on %s cannot be read.", message["channel"].decode())
