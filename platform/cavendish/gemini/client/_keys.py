"""The upstream keys of this process. They are used from one event loop, so without locks."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TypedDict


@dataclass(frozen=True)
class Key:
    """`fingerprint` may be stored and logged, `secret` may not. `wait` are the seconds until the key is free."""

    fingerprint: str
    secret: str = field(repr=False)
    wait: float = 0.0


class KeyReport(TypedDict):
    """How a key is doing in one process. Times are seconds since 1970, 0 for never; `hour` is UTC's, by its start."""

    fingerprint: str
    cooling_until: float
    refused_until: float
    hour: int
    calls: int
    errors: int
    last_status: int | None
    last_error_at: float


@dataclass
class _Tally:
    hour: int = 0
    calls: int = 0
    errors: int = 0
    last_status: int | None = None
    last_error_at: float = 0.0


class KeyPool:
    """Picks keys in turn. A rate-limited key cools down; a refused key is only used when all keys were refused."""

    def __init__(self, keys: Sequence[str], *, clock: Callable[[], float] = time.monotonic) -> None:
        secrets = list(dict.fromkeys(secret.strip() for secret in keys if secret.strip()))
        if not secrets:
            raise ValueError("a key pool needs at least one key")
        self._clock = clock
        self._keys = {key.fingerprint: key for key in map(_key, secrets)}
        self._free_at: dict[str, float] = {}
        self._refused_until: dict[str, float] = {}
        self._tallies: dict[str, _Tally] = {}
        self._turn = 0

    def __repr__(self) -> str:
        return f"KeyPool({len(self._keys)} keys)"

    def __len__(self) -> int:
        return len(self._keys)

    def knows(self, fingerprint: str | None) -> bool:
        """Returns whether the pool has the key with this fingerprint."""
        return fingerprint in self._keys

    def usable(self) -> bool:
        """Returns whether some key was not refused lately."""
        now = self._clock()
        return any(self._refused_until.get(fingerprint, 0.0) <= now for fingerprint in self._keys)

    def pick(self, prefer: str | None = None) -> Key:
        """Returns the key with this fingerprint, even while it cools down: a conversation belongs to one project.

        Without a fingerprint, or when that key is gone, it is the next free key, or the one that is free soonest; see
        `Key.wait`.
        """
        now = self._clock()
        if prefer is not None and prefer in self._keys:
            return self.with_wait(self._keys[prefer])
        order = list(self._keys.values())
        turn = self._turn % len(order)
        self._turn += 1
        candidates = [self.with_wait(key) for key in order[turn:] + order[:turn]]
        usable = [key for key in candidates if self._refused_until.get(key.fingerprint, 0.0) <= now] or candidates
        return min(usable, key=lambda key: key.wait)  # the first of equals: the one whose turn it is

    def cool(self, key: Key, seconds: float) -> None:
        """Keeps a key that the upstream rate-limited from use for so many seconds."""
        until = self._clock() + seconds
        self._free_at[key.fingerprint] = max(until, self._free_at.get(key.fingerprint, 0.0))

    def refuse(self, key: Key, seconds: float = 60.0) -> None:
        """Prefers the other keys for so many seconds, because the upstream refused this one."""
        self._refused_until[key.fingerprint] = self._clock() + seconds

    def note(self, key: Key, *, status: int | None, failed: bool) -> None:
        """Counts a try in its hour. `failed`: the upstream did not serve it, whatever was asked for."""
        tally = self._tallies.setdefault(key.fingerprint, _Tally())
        now = time.time()
        hour = int(now // 3600 * 3600)
        if tally.hour != hour:
            tally.hour, tally.calls, tally.errors = hour, 0, 0
        tally.calls += 1
        if failed:
            tally.errors += 1
            tally.last_status, tally.last_error_at = status, now

    def report(self) -> list[KeyReport]:
        """Returns how each key is doing."""
        return [self._report(fingerprint) for fingerprint in self._keys]

    def _report(self, fingerprint: str) -> KeyReport:
        tally = self._tallies.get(fingerprint, _Tally())
        return KeyReport(
            fingerprint=fingerprint,
            cooling_until=self._moment(self._free_at.get(fingerprint)),
            refused_until=self._moment(self._refused_until.get(fingerprint)),
            hour=tally.hour,
            calls=tally.calls,
            errors=tally.errors,
            last_status=tally.last_status,
            last_error_at=tally.last_error_at,
        )

    def _moment(self, at: float | None) -> float:
        return round(time.time() + at - self._clock(), 3) if at is not None else 0.0

    def with_wait(self, key: Key) -> Key:
        """Returns the key with the seconds until it is free."""
        return replace(key, wait=max(0.0, self._free_at.get(key.fingerprint, 0.0) - self._clock()))


def _key(secret: str) -> Key:
    return Key(fingerprint=key_fingerprint(secret), secret=secret)


def key_fingerprint(secret: str) -> str:
    """Returns what names a key where its secret must not stand."""
    return hashlib.sha256(secret.strip().encode()).hexdigest()[:16]
