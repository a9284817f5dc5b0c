"""The least that has to be done for a picture: receive it, decode, hash, write and fsync it, commit, send the answer.

`python -m tests.bench.floor_server <port of the upstream> <folder> <schema> [<port>]`, with a database's address in the
environment, prints its port, which several may share, and serves until its standard input is closed. One process, no
framework, no queue, no authentication; whatever takes time is done in C.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import re
import sys
from pathlib import Path
from typing import cast
from uuid import uuid4

import pybase64
import uvloop
from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

from tests.bench.calls import LENGTH

DATABASE = "FLOOR_DATABASE_URL"
CONNECTIONS = 8
PICTURE = re.compile(rb'"data": ?"([^"]*)"')
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"


class Peer(asyncio.BufferedProtocol):
    """A connection that reads one message after the other, straight into a buffer as large as the message."""

    def __init__(self) -> None:
        self.first = bytearray(64 * 1024)
        self.body: bytearray | None = None
        self.have = 0
        self.received = asyncio.Event()
        self.writable = asyncio.Event()
        self.writable.set()
        self.open = True

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)  # uvloop's is none of its subclasses

    def connection_lost(self, error: Exception | None) -> None:
        self.open = False
        self.received.set()
        self.writable.set()

    def pause_writing(self) -> None:
        self.writable.clear()

    def resume_writing(self) -> None:
        self.writable.set()

    def get_buffer(self, size: int) -> memoryview:
        return memoryview(self.first if self.body is None else self.body)[self.have :]

    def buffer_updated(self, size: int) -> None:
        self.have += size
        if self.body is None:
            end = self.first.find(b"\r\n\r\n", 0, self.have) + 4
            if end < 4:
                return
            found = LENGTH.search(self.first, 0, end)
            self.body = bytearray(int(found[1]) if found else 0)
            self.have -= end
            self.body[: self.have] = self.first[end : end + self.have]
        if self.have == len(self.body):
            # The loop asks for the next buffer at once.
            self.whole, self.body, self.have = self.body, None, 0
            self.received.set()

    async def message(self) -> bytearray:
        """The next body."""
        await self.received.wait()
        if not self.open:
            raise ConnectionError
        self.received.clear()
        return self.whole

    async def send(self, *pieces: bytes | bytearray) -> None:
        self.transport.writelines(pieces)
        await self.writable.wait()


class Floor:
    def __init__(
        self, upstream_port: int, folder: Path, pool: AsyncConnectionPool[AsyncConnection], statement: bytes
    ) -> None:
        self.upstream_port, self.folder, self.pool, self.statement = upstream_port, folder, pool, statement
        self.idle: list[Peer] = []
        self.tasks: set[asyncio.Task[None]] = set()

    def accept(self) -> Peer:
        client = Peer()
        task = asyncio.get_running_loop().create_task(self.serve(client))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)
        return client

    async def serve(self, client: Peer) -> None:
        loop = asyncio.get_running_loop()
        while client.open:
            try:
                asked = await client.message()
            except ConnectionError:
                return
            answer = await self.interact(bytes(asked))
            digest, size = await loop.run_in_executor(None, self.store, answer)
            async with self.pool.connection() as connection:
                await connection.execute(self.statement, (uuid4(), digest, size), prepare=True)
            await client.send(HEAD % len(answer), answer)

    async def interact(self, body: bytes) -> bytearray:
        if self.idle:
            upstream = self.idle.pop()
        else:
            _, upstream = await asyncio.get_running_loop().create_connection(Peer, "127.0.0.1", self.upstream_port)
        head = b"POST /v1beta/interactions HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: %d\r\n\r\n" % len(body)
        await upstream.send(head + body)
        answer = await upstream.message()
        self.idle.append(upstream)
        return answer

    def store(self, answer: bytearray) -> tuple[bytes, int]:
        found = PICTURE.search(answer)
        assert found is not None
        picture = pybase64.b64decode(memoryview(answer)[slice(*found.span(1))])
        digest = hashlib.sha256(picture).digest()
        target = os.open(self.folder / uuid4().hex, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            os.write(target, picture)
            os.fsync(target)
        finally:
            os.close(target)
        return digest, len(picture)


async def main() -> None:
    upstream_port, folder, schema = int(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
    own_port = int(sys.argv[4]) if len(sys.argv) > 4 else 0
    pool = AsyncConnectionPool[AsyncConnection](
        os.environ[DATABASE], kwargs={"autocommit": True}, min_size=CONNECTIONS, max_size=CONNECTIONS, open=False
    )
    async with pool:
        await pool.wait()
        floor = Floor(upstream_port, folder, pool, f"SELECT {schema}.job(%s, %s, %s)".encode())
        server = await asyncio.get_running_loop().create_server(floor.accept, "127.0.0.1", own_port, reuse_port=True)
        sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
        sys.stdout.flush()
        await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    uvloop.run(main())
