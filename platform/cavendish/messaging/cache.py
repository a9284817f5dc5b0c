"""Django's cache in Valkey, for the counters that bound tries to log in. Without Valkey each process counts for itself.

A counter that is away must not keep people out, and must not let them in without counting. Values are JSON: who can
write into Valkey must not be able to make us run code, as pickled values would let them.
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

# After an error Valkey is not asked for so long: each try may cost a second, and a login makes several.
REST_SECONDS = 5.0


class SharedCache(BaseCache):
    """Implements what a cache must have; the rest of Django's interface is built on it."""

    _rests_until = 0.0  # of the process, by the monotonic clock

    def __init__(self, location: str, params: dict[str, Any]) -> None:
        super().__init__(params)
        # Django makes one of us for each thread; what a LocMemCache holds is shared by name.
        self._own = LocMemCache("cavendish", params)

    def get(self, key: Any, default: Any = None, version: int | None = None) -> Any:
        name = self._name(key, version)

        def ask(client: redis.Redis) -> Any:
            found: Any = client.get(name)
            return default if found is None else json.loads(found)

        return self._either(ask, lambda: self._own.get(key, default, version))

    def set(self, key: Any, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> None:
        name, lifetime, text = self._name(key, version), self._milliseconds(timeout), json.dumps(value)

        def ask(client: redis.Redis) -> Any:
            return client.delete(name) if lifetime == 0 else client.set(name, text, px=lifetime)

        self._either(ask, lambda: self._own.set(key, value, timeout, version))

    def add(self, key: Any, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        name, lifetime, text = self._name(key, version), self._milliseconds(timeout), json.dumps(value)

        def ask(client: redis.Redis) -> bool:
            return not client.exists(name) if lifetime == 0 else bool(client.set(name, text, px=lifetime, nx=True))

        return bool(self._either(ask, lambda: self._own.add(key, value, timeout, version)))

    def touch(self, key: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        name, lifetime = self._name(key, version), self._milliseconds(timeout)

        def ask(client: redis.Redis) -> bool:
            return bool(client.persist(name) if lifetime is None else client.pexpire(name, lifetime))

        return bool(self._either(ask, lambda: self._own.touch(key, timeout, version)))

    def delete(self, key: Any, version: int | None = None) -> bool:
        name = self._name(key, version)
        return bool(self._either(lambda client: client.delete(name), lambda: self._own.delete(key, version)))

    def clear(self) -> None:
        """Only this process's own values: the database in Valkey holds more than ours."""
        self._own.clear()

    def _name(self, key: Any, version: int | None) -> str:
        return str(self.make_and_validate_key(key, version=version))

    def _milliseconds(self, timeout: Any) -> int | None:
        seconds = self.default_timeout if timeout is DEFAULT_TIMEOUT else timeout
        return None if seconds is None else max(0, int(seconds * 1000))

    def _either(self, ask: Callable[[redis.Redis], Any], own: Callable[[], Any]) -> Any:
        client = valkey.client() if time.monotonic() >= self._rests_until else None
        if client is not None:
            try:
                return ask(client)
            except redis.RedisError as error:
                SharedCache._rests_until = time.monotonic() + REST_SECONDS
                logger.warning("Valkey is away (%s): tries to log in are counted per process.", type(error).__name__)
        return own()
