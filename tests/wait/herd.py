"""How much a waiting client costs, and how long the last of a herd waits: `python -m tests.wait.herd [count]`.

Starts the layer over a real Django (tests/wait/urls.py) and a Valkey of its own, lets `count` clients wait, ends all
their jobs at once, and prints memory per waiter and the time from the first message to each answer.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path
from uuid import uuid4

import psutil
import redis.asyncio

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cavendish.settings")

from cavendish.messaging.valkey import ENDED
from tests.wait.servers import OwnValkey, free_port, spawn, until


def say(text: str) -> None:
    sys.stdout.write(text + "\n")


async def one(port: int, job: str, waiting: asyncio.Semaphore) -> float:
    """When the answer to one waiting POST had arrived whole, by time.monotonic()."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    head = ["Host: x", "Authorization: Bearer k", "Prefer: wait=60", "Content-Length: 2", "Connection: close"]
    writer.write("\r\n".join([f"POST /wait/{job} HTTP/1.1", *head, "", "{}"]).encode())
    await writer.drain()
    waiting.release()
    answer = await reader.read()
    if not answer.startswith(b"HTTP/1.1 200 "):
        raise AssertionError(answer[:200])
    writer.close()
    return time.monotonic()


async def run(count: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        valkey = OwnValkey(Path(folder))
        await valkey.start()
        port = free_port()
        command = [sys.executable, "-m", "uvicorn", "tests.wait.standalone:application", "--port", str(port)]
        options = ["--log-level", "warning", "--backlog", "4096"]
        server = spawn([*command, *options], VALKEY_URL=valkey.url)
        try:
            await herd(count, port, valkey, psutil.Process(server.pid))
        finally:
            server.terminate()
            server.wait()
            valkey.kill()


async def settled(process: psutil.Process) -> int:
    """The resident memory in bytes once the process is idle."""
    process.cpu_percent()
    await until(lambda: process.cpu_percent(0.5) < 3, seconds=60)
    return int(process.memory_info().rss)


async def herd(count: int, port: int, valkey: OwnValkey, process: psutil.Process) -> None:
    await asyncio.sleep(3)
    # The first requests load what Django loads late; they are no cost of waiting.
    await end_all(await start(200, port), valkey)
    before = await settled(process)
    threads = process.num_threads()
    began = time.monotonic()
    waiters = await start(count, port)
    during = await settled(process)
    say(f"{count} waiting, all accepted after {time.monotonic() - began:.1f} s (with 0.5 s or more of settling)")
    each = (during - before) / count
    say(f"memory: {before / 1e6:.1f} MB before, {during / 1e6:.1f} MB waiting, {each:.0f} bytes for each")
    say(f"threads: {threads} before, {process.num_threads()} waiting")
    took = sorted(await end_all(waiters, valkey))
    say(
        f"from the first message: p50 {statistics.median(took):.2f} s, p99 {took[int(count * 0.99)]:.2f} s, "
        f"last {took[-1]:.2f} s, so {took[-1] / count * 1000:.2f} ms per rendering"
    )
    say(f"memory after: {await settled(process) / 1e6:.1f} MB, threads: {process.num_threads()}")
    for _ in range(3):
        lone = await start(1, port)
        await asyncio.sleep(0.3)
        say(f"alone: {(await end_all(lone, valkey))[0] * 1000:.1f} ms from message to answer")


async def start(count: int, port: int) -> dict[str, asyncio.Task[float]]:
    sent = asyncio.Semaphore(0)
    jobs = {uuid4().hex: None for _ in range(count)}
    tasks = {job: asyncio.create_task(one(port, job, sent)) for job in jobs}
    for _ in range(count):
        await sent.acquire()
    return tasks


async def end_all(waiters: dict[str, asyncio.Task[float]], valkey: OwnValkey) -> list[float]:
    """Seconds from the first message to each answer."""
    async with redis.asyncio.from_url(valkey.url) as client:
        pipeline = client.pipeline(transaction=False)
        for job in waiters:
            pipeline.publish(ENDED, job)
        began = time.monotonic()
        await pipeline.execute()
    return [ended - began for ended in await asyncio.gather(*waiters.values())]


if __name__ == "__main__":
    asyncio.run(run(int(sys.argv[1]) if len(sys.argv) > 1 else 2000))
