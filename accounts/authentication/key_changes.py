"""A thread per process that looks a few times a second which keys and tenants changed, and notes which keys are used.

With it a key that was read once stays good until somebody changes it, and no request pays a query to learn that nobody
did. A key that is revoked at one place is refused everywhere within FRESH_SECONDS: where neither a look nor a reading
of the key itself is younger than that, the key is read. It needs PostgreSQL only, which is where the changes are made;
decision 0006 says why it is not Valkey. While nobody asks, the thread sleeps and holds no connection.
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

from cavendish.telemetry import metrics

logger = logging.getLogger(__name__)

FRESH_SECONDS = 0.8
"""How old a proof that a key is unchanged may be."""
LOOK_SECONDS = 0.25
REREAD_SECONDS = 30.0
"""After that long a key is read again whatever the looks say: a deleted row, for example, leaves no mark."""
QUIET_SECONDS = 5.0
"""Without a question for that long the looks stop."""
NOTE_SECONDS = 60.0
"""How often the use of one key is noted."""
WRITE_SECONDS = 2.0
MOST_NOTED = 10_000
EXIT_SECONDS = 2.0

_LOOK = "SELECT snapshot::text, changed FROM access_changes(%s::pg_snapshot, %s)"
# Seconds for a server that is gone without a word; reads of keys do not wait for this thread.
_PATIENCE = 5


class KeyChangeWatcher:
    """`conninfo` answers libpq's connection string of the app role. All times are those of `time.monotonic`."""

    def __init__(self, conninfo: Callable[[], str], *, clock: Callable[[], float] = time.monotonic) -> None:
        self._conninfo = conninfo
        self._clock = clock
        self._lock = Lock()
        self._thread: Thread | None = None
        self._wanted = Event()
        self._stopping = Event()
        self._asked_at = 0.0
        self._snapshot: str | None = None
        # What was committed between these two moments is in `_changed`, with the moment when it was learned.
        self._since = float("inf")
        self._looked_at = float("-inf")
        self._collected_at = float("-inf")
        self._subjects: dict[UUID, float] = {}
        self._changed: dict[UUID, float] = {}
        self._noted: dict[UUID, float] = {}
        self._uses: dict[UUID, dict[str, Any]] = {}
        self._written_at = float("-inf")
        self._healthy = True

    def follow(self, read_at: float, subjects: tuple[UUID, ...]) -> bool:
        """From now on looks ask for these keys and tenants, which a reading that began at `read_at` found. Call it when
        the reading is over. False where a look began meanwhile: it may have passed over a change of theirs.
        """
        with self._lock:
            self._subjects |= dict.fromkeys(subjects, read_at)
            return bool(subjects) and self._collected_at <= read_at

    def is_fresh(self, read_at: float, subjects: tuple[UUID, ...], *, followed: bool) -> bool:
        """Whether a reading that began at `read_at` is no older than FRESH_SECONDS, as far as changes go."""
        now = self._clock()
        if any(self._changed.get(subject, float("-inf")) >= read_at for subject in subjects):
            return False
        if now - read_at < FRESH_SECONDS:
            return True
        looked = now - self._looked_at < FRESH_SECONDS and read_at >= self._since
        return followed and looked and now - read_at < REREAD_SECONDS

    def keep_looking(self) -> None:
        """Somebody asks: look for a while. Starts the thread where there is none."""
        self._asked_at = self._clock()
        if not self._wanted.is_set():
            self._wanted.set()
        if self._thread is None:
            with self._lock:
                if self._thread is None:
                    self._thread = Thread(target=self._run, name="key-watch", daemon=True)
                    self._thread.start()
                    atexit.register(self.stop)

    def note_use(self, key: UUID, address: str) -> None:
        """For the columns of the last use. The thread writes them, for one key once a minute at most."""
        now = self._clock()
        if now - self._noted.get(key, float("-inf")) < NOTE_SECONDS:
            return
        with self._lock:
            if len(self._noted) >= MOST_NOTED:
                self._noted.clear()
            self._noted[key] = now
            self._uses[key] = {"id": str(key), "at": time.time(), "address": _address(address)}

    def look(self, connection: psycopg.Connection[Any]) -> None:
        """Asks what changed since the last look. The connection commits by itself."""
        began = self._clock()
        if began - self._looked_at > REREAD_SECONDS:
            # No reading is that old: begin anew instead of asking for hours.
            self._snapshot = None
        with self._lock:
            self._collected_at = began
            oldest = began - REREAD_SECONDS
            self._subjects = {subject: at for subject, at in self._subjects.items() if at > oldest}
            subjects = list(self._subjects)
        row = connection.execute(_LOOK, [self._snapshot, subjects]).fetchone()
        assert row is not None
        snapshot, changed = row
        learned = self._clock()
        if self._snapshot is None or _newest(snapshot) < _newest(self._snapshot):
            # The first look; or another cluster answers, one restored from a backup for example.
            self._since = learned
        self._changed = {
            **{subject: at for subject, at in self._changed.items() if at > oldest},
            # Readings that began before this moment may have missed it.
            **dict.fromkeys(changed, learned),
        }
        self._snapshot = snapshot
        # Last: a look counts when what it found is known.
        self._looked_at = began

    def write(self, connection: psycopg.Connection[Any]) -> None:
        """Writes the uses that were noted, in one statement."""
        with self._lock:
            uses, self._uses = self._uses, {}
        if not uses:
            return
        try:
            connection.execute("SELECT api_keys_used(%s::jsonb)", [json.dumps(list(uses.values()))])
        except psycopg.OperationalError:
            with self._lock:
                self._uses = {**uses, **self._uses}
            raise
        self._written_at = self._clock()

    def stop(self) -> None:
        """Ends the thread after it has written what was noted."""
        self._stopping.set()
        self._wanted.set()
        if self._thread is not None:
            self._thread.join(EXIT_SECONDS)

    def _run(self) -> None:
        connection: psycopg.Connection[Any] | None = None
        while True:
            self._wanted.wait()
            try:
                if connection is None:
                    connection = self._connected()
                self._round(connection)
                self._say(healthy=True)
            except psycopg.Error as error:
                self._say(healthy=False, error=error)
                _close(connection)
                connection = None
            if self._stopping.is_set():
                _close(connection)
                return
            if self._quiet() and not self._uses:
                self._wanted.clear()
                _close(connection)
                connection = None
            self._stopping.wait(LOOK_SECONDS)

    def _connected(self) -> psycopg.Connection[Any]:
        # Without prepared statements: a pooler may stand in front.
        return psycopg.connect(
            make_conninfo(self._conninfo(), connect_timeout=_PATIENCE, tcp_user_timeout=1000 * _PATIENCE),
            autocommit=True,
            prepare_threshold=None,
        )

    def _quiet(self) -> bool:
        return self._clock() - self._asked_at > QUIET_SECONDS

    def _round(self, connection: psycopg.Connection[Any]) -> None:
        self.look(connection)
        metrics.KEY_LOOKS.inc()
        if self._stopping.is_set() or self._quiet() or self._clock() - self._written_at >= WRITE_SECONDS:
            self.write(connection)

    def _say(self, *, healthy: bool, error: psycopg.Error | None = None) -> None:
        """Once for each change. The message of a database error may repeat values."""
        if healthy != self._healthy and error is not None:
            logger.warning("Changes of keys are not watched, keys are read instead: %s.", type(error).__name__)
        elif healthy != self._healthy:
            logger.warning("Changes of keys are watched again.")
        self._healthy = healthy


def _newest(snapshot: str) -> int:
    """The upper end of `xmin:xmax:…`."""
    return int(snapshot.split(":")[1])


def _address(text: str) -> str | None:
    with suppress(ValueError):
        return str(ipaddress.ip_address(text.partition("%")[0]))
    return None


def _close(connection: psycopg.Connection[Any] | None) -> None:
    if connection is not None:
        with suppress(psycopg.Error):
            connection.close()
