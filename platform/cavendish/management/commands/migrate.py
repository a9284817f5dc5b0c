"""Django's `migrate`, for a database that is at work: no job waits long behind a migration or is ended for it."""

from __future__ import annotations

import random
import time
from typing import Any

from django.core.management.commands import migrate
from django.db import OperationalError, connections
from django.db.migrations import Migration

LOCK_TIMEOUT = "500ms"
"""Less than PostgreSQL's `deadlock_timeout` (1 s): where a job and a migration wait for each other, the migration gives
up before the job is ended for it. Migrations that are no transaction wait as they say (`cavendish.db.patience`): an
index that is made concurrently keeps nobody out while it waits for a backup, and would be begun anew each time."""
PATIENCE = 300.0
"""Seconds in which it tries again."""
LOCKED = frozenset({"55P03", "40P01"})
"""SQLSTATEs of a lock that was not to be had in time, and of two that wait for each other."""


class Command(migrate.Command):
    help = f"{migrate.Command.help} Waits for busy tables in turns, for {PATIENCE / 60:.0f} minutes."

    def handle(self, *args: Any, **options: Any) -> None:
        self._alias = options["database"]
        until = time.monotonic() + PATIENCE
        while True:
            try:
                super().handle(*args, **options)
            except OperationalError as error:
                if getattr(error.__cause__, "sqlstate", None) not in LOCKED or time.monotonic() > until:
                    raise
            else:
                return
            # A migration that is a transaction changed nothing; one that is none can be run again. And the next
            # connection has no timeout of ours. Out of step with jobs that come by the clock.
            connections[self._alias].close()
            if options["verbosity"] >= 1:
                self.stdout.write(" a table is in use, trying again")
            time.sleep(random.uniform(0.1, 1.0))

    def migration_progress_callback(self, action: str, migration: Migration | None = None, fake: bool = False) -> None:
        if migration is not None and action.endswith(("_start", "_success")):
            begins = action in {"apply_start", "unapply_start"} and migration.atomic
            with connections[self._alias].cursor() as cursor:
                cursor.execute(f"SET lock_timeout = '{LOCK_TIMEOUT}'" if begins else "RESET lock_timeout")
        super().migration_progress_callback(action, migration, fake)
