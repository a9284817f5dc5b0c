"""Where a run's temporary files lie: in memory where there is room, since three dozen databases are copied and removed.

On a disk that has seen many files, making one can take a millisecond of processor time. TMPDIR, if set, decides.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

MEMORY = Path("/dev/shm")
ROOM = 6 * 1024**3
"""Bytes that must be free; a run was seen to take a third of it."""


def scratch_make() -> Path | None:
    """Leads all temporary files of this process and its children to a folder of their own; None where they stay."""
    if os.environ.get("TMPDIR") or not os.access(MEMORY, os.W_OK | os.X_OK) or shutil.disk_usage(MEMORY).free < ROOM:
        return None
    _forget_dead()
    scratch = MEMORY / f"ct-{os.getpid()}"  # short: sockets lie below it
    scratch.mkdir(mode=0o755)  # PostgreSQL runs as another user where we are root
    os.environ["TMPDIR"] = tempfile.tempdir = str(scratch)
    return scratch


def _forget_dead() -> None:
    """Removes what runs have left that were killed."""
    for folder in MEMORY.glob("ct-*"):
        if not Path("/proc", folder.name.removeprefix("ct-")).exists():
            shutil.rmtree(folder, ignore_errors=True)
