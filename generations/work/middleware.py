"""Ties the engine's life to the Dramatiq worker's: it lives on the event loop of Dramatiq's AsyncIO middleware."""

from __future__ import annotations

import asyncio
import logging
import os
from typing import Any

from django.conf import settings
from dramatiq.asyncio import get_event_loop_thread
from dramatiq.middleware import Middleware

from generations.work.current import START_PATIENCE, set_engine
from generations.work.engine import Engine

logger = logging.getLogger(__name__)

LAST_SECONDS = 10.0
"""Beside the patience: what was not done goes back to the queue, connections are closed."""


class EngineMiddleware(Middleware):
    """Must come after AsyncIO, whose loop it uses, so that it starts later and stops earlier."""

    _engine: Engine | None = None

    def __init__(self) -> None:
        self.patience: float = settings.DRAIN_SECONDS

    def hurry(self) -> None:
        """Gives running jobs STOP_SECONDS from now on instead of DRAIN_SECONDS."""
        self.patience = settings.STOP_SECONDS
        thread = get_event_loop_thread()
        if self._engine is not None and self._engine.stopping and thread is not None:
            asyncio.run_coroutine_threadsafe(_hurry(self._engine, self.patience), thread.loop)

    def after_worker_boot(self, broker: Any, worker: Any) -> None:
        thread = get_event_loop_thread()
        assert thread is not None
        engine = Engine()
        try:
            asyncio.run_coroutine_threadsafe(engine.start(), thread.loop).result(START_PATIENCE)
        except Exception:
            logger.exception("The engine could not start.")
            os._exit(1)  # the supervisor starts the process anew; a worker without an engine would swallow doorbells
        set_engine(engine)
        self._engine = engine

    def before_worker_shutdown(self, broker: Any, worker: Any) -> None:
        thread = get_event_loop_thread()
        if self._engine is None or thread is None:
            return
        stopping = asyncio.run_coroutine_threadsafe(self._engine.stop(self.patience), thread.loop)
        stopping.result(self.patience + LAST_SECONDS)
        set_engine(None)


async def _hurry(engine: Engine, seconds: float) -> None:
    await asyncio.sleep(seconds)
    engine.hurry()
