"""A thread per process that polls a few times a second for changed keys and tenants, and writes which keys are used.

With it a key that was read once stays good until somebody changes it, and no request pays a query to learn that nobody
did. A key that is revoked at one place is refused everywhere within FRESH_SECONDS: where neither a poll nor a reading
of the key itself is younger than that, the key is read. It needs PostgreSQL only, which is where the changes are made;
decision 0006 says why it is not Valkey. While there are no requests, the thread sleeps and holds no connection.
"""

from __future__ import annotations

import atexit
import ipaddress
import json
import logging
import time
from collections.abc import Callable
from contextlib import suppress
from threading import Event, Lock, Thread
from typing import Any
from uuid import UUID

import psycopg
from psycopg.conninfo import make_conninfo

from accounts.contracts import KeyUse
from cavendish.db.away import is_away
from cavendish.telemetry import metrics

logger = logging.getLogger(__name__)

FRESH_SECONDS = 0.8
"""How old a proof that a key is unchanged may be."""
POLL_SECONDS = 0.25
REREAD_SECONDS = 30.0
"""After that long a key is read again whatever the polls say: a deleted row, for example, leaves no mark."""
IDLE_SECONDS = 5.0
"""Without a request for that long the polls stop."""
USE_SECONDS = 60.0
"""How often the use of one key is written."""
WRITE_SECONDS = 2.0
MAX_USES = 10_000
EXIT_SECONDS = 2.0

_POLL = "SELECT snapshot::text, changed FROM access_changes(%s::pg_snapshot, %s)"
# Seconds for a server that vanished without closing the connection; reads of keys do not wait for this thread.
_TIMEOUT = 5


class KeyChangeWatcher:
    """Knows which readings of keys are still fresh. All times are those of `time.monotonic`, in seconds.

    `conninfo` returns libpq's connection string of the app role.
    """

    def __init__(self, conninfo: Callable[[], str], *, clock: Callable[[], float] = time.monotonic) -> None:
        self._conninfo = conninfo
        self._clock = clock
        self._lock = Lock()
        self._thread: Thread | None = None
        self._awake = Event()
        self._stopping = Event()
        self._requested_at = 0.0
        self._snapshot: str | None = None
        # What was committed between these two moments is in `_changed`, with the moment when it was learned.
        self._since = float("inf")
        self._polled_at = float("-inf")
        self._collected_at = float("-inf")
        self._subjects: dict[UUID, float] = {}
        self._changed: dict[UUID, float] = {}
        self._used_at: dict[UUID, float] = {}
        self._uses: dict[UUID, KeyUse] = {}
        self._written_at = float("-inf")
        self._healthy = True

    def follow(self, read_at: float, subjects: tuple[UUID, ...]) -> bool:
        """Lets polls ask for these keys and tenants from now on. Call it after the reading that found them.

        `read_at` is when that reading began. Returns False where a poll began meanwhile: it may have missed a change.
        """
        with self._lock:
            self._subjects |= dict.fromkeys(subjects, read_at)
            return bool(subjects) and self._collected_at <= read_at

    def is_fresh(self, read_at: float, subjects: tuple[UUID, ...], *, followed: bool) -> bool:
        """Returns whether nothing changed since the reading that began at `read_at`, give or take FRESH_SECONDS."""
        now = self._clock()
        if any(self._changed.get(subject, float("-inf")) >= read_at for subject in subjects):
            return False
        if now - read_at < FRESH_SECONDS:
            return True
        polled = now - self._polled_at < FRESH_SECONDS and read_at >= self._since
        return followed and polled and now - read_at < REREAD_SECONDS

    def keep_polling(self) -> None:
        """Polls for another IDLE_SECONDS. Call it with every request; starts the thread where there is none."""
        self._requested_at = self._clock()
        if not self._awake.is_set():
            self._awake.set()
        if self._thread is None:
            with self._lock:
                if self._thread is None:
                    self._thread = Thread(target=self._run, name="key-changes", daemon=True)
                    self._thread.start()
                    atexit.register(self.stop)

    def note_use(self, key: UUID, address: str) -> None:
        """Notes the use of a key, which the thread writes to the key's row, once a minute at most."""
        now = self._clock()
        if now - self._used_at.get(key, float("-inf")) < USE_SECONDS:
            return
        with self._lock:
            if len(self._used_at) >= MAX_USES:
                self._used_at.clear()
            self._used_at[key] = now
            self._uses[key] = {"id": str(key), "at": time.time(), "address": _address(address)}

    def poll(self, connection: psycopg.Connection[Any]) -> None:
        """Learns what changed since the last poll, over a connection in autocommit mode."""
        began = self._clock()
        if began - self._polled_at > REREAD_SECONDS:
            # No reading is that old: begin anew instead of asking for hours.
            self._snapshot = None
        with self._lock:
            self._collected_at = began
            oldest = began - REREAD_SECONDS
            self._subjects = {subject: at for subject, at in self._subjects.items() if at > oldest}
            subjects = list(self._subjects)
        row = connection.execute(_POLL, [self._snapshot, subjects]).fetchone()
        assert row is not None
        snapshot, changed = row
        learned = self._clock()
        if self._snapshot is None or _newest(snapshot) < _newest(self._snapshot):
            # The first poll; or another cluster answers, one restored from a backup for example.
            self._since = learned
        self._changed = {
            **{subject: at for subject, at in self._changed.items() if at > oldest},
            # Readings that began before this moment may have missed it.
            **dict.fromkeys(changed, learned),
        }
        self._snapshot = snapshot
        # Last: a poll counts once its result is known.
        self._polled_at = began

    def write(self, connection: psycopg.Connection[Any]) -> None:
        """Writes the noted uses of keys in one statement. Keeps them when that fails."""
        with self._lock:
            uses, self._uses = self._uses, {}
        if not uses:
            return
        try:
            connection.execute("SELECT api_keys_used(%s::jsonb)", [json.dumps(list(uses.values()))])
        except psycopg.Error as error:
            if is_away(error):
                with self._lock:
                    self._uses = {**uses, **self._uses}
            raise
        self._written_at = self._clock()

    def stop(self) -> None:
        """Ends the thread after it has written the noted uses."""
        self._stopping.set()
        self._awake.set()
        if self._thread is not None:
            self._thread.join(EXIT_SECONDS)

    def _run(self) -> None:
        connection: psycopg.Connection[Any] | None = None
        while True:
            self._awake.wait()
            try:
                if connection is None:
                    connection = self._connect()
                self._poll_and_write(connection)
                self._log_health(healthy=True)
            except psycopg.Error as error:
                self._log_health(healthy=False, error=error)
                _close(connection)
                connection = None
            if self._stopping.is_set():
                _close(connection)
                return
            if self._idle() and not self._uses:
                self._awake.clear()
                _close(connection)
                connection = None
            self._stopping.wait(POLL_SECONDS)

    def _connect(self) -> psycopg.Connection[Any]:
        # Without prepared statements: a pooler may stand in front.
        return psycopg.connect(
            make_conninfo(self._conninfo(), connect_timeout=_TIMEOUT, tcp_user_timeout=1000 * _TIMEOUT),
            autocommit=True,
            prepare_threshold=None,
        )

    def _idle(self) -> bool:
        return self._clock() - self._requested_at > IDLE_SECONDS

    def _poll_and_write(self, connection: psycopg.Connection[Any]) -> None:
        self.poll(connection)
        metrics.KEY_POLLS.inc()
        if self._stopping.is_set() or self._idle() or self._clock() - self._written_at >= WRITE_SECONDS:
            self.write(connection)

    def _log_health(self, *, healthy: bool, error: psycopg.Error | None = None) -> None:
        """Logs each change once, with the error's type alone: its message may repeat values."""
        if healthy != self._healthy and error is not None:
            logger.warning("Changes of keys are not watched, keys are read instead: %s.", type(error).__name__)
        elif healthy != self._healthy:
            logger.warning("Changes of keys are watched again.")
        self._healthy = healthy


def _newest(snapshot: str) -> int:
    """Returns the upper end of `xmin:xmax:…`."""
    return int(snapshot.split(":")[1])


def _address(text: str) -> str | None:
    with suppress(ValueError):
        return str(ipaddress.ip_address(text.partition("%")[0]))
    return None


def _close(connection: psycopg.Connection[Any] | None) -> None:
    if connection is not None:
        with suppress(psycopg.Error):
            connection.close()
