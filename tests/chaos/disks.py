"""Disks of a platform's own, small file systems in memory, so that one can be truly full."""

from __future__ import annotations

import contextlib
import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

PLACES = {"the spool": "spool", "the objects": "objects", "all else": "."}
"""What lies on which disk, by its folder in the data directory. All else: PostgreSQL, Valkey, logs, files of `up`."""
ROOMY = "size=75%,nr_inodes=1m"
AGAIN_SECONDS = 0.05


class Disks:
    """The disks of one data directory. Mounted before the platform starts, and unmounted after it has ended."""

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir

    @contextlib.contextmanager
    def mounted(self) -> Iterator[bool]:
        """Whether there are such disks: only root may mount, and not in every container."""
        with ExitStack() as stack:
            done = all(self._mount(stack, self.folder(name)) for name in reversed(PLACES))
            if not done:
                stack.close()
            yield done

    def folder(self, name: str) -> Path:
        return self.data_dir / PLACES[name]

    def _mount(self, stack: ExitStack, folder: Path) -> bool:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        options = f"{ROOMY},mode={folder.stat().st_mode & 0o777:o}"
        if not _done("mount", "-t", "tmpfs", "-o", options, "cavendish-chaos", str(folder)):
            return False
        stack.callback(_done, "umount", "--lazy", str(folder))
        return True

    @contextlib.contextmanager
    def full(self, *names: str) -> Iterator[None]:
        """While the block runs these disks have not a byte left, nor a file, unless somebody deletes one."""
        folders = [self.folder(name) for name in names]
        try:
            for folder in folders:
                _fill(folder)
            yield
        finally:
            for folder in folders:
                _done("mount", "-o", f"remount,{ROOMY}", str(folder))


def _fill(folder: Path) -> None:
    """Makes the disk as large as what lies on it. What is written meanwhile makes it larger: once more, then."""
    until = time.monotonic() + 5
    while time.monotonic() < until:
        used = os.statvfs(folder)
        blocks, files = used.f_blocks - used.f_bfree, used.f_files - used.f_ffree
        if _done("mount", "-o", f"remount,size={max(blocks, 1) * used.f_frsize},nr_inodes={files}", str(folder)):
            return
        time.sleep(AGAIN_SECONDS)
    raise OSError(f"{folder} cannot be filled")


def _done(*command: str) -> bool:
    return subprocess.run(command, capture_output=True, check=False).returncode == 0
