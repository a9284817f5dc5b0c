"""How long the scheduler takes to charge many tenants through the payment provider, whose stand-in answers at once."""

from __future__ import annotations

import asyncio
import json
import os
import sys

from tests.bench.lines import Line
from tests.bench.stack import FOREIGN, ROOT, BenchError, Stack

SECONDS_FOR_A_THOUSAND = 60


async def charging(stack: Stack, quick: bool) -> list[Line]:
    """Payment by payment: written down, asked for over HTTP, booked, each as it is in production."""
    count = 100 if quick else 1000
    environment = {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN)}
    provider = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.billing.providers.stripe_http", cwd=ROOT, env=environment,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert provider.stdin is not None
    assert provider.stdout is not None
    try:
        port = (await provider.stdout.readline()).decode().strip()
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.bench.charging_inside", str(count), port, cwd=ROOT,
            env={**environment, "CAVENDISH_DATA_DIR": str(stack.data_dir)},
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        said, error = await process.communicate()
    finally:
        provider.stdin.close()
        await provider.wait()
    if process.returncode:
        raise BenchError(error.decode(errors="replace")[-300:])
    told = json.loads(said)
    if told["charged"] != count:
        raise BenchError(f"{told['charged']} of {count} tenants were charged.")
    aim = SECONDS_FOR_A_THOUSAND * count / 1000
    what = f"charging {count:,} tenants through the payment provider"
    return [Line(what, f"{told['seconds']:.1f} s", f"<= {aim:g} s", told["seconds"] <= aim)]
