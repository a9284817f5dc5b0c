"""What a broker that hangs costs whoever rings."""

from __future__ import annotations

import socket
import time

import dramatiq
import pytest
import redis

from cavendish.messaging.broker import broker_at


def test_one_that_takes_the_connection_and_says_nothing_costs_less_than_two_seconds() -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=16) as mute:
        broker = broker_at(f"redis://127.0.0.1:{mute.getsockname()[1]}/0")

        @dramatiq.actor(broker=broker, queue_name="rings")
        def ring() -> None: ...

        began = time.monotonic()
        with pytest.raises(redis.TimeoutError):
            ring.send()
        assert 1 < time.monotonic() - began < 1.95
