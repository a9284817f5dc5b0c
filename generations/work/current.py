"""The engine of this process, if it is a worker. Apart from the engine, so that who only rings need not import it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from generations.work.engine import Engine

START_PATIENCE = 120.0
LOOK_AGAIN = 0.05

_current: list[Engine] = []
_gone: list[bool] = []


async def engine_soon() -> Engine | None:
    """Returns the engine, for which it waits: messages come before it has started. None where it has stopped."""
    for _ in range(round(START_PATIENCE / LOOK_AGAIN)):
        if _current or _gone:
            break
        await asyncio.sleep(LOOK_AGAIN)
    return _current[0] if _current else None


def set_engine(engine: Engine | None) -> None:
    _current[:] = [engine] if engine is not None else []
    _gone[:] = [] if engine is not None else [True]
