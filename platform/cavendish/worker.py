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

from cavendish.boot.startup import refuse_unsafe
from generations.work.middleware import EngineMiddleware

THREADS = 8

uvloop.install()
broker = get_broker()
broker.add_middleware(EngineMiddleware())
for app in settings.OWN_APPS:
    if find_spec(f"{app}.tasks"):
        import_module(f"{app}.tasks")


def main() -> int:
    """Runs until SIGTERM or SIGINT, then lets running jobs end within the engine's grace period. Returns 0."""
    refuse_unsafe()
    stop = threading.Event()

    def on_signal(number: int, frame: Any) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, on_signal)
    signal.signal(signal.SIGINT, on_signal)
    worker = Worker(broker, worker_threads=settings.CONFIG.number("WORKER_THREADS", THREADS))
    worker.start()
    stop.wait()
    worker.stop(timeout=5_000)
    broker.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
