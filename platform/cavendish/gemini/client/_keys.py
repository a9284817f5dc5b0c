"""The upstream keys of this process. They are used from one event loop, so without locks."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace


@dataclass(frozen=True)
class Key:
    """`fingerprint` may be stored and logged, `secret` may not. `wait` are the seconds until the key is free."""

    fingerprint: str
    secret: str = field(repr=False)
    wait: float = 0.0


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

    def with_wait(self, key: Key) -> Key:
        """Returns the key with the seconds until it is free."""
        return replace(key, wait=max(0.0, self._free_at.get(key.fingerprint, 0.0) - self._clock()))


def _key(secret: str) -> Key:
    return Key(fingerprint=hashlib.sha256(secret.encode()).hexdigest()[:16], secret=secret)
