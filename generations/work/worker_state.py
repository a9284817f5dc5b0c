"""What a worker is called, and what it says of itself with its heartbeat: stored as it is, for the operator's eyes and
for who hands jobs to it.
"""

from __future__ import annotations

import hashlib
import os
import socket
from typing import TypedDict

from django.conf import settings

from cavendish.gemini.client import KeyReport


class WorkerState(TypedDict):
    """How much it can run at once, and how the upstream's keys are doing; none where jobs run on the sandbox alone.
    `room` is how many jobs more may be handed to it (`generation_assign`).

    `fault` says what is wrong with its machine, for which it claims nothing; empty when all is well. `stopping`: it
    claims nothing any more and ends when its jobs have.
    """

    slots: int
    room: int
    keys: list[KeyReport]
    fault: str
    stopping: bool


def worker_name() -> str:
    """Returns what this worker and its successor have in common: the machine, its data directory and the slot."""
    slot = settings.CONFIG.get("CAVENDISH_WORKER_NAME") or f"pid-{os.getpid()}"
    directory = hashlib.sha256(str(settings.DATA_DIR).encode()).hexdigest()[:8]
    return f"{socket.gethostname()[:50]}:{directory}:{slot}"
