"""Whether this process is about to end: it still works, but /readyz says that nothing new should come."""

from __future__ import annotations

_leaving = False  # not an Event: a signal's handler may come while the main thread holds its lock


def leave() -> None:
    global _leaving
    _leaving = True


def is_leaving() -> bool:
    return _leaving
