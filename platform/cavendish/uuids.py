"""UUIDv7 (RFC 9562, section 5.7) until every Python that we run on has it (3.14)."""

from __future__ import annotations

import os
import time
from uuid import UUID

_RANDOM_BYTES = 8
_AT_ONCE = 256
_TICKS = 4096
"""In a millisecond. They tell ids of one millisecond apart, so they need not run ahead of the clock (method 3)."""

_spare: list[bytes] = []
"""Random bytes that nobody has used: to ask the kernel each time would give up the interpreter's lock each time."""
_last = 0

# A child would use the same ones as its parent.
os.register_at_fork(after_in_child=_spare.clear)


def uuid7() -> UUID:
    """Returns an id that nobody guesses, greater than those that this process has made."""
    global _last
    _last = ticks = max(time.time_ns() * _TICKS // 1_000_000, _last + 1)
    milliseconds, tick = divmod(ticks, _TICKS)
    random = int.from_bytes(_random()) & (1 << 62) - 1
    return UUID(int=milliseconds << 80 | 7 << 76 | tick << 64 | 2 << 62 | random)


def _random() -> bytes:
    try:
        return _spare.pop()
    except IndexError:
        fresh = os.urandom(_RANDOM_BYTES * _AT_ONCE)
        first, *others = (fresh[at : at + _RANDOM_BYTES] for at in range(0, len(fresh), _RANDOM_BYTES))
        _spare.extend(others)
        return first
