"""Real servers for the layer's tests: a Valkey that can be killed, uvicorn on the test's loop, rows in PostgreSQL."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import UUID

import psycopg
import redis
import redis.asyncio
import uvicorn
from psycopg.types.json import Jsonb

from cavendish.db.ids import new_id
from cavendish.up.valkey import valkey_program
from cavendish.wait import WaitLayer
from cavendish.wait.hub import Hub


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def spawn(command: list[str], **environment: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(command, env={**os.environ, **environment})


class OwnValkey:
    """A Valkey of one test, without persistence."""

    def __init__(self, folder: Path) -> None:
        self._port = free_port()
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self.url = f"redis://127.0.0.1:{self._port}/0"

    async def start(self) -> None:
        options = {"port": str(self._port), "bind": "127.0.0.1", "save": "", "dir": str(self._folder)}
        options["logfile"] = str(self._folder / "valkey.log")
        words = [word for name, value in options.items() for word in (f"--{name}", value)]
        self._process = spawn([str(valkey_program()), *words])
        async with redis.asyncio.from_url(self.url) as client:
            for _ in range(200):
                try:
                    await client.ping()
                except redis.ConnectionError:
                    await asyncio.sleep(0.02)
                else:
                    return
        raise AssertionError("Valkey did not start")

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def signal(self, number: signal.Signals) -> None:
        """SIGSTOP makes it a peer that is dead and never closes its connections."""
        assert self._process is not None
        self._process.send_signal(number)

    async def publish(self, channel: str, payload: str) -> int:
        """How many heard it."""
        async with redis.asyncio.from_url(self.url) as client:
            heard: int = await client.publish(channel, payload)
            return heard


async def until(condition: Callable[[], bool], *, seconds: float = 10) -> None:
    """Looks every few milliseconds; what tests wait for has no event of its own."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.005)


async def until_subscribed(hub: Hub, *, yes: bool = True) -> None:
    await until(lambda: hub.subscribed is yes)


async def until_waiting(hub: Hub, count: int) -> None:
    await until(lambda: hub.waiting_count == count)


@asynccontextmanager
async def serving(layer: WaitLayer) -> AsyncIterator[str]:
    """The layer under a real uvicorn with its lifespan; yields the base URL."""
    config = uvicorn.Config(layer, port=0, log_level="error", lifespan="on", timeout_graceful_shutdown=3)
    server = uvicorn.Server(config)
    listener = config.bind_socket()
    # Not serve(): it would take the signals away from pytest.
    task = asyncio.create_task(server._serve(sockets=[listener]))
    try:
        await until(lambda: server.started)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        await task
        listener.close()


class Rows:
    """A tenant with jobs and events, written as the operator."""

    def __init__(self, connection: psycopg.AsyncConnection[tuple[object, ...]]) -> None:
        self._connection = connection
        self.tenant = new_id()
        self._key = new_id()

    async def make_tenant(self) -> None:
        await self._connection.execute(
            """INSERT INTO accounts_tenant (id, slug, name, status, status_reason, weight, concurrency_limit,
                   queue_limit, input_retention_days, billing_timezone, test_keys_enabled, policy_version)
               VALUES (%s, %s, 'Waiting', 'active', '', 1, 8, 8, 2, 'UTC', true, '')""",
            [self.tenant, f"wait-{self.tenant.hex}"],
        )
        await self._connection.execute(
            """INSERT INTO accounts_apikey (id, tenant_id, name, prefix, digest, livemode, scopes, ip_ranges)
               VALUES (%s, %s, 'key', %s, '', false, '{}', '{}')""",
            [self._key, self.tenant, self._key.hex],
        )

    async def generation(self, status: str = "queued") -> UUID:
        identity = new_id()
        await self._connection.execute(
            """INSERT INTO generations_generation (id, tenant_id, api_key_id, livemode, status, model, tier, priority,
                   metadata, store, image_size, aspect_ratio, estimated_bytes, deadline_at, attempts, failures,
                   upstream_id, upstream_key, upstream_host)
               VALUES (%s, %s, %s, false, %s, 'm', 'standard', 0, '{}', true, '', '', 0, now() + interval '1 hour', 0,
                   0, '', '', '')""",
            [identity, self.tenant, self._key, status],
        )
        return identity

    async def end(self, generation: UUID, status: str = "succeeded") -> None:
        await self._connection.execute(
            "UPDATE generations_generation SET status = %s WHERE id = %s", [status, generation]
        )

    async def event(self, generation: UUID, kind: str, **data: str) -> None:
        await self._connection.execute("SELECT event_add(%s, %s, %s, %s)", [self.tenant, generation, kind, Jsonb(data)])

    async def remove(self) -> None:
        for table in ("events_event", "generations_generation", "accounts_apikey"):
            await self._connection.execute(f"DELETE FROM {table} WHERE tenant_id = %s", [self.tenant])
        await self._connection.execute("DELETE FROM accounts_tenant WHERE id = %s", [self.tenant])
