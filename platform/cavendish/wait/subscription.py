"""One Valkey subscription that heals itself and says when it is away."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable

from redis.asyncio import Redis
from redis.asyncio.client import PubSub
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)

QUIET_SECONDS = 10.0
ANSWER_SECONDS = 5.0
LONGEST_DELAY = 2.0


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
        # redis-py knows only its own scheme.
        self._url = "redis" + url.removeprefix("valkey") if url.startswith("valkey") else url
        self._channels = channels
        self._on_message = on_message
        self._on_open = on_open
        self.open = False
        self.losses = 0

    async def run(self) -> None:
        """Runs until cancelled; reconnects after 0.05 s, doubling to 2 s, with jitter so that processes spread."""
        delay = 0.05
        while True:
            client = Redis.from_url(
                self._url,
                # A silent reconnect inside the client would hide the gap in which wake-ups were lost.
                retry=Retry(NoBackoff(), 0),
                socket_connect_timeout=ANSWER_SECONDS,
                socket_keepalive=True,
                decode_responses=True,
            )
            pubsub = client.pubsub(ignore_subscribe_messages=False)
            try:
                await self._listen(pubsub)
            except (RedisError, OSError, TimeoutError) as error:
                if self.open:
                    self.losses += 1
                    delay = 0.05
                    logger.warning("Wake-ups are away (%s): polling instead.", type(error).__name__)
            finally:
                self.open = False
                await pubsub.aclose()  # type: ignore[no-untyped-call]
                await client.aclose()
            await asyncio.sleep(delay * random.uniform(0.5, 1.0))
            delay = min(delay * 2, LONGEST_DELAY)

    async def _listen(self, pubsub: PubSub) -> None:
        await pubsub.subscribe(*self._channels)
        asked = False
        while True:
            message = await pubsub.get_message(timeout=ANSWER_SECONDS if asked else QUIET_SECONDS)
            if message is None:
                if asked:
                    raise TimeoutError
                await pubsub.ping()
                asked = True
                continue
            asked = False
            if message["type"] == "message":
                self._on_message(message["channel"], message["data"])
            elif message["type"] == "subscribe" and message["data"] == len(self._channels):
                if self.losses:
                    logger.warning("Wake-ups are back.")
                self.open = True
                self._on_open()
