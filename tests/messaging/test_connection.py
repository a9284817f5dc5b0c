"""The connection whose timeouts the kernel keeps behaves as redis-py's own: in time, and replaced once it is closed."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from cavendish.messaging import valkey
from cavendish.messaging.connection import PlainConnection


@contextmanager
def server(answer: Callable[[socket.socket, int], None]) -> Iterator[int]:
    """A server that calls `answer(connection, number)` for each connection; yields its port."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            for number in range(100):
                try:
                    connection, _ = listening.accept()
                except OSError:
                    return
                threading.Thread(target=answer, args=(connection, number), daemon=True).start()

        threading.Thread(target=serve, daemon=True).start()
        yield listening.getsockname()[1]


def client(port: int, timeout: float) -> redis.Redis:
    return redis.Redis(
        connection_pool=redis.ConnectionPool(
            connection_class=PlainConnection,
            host="127.0.0.1",
            port=port,
            protocol=2,
            driver_info=None,
            socket_timeout=timeout,
            socket_connect_timeout=timeout,
            retry=Retry(NoBackoff(), 1, supported_errors=valkey.STALE),
        )
    )


@contextmanager
def silent_server(seen: list[socket.socket]) -> Iterator[int]:
    """A server that neither reads nor says anything, and keeps its connections in `seen`; yields its port."""
    try:
        with server(lambda connection, _: seen.append(connection)) as port:
            yield port
    finally:
        for connection in seen:
            connection.close()


def pong(connection: socket.socket) -> None:
    connection.recv(1024)
    connection.sendall(b"+PONG\r\n")


@pytest.mark.parametrize(
    ("url", "made"),
    [
        ("valkey://host:1/0", PlainConnection),
        ("redis://host:1/0", PlainConnection),
        ("rediss://host:1/0", redis.SSLConnection),
    ],
)
def test_the_platforms_client_uses_it_without_tls(url: str, made: type, settings: Any) -> None:
    settings.VALKEY_URL = url
    shared = valkey.client.__wrapped__(0.5)
    assert shared is not None
    assert type(shared.connection_pool.make_connection()) is made


def test_a_server_that_says_nothing_costs_one_timeout() -> None:
    seen: list[socket.socket] = []
    with silent_server(seen) as port:
        began = time.monotonic()
        with pytest.raises(redis.TimeoutError):
            client(port, 0.3).ping()
        assert 0.25 < time.monotonic() - began < 2
    assert len(seen) == 1


def test_a_server_that_reads_nothing_costs_one_timeout() -> None:
    with silent_server([]) as port:
        began = time.monotonic()
        with pytest.raises(redis.TimeoutError):
            client(port, 0.3).set("name", b"x" * 50_000_000)
        assert 0.25 < time.monotonic() - began < 3


def test_a_connection_that_the_server_has_closed_is_replaced() -> None:
    seen: list[int] = []

    def once(connection: socket.socket, number: int) -> None:
        seen.append(number)
        pong(connection)
        connection.close()

    with server(once) as port:
        connection = client(port, 2)
        assert [connection.ping() for _ in range(3)] == [True, True, True]
    assert seen == [0, 1, 2]


def test_a_port_where_nobody_listens_is_a_refusal() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    with pytest.raises(redis.ConnectionError):
        client(port, 0.3).ping()
