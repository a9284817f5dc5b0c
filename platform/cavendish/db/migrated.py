"""Whether the database has all migrations of this version: before `migrate`, new code answers everything with 500."""

from __future__ import annotations

from functools import cache

from django.db import ProgrammingError, connections
from django.db.migrations.loader import MigrationLoader

_complete: set[str] = set()


def migrations_missing(alias: str) -> int:
    """Returns how many of this version's migrations the database lacks, all where it was never migrated.

    Once none is missing it is not asked again. Raises DatabaseError where it cannot be reached.
    """
    if alias in _complete:
        return 0
    try:
        with connections[alias].cursor() as cursor:
            cursor.execute("SELECT app, name FROM django_migrations")
            applied = set(cursor.fetchall())
    except ProgrammingError:  # no such table, or not granted yet: `migrate` grants it at its end
        applied = set()
    missing = len(_of_this_version() - applied)
    if not missing:
        _complete.add(alias)
    return missing


def told(missing: int) -> str:
    return (
        f"The database lacks {missing} migrations of this version. Run `manage.py migrate --database owner` first; "
        "`up` does so by itself."
    )


@cache
def _of_this_version() -> frozenset[tuple[str, str]]:
    return frozenset(MigrationLoader(None).disk_migrations)
