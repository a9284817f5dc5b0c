"""The SQL functions of all apps: code like any other, one file each, put into the database after every migrate.

`<app>/sql/functions/<name>.sql` holds one `CREATE OR REPLACE FUNCTION` with its grants and is edited in place. See
decision 0005; decision 0016 has their call graph and the order in which they lock.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

from django.apps import apps
from django.conf import settings
from django.db import DatabaseError, connections, transaction
from django.db.backends.utils import CursorWrapper
from django.db.migrations.executor import MigrationExecutor
from psycopg import errors
from psycopg.sql import SQL, Literal

logger = logging.getLogger(__name__)

LOCK_TIMEOUT = "5s"
COMMENT = "Loaded by Cavendish from "
"""Begins the comment of each function that was loaded, so that one whose file is gone can be told from a stranger's."""


def function_files() -> Iterator[Path]:
    """All files, app by app in the order of the settings."""
    folders = {config.name: Path(config.path) for config in apps.get_app_configs()}
    for name in settings.OWN_APPS:
        yield from sorted((folders[name] / "sql" / "functions").glob("*.sql"))


@cache
def function_names() -> frozenset[str]:
    """Every function that Python may call: a file is named as its function."""
    return frozenset(file.stem for file in function_files())


def functions_load(alias: str, files: Iterable[Path] | None = None) -> int:
    """Makes the database's functions those of the files, in one transaction, as the owner. Returns how many files.

    A function whose return type or parameters' names changed is made anew, one with another signature or without a file
    is dropped, and the bodies are checked once all are there. Raises what PostgreSQL says of a body that is wrong.
    """
    files = list(files if files is not None else function_files())
    with transaction.atomic(using=alias), connections[alias].cursor() as cursor:
        cursor.execute(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'")
        before = _versions(cursor)
        # A function may name one that comes later in the alphabet, or a table of an app that is not migrated yet.
        cursor.execute("SET LOCAL check_function_bodies = off")
        for file in files:
            _replace(cursor, file, alias)
        after = _versions(cursor)
        loaded = {oid for oid, version in after.items() if before.get(oid) != version}
        _comment(cursor, loaded, files)
        for signature in _without_file(cursor, loaded, files):
            _drop(cursor, signature, alias)
        _check(cursor, alias)
        # Readiness asks whether this version's migrations are all there (cavendish.db.migrated).
        cursor.execute("GRANT SELECT ON django_migrations TO cavendish_app")
    return len(files)


# Functions of triggers are made by migrations, with their tables, and belong to them.
_OURS = """FROM pg_proc p WHERE pronamespace = 'public'::regnamespace AND proowner = current_user::regrole
           AND prorettype <> 'trigger'::regtype"""


def _versions(cursor: CursorWrapper) -> dict[int, str]:
    """Where each function's row stands: a function that is replaced has a new row, also where nothing changed."""
    cursor.execute(f"SELECT oid, ctid::text {_OURS}")
    return dict(cursor.fetchall())


def _replace(cursor: CursorWrapper, file: Path, alias: str) -> None:
    text = file.read_text()
    try:
        with transaction.atomic(using=alias):
            cursor.execute(text)
    except DatabaseError as error:
        if not isinstance(error.__cause__, errors.InvalidFunctionDefinition):
            raise
        # PostgreSQL replaces no function by one with another return type or other names of parameters.
        cursor.execute(f"SELECT oid::regprocedure::text {_OURS} AND proname = %s", [file.stem])
        for (signature,) in cursor.fetchall():
            cursor.execute(f"DROP FUNCTION {signature}")
        cursor.execute(text)


def _comment(cursor: CursorWrapper, loaded: set[int], files: list[Path]) -> None:
    """Says where each function comes from; `\\df+` shows it."""
    places = {file.stem: f"{file.parent.parent.parent.name}/sql/functions/{file.name}" for file in files}
    cursor.execute(f"SELECT oid::regprocedure::text, proname {_OURS} AND oid = ANY (%s)", [list(loaded)])
    for signature, name in cursor.fetchall():
        comment = Literal(COMMENT + places.get(name, "a file of another name"))
        cursor.execute(SQL("COMMENT ON FUNCTION {} IS {}").format(SQL(signature), comment))


def _without_file(cursor: CursorWrapper, loaded: set[int], files: list[Path]) -> list[str]:
    """Signatures of a file's function that the file no longer has, and functions whose file is gone."""
    cursor.execute(
        f"""SELECT oid::regprocedure::text {_OURS} AND NOT oid = ANY (%s)
            AND (proname = ANY (%s) OR starts_with(obj_description(oid, 'pg_proc'), %s))""",
        [list(loaded), [file.stem for file in files], COMMENT],
    )
    return [signature for (signature,) in cursor.fetchall()]


def _drop(cursor: CursorWrapper, signature: str, alias: str) -> None:
    try:
        with transaction.atomic(using=alias):
            cursor.execute(f"DROP FUNCTION {signature}")
    except DatabaseError as error:
        # A view of the operator's, for example, which would be dropped with it.
        logger.warning("%s has no file any more but stays: %s", signature, type(error.__cause__).__name__)


def _check(cursor: CursorWrapper, alias: str) -> None:
    """Has PostgreSQL check all bodies, which was off while they were loaded: a typo fails here, not at its first call.

    In a database that is migrated halfway a function may name a table or a column that is still to come.
    """
    cursor.execute("SET LOCAL check_function_bodies = on")
    try:
        with transaction.atomic(using=alias):
            cursor.execute(
                f"""SELECT CASE lanname WHEN 'sql' THEN fmgr_sql_validator(p.oid)::text
                                        WHEN 'plpgsql' THEN plpgsql_validator(p.oid)::text END
                    {_OURS.replace("WHERE", "JOIN pg_language l ON l.oid = prolang WHERE")}"""
            )
    except DatabaseError as error:
        missing = isinstance(error.__cause__, errors.UndefinedTable | errors.UndefinedColumn | errors.UndefinedObject)
        executor = MigrationExecutor(connections[alias])
        if not missing or not executor.migration_plan(executor.loader.graph.leaf_nodes()):
            raise
        logger.warning("The bodies of functions are unchecked: the database is not migrated to the end.")
