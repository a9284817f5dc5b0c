"""How a command ends that cannot go on: with one line, where its reason is no mistake of ours."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from types import TracebackType

from cavendish.db.address import process_name
from cavendish.db.away import LACKING, is_away
from cavendish.db.migrated import migrations_missing, told

SERVERS = frozenset({"cavendish web", "cavendish worker", "cavendish scheduler", "cavendish"})
"""Whose log has the traceback as well."""


MIGRATING = frozenset({"cavendish migrate", "cavendish prepare", "cavendish restore"})
CONFLICTS = ("40", "55P03", "57014")
"""SQLSTATEs: rolled back for another's sake; a lock that was not to be had in time; a statement that took too long."""

OF_ANOTHER_SCHEMA = LACKING | {"3F000"}
"""SQLSTATEs of a database that has not all migrations, or not even the schema."""


def endings_install(arguments: Sequence[str]) -> None:
    """Has a command of `manage.py` or `python -m django` end so; `--traceback` shows where it was."""
    if process_name(arguments) not in SERVERS and "--traceback" not in arguments:
        sys.excepthook = _end


def _end(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if issubclass(kind, BrokenPipeError):
        # Whoever read has read enough (`| head`); what is left must not fail again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    elif issubclass(kind, KeyboardInterrupt):
        sys.stderr.write("\nStopped.\n")
    elif is_away(error):
        sys.stderr.write(_of_postgres(error))
    elif process_name() not in MIGRATING and _code(error) in OF_ANOTHER_SCHEMA and (missing := _migrations_missing()):
        sys.stderr.write(f"{told(missing)}\n")
    else:
        sys.__excepthook__(kind, error, trace)


def _of_postgres(error: BaseException) -> str:
    said = (str(error).strip().splitlines() or [type(error).__name__])[0]
    if (code := _code(error)).startswith(CONFLICTS):
        return (
            f"PostgreSQL gave up (SQLSTATE {code}): {said}\n"
            "The step that was under way changed nothing. Run the command again.\n"
        )
    return (
        f"PostgreSQL cannot be asked: {said}\nStart the platform of this CAVENDISH_DATA_DIR, or see that "
        "DATABASE_URL and the others lead to a server that runs.\n"
    )


def _migrations_missing() -> int:
    """Returns how many migrations the database lacks, 0 where that cannot be told."""
    try:
        return migrations_missing("default")
    except Exception:
        return 0


def _code(error: BaseException) -> str:
    """Returns the SQLSTATE, empty where the server said none; Django keeps psycopg's error as the cause."""
    return next((code for each in (error, error.__cause__) if (code := getattr(each, "sqlstate", None))), "")
