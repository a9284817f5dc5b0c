"""A receiver of webhooks that costs next to nothing: `/hang/…` never answers, everything else does at once.

`python -m tests.bench.receiver` prints its port, and when its standard input is closed one JSON document: for each path
the moments of what arrived (Unix time) with those that their bodies name as `sent`.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
import time
from collections import defaultdict

import uvloop

LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
SENT = re.compile(rb'"sent":([0-9.]+)')
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"


async def main() -> None:
    arrived: dict[str, list[tuple[float, float]]] = defaultdict(list)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            at = time.time()
            found, path = LENGTH.search(head), head.split(b" ", 2)[1].decode()
            body = await reader.readexactly(int(found[1])) if found else b""
            sent = SENT.search(body)
            arrived[path].append((at, float(sent[1]) if sent else 0.0))
            if path.startswith("/hang/"):
                await reader.read()  # until the sender has had enough
            else:
                writer.write(ANSWER)
        except (asyncio.IncompleteReadError, asyncio.CancelledError, ConnectionError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, backlog=4096)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    sys.stdout.write(json.dumps(arrived) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    uvloop.run(main())
