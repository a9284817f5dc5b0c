"""Writes a backup: first the database, then the objects, so that each row finds its bytes."""

from __future__ import annotations

import hashlib
import json
import logging
import time
from importlib.metadata import version
from pathlib import Path
from typing import TextIO

import psycopg
from django.conf import settings
from django.utils import timezone

from cavendish.above.backup.contents import (
    DUMP,
    FORMAT,
    OBJECTS,
    SECRETS,
    SUMS,
    BackupError,
    Manifest,
    sha256_of,
)  # fmt: skip
from cavendish.above.backup.programs import dump
from cavendish.above.schedule.services import TaskLog
from cavendish.db.pool import conninfo
from cavendish.storage import ObjectMissing, objects
from cavendish.up.files import write_private
from generations.upkeep.gauges import backup_note

logger = logging.getLogger(__name__)

TASK = "backup"
EXPECTED_EVERY = 24 * 3600.0
KEPT_SECRETS = ("SECRET_KEY", "SECRET_KEY_FALLBACKS")
DEMO = "demo.json"


def backup_write(folder: Path) -> Manifest:
    """Writes a backup into an empty folder and returns its manifest. Raises BackupError."""
    began = time.monotonic()
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise BackupError(f"{folder} is not empty. Name a folder of its own for each backup.")
    if not settings.CONFIG.given("DATABASE_OWNER_URL"):
        raise BackupError("DATABASE_OWNER_URL is not set: only the owner may read every table.")
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise BackupError(f"{folder} cannot be made: {error.strerror}.") from None
    owner = conninfo("owner")
    try:
        with psycopg.connect(owner) as connection:
            server, transaction = connection.execute(
                "SELECT current_setting('server_version'), pg_current_xact_id()::text::bigint"
            ).fetchone() or ("", 0)
            connection.commit()
            dump(folder / DUMP, connection)
    except psycopg.OperationalError as error:
        raise BackupError(f"DATABASE_OWNER_URL: PostgreSQL cannot be reached: {str(error).splitlines()[0]}") from None
    (folder / DUMP).chmod(0o600)
    _secrets_write(folder)
    with (folder / SUMS).open("x") as file:
        for name in (DUMP, SECRETS):
            file.write(f"{sha256_of(folder / name)}  {name}\n")
        count, size = _objects_write(folder / OBJECTS, file)
    manifest = Manifest(
        FORMAT,
        version("cavendish"),
        timezone.now().isoformat(timespec="seconds"),
        server,
        transaction,
        count,
        size,
        sha256_of(folder / SUMS),
    )
    manifest.write(folder)
    backup_note()
    TaskLog().task_ran(TASK, thread="commands", every=EXPECTED_EVERY, seconds=time.monotonic() - began, result=count)
    return manifest


def _secrets_write(folder: Path) -> None:
    """Keeps what signed and sealed what is in the database, and the demo's keys where there are some."""
    config = settings.CONFIG
    kept = {name: value for name in KEPT_SECRETS if (value := config.given(name))}
    demo = config.data_dir / DEMO
    if demo.exists():
        kept[DEMO] = demo.read_text()
    write_private(folder / SECRETS, json.dumps(kept, indent=1) + "\n")


def _objects_write(folder: Path, sums: TextIO) -> tuple[int, int]:
    """Copies all objects and notes their checksums. Returns how many there are and their bytes."""
    store, count, size = objects(), 0, 0
    folder.mkdir(mode=0o700)
    for found in store.listing(""):
        if found.key.rpartition("/")[2].startswith(".") or found.key.endswith(".part"):
            continue
        path = folder / found.key
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        digest, length = hashlib.sha256(), 0
        try:
            with path.open("wb") as target:
                for chunk in store.read(found.key):
                    target.write(chunk)
                    digest.update(chunk)
                    length += len(chunk)
        except ObjectMissing:
            # It was erased since it was listed.
            path.unlink(missing_ok=True)
            continue
        sums.write(f"{digest.hexdigest()}  {OBJECTS}/{found.key}\n")
        count, size = count + 1, size + length
    return count, size
