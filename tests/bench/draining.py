"""The platform's queue, seen from outside."""

from __future__ import annotations

import asyncio

from tests.bench.calls import Connection, request
from tests.bench.stack import BenchError, Stack


async def drained(stack: Stack) -> float:
    """The seconds until nothing is queued or running any more."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    async with Connection(stack.port) as connection:
        while loop.time() < began + 300:
            left = 0
            for key in stack.keys:
                for status in ("queued", "running"):
                    path = f"/api/v1/generations?status={status}&limit=1"
                    left += (await connection.call(request("GET", path, key=key))).bytes > 100
            if not left:
                return loop.time() - began
            await asyncio.sleep(0.25)
    raise BenchError("The queue did not drain in five minutes.")
