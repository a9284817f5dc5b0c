"""The SQL functions of all apps: code like any other, one file each, put into the database after every migrate.

`<app>/sql/functions/<name>.sql` holds one `CREATE OR REPLACE FUNCTION` with its grants and is edited in place. A file
whose signature or return type changes begins with `DROP FUNCTION IF EXISTS` of the old one. See decision 0005.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from django.apps import apps
from django.conf import settings
from django.db import connections, transaction

LOCK_TIMEOUT = "5s"


def function_files() -> Iterator[Path]:
    """All files, app by app in the order of the settings."""
    folders = {config.name: Path(config.path) for config in apps.get_app_configs()}
    for name in settings.OWN_APPS:
        yield from sorted((folders[name] / "sql" / "functions").glob("*.sql"))


def functions_load(alias: str) -> int:
    """Replaces all functions, in one transaction, as the owner. Returns how many files it read."""
    files = list(function_files())
    with transaction.atomic(using=alias), connections[alias].cursor() as cursor:
        cursor.execute(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'")
        # A function may name one that comes later in the alphabet, or a table of an app that is not migrated yet.
        cursor.execute("SET LOCAL check_function_bodies = off")
        for file in files:
            cursor.execute(file.read_text())
    return len(files)
