"""`manage.py clock`: the time of a platform that was started with CAVENDISH_CLOCK, and how to move it on."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
from django.core.management.base import BaseCommand, CommandError, CommandParser

from cavendish.boot.clock import MovedClock, parse_moment
from cavendish.boot.config import Config, ConfigurationError

LONGEST = timedelta(days=366)
"""Of one step: as far ahead as the scheduler makes room for usage."""
UNITS = {"d": "days", "h": "hours", "m": "minutes", "s": "seconds", "w": "weeks"}
RUNNING = "SELECT count(*) FROM generations_generation WHERE status IN ('queued', 'running')"
BEHIND = "SELECT count(*) FROM schedule_scheduledtask WHERE every <= 60 AND thread <> 'reconcile' AND started_at < %s"
REACHED_SECONDS = 10.0
POLL_SECONDS = 0.1


class Command(BaseCommand):
    help = "Shows or moves the clock of a platform that was started with CAVENDISH_CLOCK."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        acts = parser.add_subparsers(dest="act", required=True)
        acts.add_parser("show", help="print its time")
        acts.add_parser("env", help="print the variables with which a program of yours sees its time, for a shell")
        advance = acts.add_parser("advance", help="move it on; time flows on from there and never goes back")
        where = advance.add_mutually_exclusive_group(required=True)
        where.add_argument("--to", metavar="MOMENT", help="for example 2027-01-01T00:05:00Z")
        where.add_argument("--by", metavar="TIME", help="for example 31d, 6h or 1d12h")
        advance.add_argument("--step", metavar="TIME", help="go there in steps, each as long as this")
        advance.add_argument(
            "--wait", type=float, default=30.0, metavar="SECONDS",
            help="how long jobs that run now may take to end before, and the scheduler to catch up after",
        )  # fmt: skip

    def handle(self, *args: Any, **options: Any) -> None:
        config = Config.load()
        clock = MovedClock.of(config)
        if clock is None:
            raise CommandError(
                f"The platform in {config.data_dir} goes by the machine's clock. Start one with CAVENDISH_CLOCK: "
                "CAVENDISH_CLOCK=2026-12-31T23:50:00Z CAVENDISH_DATA_DIR=/tmp/trial make run"
            )
        match options["act"]:
            case "show":
                self.stdout.write(f"{clock.now():%Y-%m-%dT%H:%M:%SZ}")
            case "env":
                for name, value in clock.environment().items():
                    self.stdout.write(f"export {name}='{value}'")
            case _:
                self._advance(clock, config, options)

    def _advance(self, clock: MovedClock, config: Config, options: dict[str, Any]) -> None:
        now = clock.now()
        try:
            to = parse_moment(options["to"], "--to") if options["to"] else now + length("--by", options["by"])
            step = length("--step", options["step"]) if options["step"] else LONGEST
        except (ConfigurationError, OverflowError) as error:
            raise CommandError(str(error)) from None
        if to <= now:
            raise CommandError(f"It is {now:%Y-%m-%dT%H:%M:%SZ} already: the clock never goes back.")
        platform = Platform(config.get("DATABASE_OPERATOR_URL"), seconds=options["wait"])
        while True:
            reached = min(to, clock.now() + step)
            platform.rest()
            _move(clock, reached)
            if not platform.has_caught_up(reached):
                self.stderr.write("The scheduler has not caught up yet; the admin shows what it does.")
            self.stdout.write(f"{clock.now():%Y-%m-%dT%H:%M:%SZ}")
            if reached >= to:
                return


class Platform:
    """What of the platform has to be waited for. One that does not run is not waited for."""

    def __init__(self, url: str, *, seconds: float) -> None:
        self._url = url
        self._seconds = seconds

    def rest(self) -> None:
        """Waits until no job is queued or runs: to it the time would fly past its deadline."""
        self._until(lambda connection: _count(connection, RUNNING) == 0, self._seconds)

    def has_caught_up(self, moment: datetime) -> bool:
        """Waits until PostgreSQL and the scheduler's frequent tasks are past `moment`; returns whether they are."""

        def is_past(connection: psycopg.Connection[tuple[Any, ...]]) -> bool:
            [now] = connection.execute("SELECT clock_timestamp()").fetchone() or (datetime.min.replace(tzinfo=UTC),)
            return now >= moment and _count(connection, BEHIND, moment) == 0

        return self._until(is_past, max(REACHED_SECONDS, self._seconds))

    def _until(self, done: Any, seconds: float) -> bool:
        ends = time.monotonic() + seconds
        try:
            with psycopg.connect(self._url, autocommit=True, connect_timeout=5) as connection:
                while not done(connection):
                    if time.monotonic() > ends:
                        return False
                    time.sleep(POLL_SECONDS)
        except psycopg.OperationalError:
            pass
        return True


def _count(connection: psycopg.Connection[tuple[Any, ...]], query: str, *values: object) -> int:
    row = connection.execute(query, values or None).fetchone()
    return int(row[0]) if row else 0


def _move(clock: MovedClock, to: datetime) -> None:
    """Moves it at the end of a second: processes read the file with the next, so all change within moments."""
    second = time.time() % 1
    if second < 0.9:
        time.sleep(0.9 - second)
    if to > clock.now():
        clock.move(to)


def length(name: str, text: str) -> timedelta:
    """Returns the time that "1d12h" names. Raises ConfigurationError."""
    parts = re.findall(r"(\d{1,9})([wdhms])", text)
    found = timedelta(**{UNITS[unit]: int(number) for number, unit in reversed(parts)}) if parts else timedelta()
    if "".join(number + unit for number, unit in parts) != text or not found:
        raise ConfigurationError(f"{name} is {text!r}; use a length like 31d, 6h or 1d12h.")
    return found
