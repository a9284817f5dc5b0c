"""The engine of this process, if it is a worker. Apart from the engine, so that who only rings need not import it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from generations.work.engine import Engine

_current: list[Engine] = []


def engine() -> Engine:
    if not _current:
        raise RuntimeError("No engine runs in this process: it is not a worker.")
    return _current[0]


def set_engine(engine: Engine | None) -> None:
    _current[:] = [engine] if engine is not None else []
