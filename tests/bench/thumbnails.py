"""What a thumbnail costs that nobody has asked for before, of a picture of 4096 × 4096 in 24 MB."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from tests.bench.calls import Connection, generation, request
from tests.bench.lines import Line, percentile
from tests.bench.memory import forget_peaks, peak_rss
from tests.bench.pictures import LARGE
from tests.bench.stack import BenchError, Stack

MB = 1024 * 1024


async def thumbnails(stack: Stack, quick: bool) -> list[Line]:
    """Each is the first reading of another output; the very first also loads the library, and is told apart."""
    web = stack.named("web")
    body = generation(stack.keys[0], LARGE)
    async with Connection(stack.port) as connection:

        async def made() -> dict[str, Any]:
            reply = await connection.call(body)
            output: dict[str, Any] = reply.json()["outputs"][0]
            return output

        outputs = [await made() for _ in range(6 if quick else 16)]
        forget_peaks(web)
        before = sum(process.memory_info().rss for process in web)
        taken = []
        for output in outputs:
            reply = await connection.call(request("GET", _local(output["thumbnail_url"])))
            if reply.status != 200 or not reply.bytes:
                raise BenchError(f"{reply.status} instead of a thumbnail")
            taken.append(reply.seconds * 1000)
        growth = max(peak_rss(web) - before, 0)
        again = [await connection.call(request("GET", _local(output["thumbnail_url"]))) for output in outputs]
    p50 = percentile(taken[1:], 50)
    kept = percentile([reply.seconds * 1000 for reply in again], 50)
    return [
        Line(
            "a thumbnail of a 4K picture, p50",
            f"{p50:.0f} ms  (the very first {taken[0]:.0f}, kept {kept:.1f})",
            "<= 150 ms",
            p50 <= 150,
        ),
        Line("growth of web meanwhile", f"{growth / MB:.0f} MB", "<= 64 MB", growth <= 64 * MB),
    ]


def _local(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.path}?{parts.query}"
