"""A clock that can be moved, for a platform that is tried out: `CAVENDISH_CLOCK` and `manage.py clock`.

Every process of such a platform, PostgreSQL and Valkey included, is started with libfaketime, which adds the seconds in
one small file to the machine's time. Time flows on from there; whoever moves the clock writes the file anew.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

from cavendish.boot.config import LOOPBACK, Config, ConfigurationError
from cavendish.boot.declared.kinds import Moment, WrongValue

SETTING = "CAVENDISH_CLOCK"
RECORDED_FILE = "CLOCK_FILE"
RECORDED_LIBRARY = "CLOCK_LIBRARY"
PRELOAD, TIMESTAMP_FILE = "LD_PRELOAD", "FAKETIME_TIMESTAMP_FILE"
PREFIXES = (PRELOAD, "FAKETIME", "DONT_FAKE_MONOTONIC")
"""Of the variables that a child needs to be on the clock."""
OWN_SERVICES = (
    "DATABASE_URL", "DATABASE_SYSTEM_URL", "DATABASE_OPERATOR_URL", "DATABASE_PEOPLE_URL", "DATABASE_OWNER_URL",
    "BROKER_URL", "VALKEY_URL",
)  # fmt: skip
STEP = 5.0
REAL_TIME_COMMANDS = frozenset({"up", "clock"})
"""They start and move the clock, and reckon from the machine's own."""


@dataclass(frozen=True)
class MovedClock:
    """`file` has the seconds by which this platform is ahead of the machine, `library` is libfaketime."""

    file: Path
    library: Path

    @classmethod
    def of(cls, config: Config) -> MovedClock | None:
        """Returns the clock of the platform in this data directory; None where it goes by the machine's."""
        file, library = config.recorded.get(RECORDED_FILE), config.recorded.get(RECORDED_LIBRARY)
        return cls(Path(file), Path(library)) if file and library else None

    def environment(self) -> dict[str, str]:
        """Returns the variables with which a program sees this time.

        Intervals stay real: a program that waits for a second waits for a second, whatever the clock does. The file is
        read again with each second that begins, so that all processes change at the same moment.
        """
        others = [part for part in os.environ.get(PRELOAD, "").split() if "faketime" not in part]
        return {
            PRELOAD: " ".join([str(self.library), *others]),
            TIMESTAMP_FILE: str(self.file),
            "FAKETIME_CACHE_DURATION": "0",
            "DONT_FAKE_MONOTONIC": "1",
        }

    @property
    def is_ours(self) -> bool:
        """Whether this very process is on the clock."""
        return os.environ.get(TIMESTAMP_FILE) == str(self.file)

    def ahead(self) -> timedelta:
        """Returns by how much it is ahead of the machine's clock."""
        return timedelta(seconds=float(self.file.read_text()))

    def now(self) -> datetime:
        """Returns its time, for a process that is not on it."""
        return datetime.now(UTC) + self.ahead()

    def move(self, to: datetime) -> None:
        """Sets it. Readers find the old file or the new one, never half of one."""
        seconds = (to - datetime.now(UTC)).total_seconds()
        draft = self.file.with_suffix(".draft")
        # Of one width: two threads of a process may read at once, into the same memory.
        draft.write_text(f"{seconds:+020.6f}\n")
        draft.chmod(0o644)
        draft.rename(self.file)


def is_moved() -> bool:
    """Returns whether this process is on a moved clock."""
    return bool(os.environ.get(TIMESTAMP_FILE))


def machine_now() -> datetime:
    """Returns the machine's time, also on a moved clock: that of servers elsewhere."""
    ahead = float(Path(os.environ[TIMESTAMP_FILE]).read_text()) if is_moved() else 0.0
    return datetime.now(UTC) - timedelta(seconds=ahead)


class ClockSteps:
    """Notices that the time of day went another way than the seconds that passed.

    So it does on a moved clock, where a machine slept, or where its clock was set right.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic, wall: Callable[[], float] = time.time) -> None:
        self._clock, self._wall = clock, wall
        self._apart = wall() - clock()

    def stepped(self) -> bool:
        """Returns whether it did so by more than STEP seconds since the last call."""
        before, self._apart = self._apart, self._wall() - self._clock()
        return abs(self._apart - before) > STEP


def wanted(config: Config) -> bool:
    """Returns whether this platform is, or is to be, on a clock of its own."""
    return bool(config.given(SETTING)) or RECORDED_FILE in config.recorded


def parse_moment(text: str, name: str = SETTING) -> datetime:
    """Returns the moment of an RFC 3339 text. Raises ConfigurationError, which says what would be right."""
    try:
        return Moment().read(text)
    except WrongValue:
        raise ConfigurationError(f"{name} is {text!r}; use {Moment().right}.") from None


def refuse_elsewhere(config: Config) -> None:
    """Raises ConfigurationError where a moved clock would not be everybody's, or where it would do harm.

    A server of one's own keeps its own time, S3 and Google refuse requests of another day, and customers get bills.
    """
    if not wanted(config):
        return
    given = config.environment()
    if own := [name for name in OWN_SERVICES if given.get(name)]:
        raise ConfigurationError(
            f"{SETTING} moves the clock of the embedded services alone, and {', '.join(own)} leads to one of your own, "
            f"which keeps its time. Unset {SETTING}, or start an embedded platform with a data directory of its own."
        )
    if not (given.get("STORAGE_URL") or "file:").startswith("file:"):
        raise ConfigurationError(
            f"{SETTING} is for trying out: an object store refuses requests that are signed at another time. "
            f"Unset {SETTING}, or leave STORAGE_URL away."
        )
    base_url = config.given("BASE_URL") or "http://127.0.0.1"
    if urlsplit(base_url).hostname not in LOOPBACK:
        raise ConfigurationError(
            f"{SETTING} is for trying out on one's own machine, and BASE_URL is {base_url}: "
            f"in production invoices would carry days that were not. Unset {SETTING}."
        )
    if config.given("GEMINI_API_KEYS"):
        raise ConfigurationError(
            f"{SETTING} is for trying out with the sandbox; with GEMINI_API_KEYS Google would be paid. Unset one."
        )


def refuse_half_moved(config: Config) -> None:
    """Raises ConfigurationError in a process that should be on a moved clock and sees the machine's time."""
    refuse_elsewhere(config)
    clock = MovedClock.of(config)
    if clock is None and config.given(SETTING):
        raise ConfigurationError(f"{SETTING} works where `make run` or `manage.py up` starts the platform; unset it.")
    if clock is not None and not clock.is_ours:
        raise ConfigurationError(
            f"The platform in {config.data_dir} is on a moved clock, and this process is not. Start it with manage.py."
        )


def follow(config: Config, arguments: list[str]) -> None:
    """Starts this command of `manage.py` again on the clock of its data directory, unless it is there or needs none."""
    clock = MovedClock.of(config)
    command = arguments[1] if len(arguments) > 1 else ""
    if clock is None or clock.is_ours or command in REAL_TIME_COMMANDS or not clock.library.exists():
        return
    os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], {**os.environ, **clock.environment()})
