"""Django's cache in Valkey, for the counters that limit sign-in attempts. Without Valkey each process has its own.

A counter that cannot be reached must not keep people out, and must not let them in without counting. Values are JSON:
whoever can write to Valkey must not be able to run code here, as pickled values would allow.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable
from typing import Any

import redis
from django.core.cache.backends.base import DEFAULT_TIMEOUT, BaseCache
from django.core.cache.backends.locmem import LocMemCache

from cavendish.messaging import valkey

logger = logging.getLogger(__name__)

# After an error Valkey is not called for so long: each call may cost a second, and a sign-in makes several.
PAUSE_SECONDS = 5.0


class SharedCache(BaseCache):
    """Implements what a cache must have; the rest of Django's interface builds on that."""

    _paused_until = 0.0  # of the process, by the monotonic clock

    def __init__(self, location: str, params: dict[str, Any]) -> None:
        super().__init__(params)
        # Django creates a cache for each thread; the contents of a LocMemCache are shared by name.
        self._local = LocMemCache("cavendish", params)

    def get(self, key: Any, default: Any = None, version: int | None = None) -> Any:
        name = self._name(key, version)

        def shared(client: redis.Redis) -> Any:
            text: Any = client.get(name)
            return default if text is None else json.loads(text)

        return self._try_shared(shared, lambda: self._local.get(key, default, version))

    def set(self, key: Any, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> None:
        name, lifetime, text = self._name(key, version), self._milliseconds(timeout), json.dumps(value)

        def shared(client: redis.Redis) -> Any:
            return client.delete(name) if lifetime == 0 else client.set(name, text, px=lifetime)

        self._try_shared(shared, lambda: self._local.set(key, value, timeout, version))

    def add(self, key: Any, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        name, lifetime, text = self._name(key, version), self._milliseconds(timeout), json.dumps(value)

        def shared(client: redis.Redis) -> bool:
            return not client.exists(name) if lifetime == 0 else bool(client.set(name, text, px=lifetime, nx=True))

        return bool(self._try_shared(shared, lambda: self._local.add(key, value, timeout, version)))

    def touch(self, key: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        name, lifetime = self._name(key, version), self._milliseconds(timeout)

        def shared(client: redis.Redis) -> bool:
            return bool(client.persist(name) if lifetime is None else client.pexpire(name, lifetime))

        return bool(self._try_shared(shared, lambda: self._local.touch(key, timeout, version)))

    def delete(self, key: Any, version: int | None = None) -> bool:
        name = self._name(key, version)
        return bool(self._try_shared(lambda client: client.delete(name), lambda: self._local.delete(key, version)))

    def clear(self) -> None:
        """Clears the values of this process alone: the database in Valkey contains more than the cache."""
        self._local.clear()

    def _name(self, key: Any, version: int | None) -> str:
        return str(self.make_and_validate_key(key, version=version))

    def _milliseconds(self, timeout: Any) -> int | None:
        seconds = self.default_timeout if timeout is DEFAULT_TIMEOUT else timeout
        return None if seconds is None else max(0, int(seconds * 1000))

    def _try_shared(self, shared: Callable[[redis.Redis], Any], local: Callable[[], Any]) -> Any:
        """Returns what `shared` does with Valkey, or what `local` does where Valkey cannot be reached."""
        client = valkey.client() if time.monotonic() >= self._paused_until else None
        if client is not None:
            try:
                return shared(client)
            except redis.RedisError as error:
                SharedCache._paused_until = time.monotonic() + PAUSE_SECONDS
                logger.warning("Valkey is away (%s): sign-in attempts are counted per process.", type(error).__name__)
        return local()
