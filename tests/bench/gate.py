"""What it costs to let a request in: the key and its limits, switched on and off within one run."""

from __future__ import annotations

import asyncio
import json
import os
import sys

from tests.bench.lines import Line
from tests.bench.stack import FOREIGN, ROOT, BenchError, Stack


async def gate(stack: Stack, quick: bool) -> list[Line]:
    """Measured inside a process, since over HTTP it drowns in the rest of a request."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN)}
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.bench.inside",
        *stack.keys,
        cwd=ROOT,
        env={**environment, "CAVENDISH_DATA_DIR": str(stack.data_dir)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    said, error = await process.communicate()
    if process.returncode:
        raise BenchError(error.decode(errors="replace")[-300:])
    told = json.loads(said)
    return [
        Line(
            "a known key and its limits, per request",
            f"{told['limited']:.0f} µs  (without limits {told['unlimited']:.0f}, key read anew {told['read']:.0f})",
        ),
        Line(
            "words with Valkey / queries, per request with a known key",
            f"{told['words']:g} / {told['queries']:g}",
            "1 / 0",
            told["words"] <= 1 and told["queries"] == 0,
        ),
    ]
