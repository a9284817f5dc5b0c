"""What glibc's allocator gives back to the kernel, and when."""

from __future__ import annotations

import contextlib
import ctypes
import sys

_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8
ARENAS = 2
KEPT_BYTES = 8 * 1024 * 1024
LARGE_BYTES = 4 * 1024 * 1024


def keep_freed_memory() -> None:
    """Has the process keep up to KEPT_BYTES that were freed in each of a few arenas. Call it before it has threads.

    A picture is sent in pieces of half a megabyte. By itself glibc gives each back when it is freed, and the next one
    takes its pages anew: 660 page faults for a picture of 1.4 MB, a tenth of what it costs. Elsewhere it does nothing.
    """
    if sys.platform != "linux":
        return
    with contextlib.suppress(AttributeError, OSError):
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(_ARENA_MAX, ARENAS)
        mallopt(_MMAP_THRESHOLD, LARGE_BYTES)
        mallopt(_TRIM_THRESHOLD, KEPT_BYTES)
