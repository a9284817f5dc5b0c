"""The worker process: `python -m cavendish.worker`, or `dramatiq cavendish.worker` to let Dramatiq supervise.

Importing it sets Django up and gives Dramatiq its broker and actors.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cavendish.settings")

from importlib import import_module
from importlib.util import find_spec

import django

django.setup()

import uvloop
from django.conf import settings
from dramatiq import Worker, get_broker
from dramatiq.asyncio import get_event_loop_thread

from cavendish.boot.declared import Process
from cavendish.boot.startup import refuse_unsafe
from cavendish.storage.startup import refuse_unusable_store
from cavendish.telemetry.health_server import health_serve
from cavendish.telemetry.leaving import leave
from cavendish.telemetry.tracing import tracing_start
from generations.work.middleware import EngineMiddleware

uvloop.install()
broker = get_broker()
engines = EngineMiddleware()
broker.add_middleware(engines)
for app in settings.OWN_APPS:
    if find_spec(f"{app}.tasks"):
        import_module(f"{app}.tasks")


ENGINE_PATIENCE = 10.0


def engine_answers() -> bool:
    """Returns whether the loop of the engine turns: a process whose jobs hang would still answer from this thread."""
    thread = get_event_loop_thread()
    if thread is None:
        return True
    turned = threading.Event()
    thread.loop.call_soon_threadsafe(turned.set)
    return turned.wait(ENGINE_PATIENCE)


def main() -> int:
    """Runs until SIGTERM or SIGINT, then lets running jobs end: DRAIN_SECONDS, STOP_SECONDS after SIGINT. Returns 0."""
    refuse_unsafe(Process.WORKER)
    tracing_start("worker")
    refuse_unusable_store()
    stop = threading.Event()

    def on_signal(number: int, frame: Any) -> None:
        leave()
        if number == signal.SIGINT:
            engines.hurry()
        stop.set()

    signal.signal(signal.SIGTERM, on_signal)
    signal.signal(signal.SIGINT, on_signal)
    worker = Worker(broker, worker_threads=settings.CONFIG.number("WORKER_THREADS"))
    worker.start()
    if port := settings.CONFIG.number("HEALTH_PORT"):
        try:
            health_serve(port, host=settings.CONFIG.get("HEALTH_HOST"), is_alive=engine_answers)
        except OSError as error:
            sys.exit(f"HEALTH_PORT {port} cannot be used: {error.strerror}.")
    stop.wait()
    worker.stop(timeout=5_000)
    broker.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
