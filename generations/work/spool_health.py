"""Whether this machine takes answers: looked at before claims, said once when it changes."""

from __future__ import annotations

import asyncio
import logging
import time
from pathlib import Path

from cavendish.storage.spool import folder_fault
from cavendish.telemetry import metrics

logger = logging.getLogger(__name__)

LOOK_SECONDS = 15.0
"""How long a look holds good. A job that meets a fault in between is given back, and the worker looks at once."""


class SpoolHealth:
    """`fault` is what is wrong in the system's words, empty while all is well. Belongs to one event loop."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.fault = ""
        self._looked_at = float("-inf")

    async def takes(self) -> bool:
        """Returns whether the spool takes answers; with a fault it is looked at anew each time."""
        if self.fault or time.monotonic() - self._looked_at > LOOK_SECONDS:
            self._set(await asyncio.to_thread(folder_fault, self.folder))
        return not self.fault

    def note(self, fault: str) -> None:
        """Notes what a job met."""
        self._set(fault)

    def _set(self, fault: str) -> None:
        self._looked_at = time.monotonic()
        if fault and not self.fault:
            logger.error("The spool %s takes no answers (%s); no job is claimed until it does.", self.folder, fault)
        elif self.fault and not fault:
            logger.warning("The spool %s takes answers again.", self.folder)
        self.fault = fault
        metrics.SPOOL_FAULT.set(bool(fault))
