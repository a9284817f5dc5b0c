"""What a broker that hangs costs whoever rings."""

from __future__ import annotations

import asyncio
import socket
import time
from typing import Any

import dramatiq
import pytest
import redis

from cavendish.messaging.broker import broker_at
from generations import tasks
from generations.work import current


def test_one_that_takes_the_connection_and_says_nothing_costs_less_than_two_seconds() -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=16) as mute:
        broker = broker_at(f"redis://127.0.0.1:{mute.getsockname()[1]}/0")

        @dramatiq.actor(broker=broker, queue_name="rings")
        def ring() -> None: ...

        began = time.monotonic()
        with pytest.raises(redis.TimeoutError):
            ring.send()
        assert 1 < time.monotonic() - began < 1.95


def test_rabbitmq_is_watched_by_the_kernel_unless_the_url_asks_for_heartbeats() -> None:
    broker: Any = broker_at("amqp://guest:guest@127.0.0.1:1/")
    parameters = broker.parameters
    assert parameters.heartbeat == 0
    assert parameters.tcp_options == {"TCP_KEEPIDLE": 30, "TCP_KEEPINTVL": 10, "TCP_KEEPCNT": 3}
    broker = broker_at("amqp://guest:guest@127.0.0.1:1/?heartbeat=20")
    assert broker.parameters.heartbeat == 20


async def test_a_doorbell_waits_for_the_engine_and_not_for_one_that_has_stopped() -> None:
    class Heard:
        rings = 0

        async def ring(self, jobs: int) -> None:
            self.rings += jobs

    heard: Any = Heard()
    doorbell: Any = tasks.doorbell.fn.__wrapped__  # type: ignore[attr-defined]
    current._gone.clear()
    early = asyncio.create_task(doorbell())
    await asyncio.sleep(0.2)
    assert not early.done()
    current.set_engine(heard)
    await asyncio.wait_for(early, 5)
    assert heard.rings == 1
    current.set_engine(None)
    await asyncio.wait_for(doorbell(), 1)
    assert heard.rings == 1
