"""Restores a backup: into an empty data directory, whose services are started for it, or into services of your own."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

import psycopg

from cavendish.above.backup.contents import (
    DUMP,
    OBJECTS,
    SECRETS,
    BackupError,
    Manifest,
    refuse_changed,
    sums,
)  # fmt: skip
from cavendish.above.backup.programs import load
from cavendish.above.backup.services import DEMO
from cavendish.boot.config import Config
from cavendish.storage.objects import Objects, objects_at
from cavendish.up.errors import UpError
from cavendish.up.files import Lock, write_private
from cavendish.up.services import DATABASE_SETTINGS, UNFINISHED, Folders, Services, open_data_dir, unfinished
from cavendish.up.supervisor import Supervisor, python

Report = Callable[[str], None]
# Of a restore nothing needs a broker, and none is started for it.
NO_BROKER = {"BROKER_URL": "redis://127.0.0.1:1/0", "VALKEY_URL": "redis://127.0.0.1:1/0"}


def backup_restore(folder: Path, config: Config, report: Report) -> Manifest:
    """Restores the backup and returns its manifest. Raises BackupError, before it has written where that can be."""
    manifest = Manifest.read(folder)
    listed = dict(sums(folder))
    for name in (DUMP, SECRETS):
        refuse_changed(folder, name, listed.pop(name, ""))
    secrets = json.loads((folder / SECRETS).read_text())
    for name in listed:
        if not (folder / name).is_file():
            raise BackupError(f"{folder / name} is not there. Take another backup.")
    if (config.data_dir / UNFINISHED).exists():
        raise BackupError(unfinished(config.data_dir))
    if config.data_dir.exists() and any(config.data_dir.iterdir()):
        raise BackupError(f"CAVENDISH_DATA_DIR is {config.data_dir}, which is not empty. Restore into a new folder.")
    environment = config.environment()
    given = environment.get("SECRET_KEY")
    if given and given != secrets.get("SECRET_KEY"):
        report("SECRET_KEY is not the backup's: links and sessions of before will not work.")
    try:
        folders = open_data_dir(str(config.data_dir))
    except UpError as error:
        raise BackupError(str(error)) from None
    store = objects_at(environment.get("STORAGE_URL") or f"file://{folders.data_dir / OBJECTS}")
    if next(store.listing(""), None) is not None:
        raise BackupError("STORAGE_URL leads to a store that is not empty. Restore into an empty one.")
    lock = Lock(folders.data_dir / "up.lock")
    if not lock.take():
        raise BackupError(f"Cavendish runs on {folders.data_dir}.")
    supervisor = Supervisor(folders.data_dir / "children.json", report=lambda line: None)
    write_private(folders.data_dir / UNFINISHED, f"{folder}\n")
    try:
        _database_restore(folder, folders, environment, supervisor, secrets, report)
    except UpError as error:
        raise BackupError(str(error)) from None
    finally:
        supervisor.stop()
        lock.release()
    _objects_restore(folder, listed, store, folders.data_dir / ".restoring")
    (folders.data_dir / UNFINISHED).unlink()
    report(f"Objects: {len(listed)}, each with its checksum.")
    return manifest


def _database_restore(
    folder: Path,
    folders: Folders,
    environment: Mapping[str, str],
    supervisor: Supervisor,
    secrets: Mapping[str, str],
    report: Report,
) -> None:
    services = Services(folders, supervisor, {**environment, **NO_BROKER})
    services.start()
    owner = services.urls["DATABASE_OWNER_URL"]
    with psycopg.connect(owner) as connection:
        row = connection.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone()
        if row is None or row[0]:
            raise BackupError("DATABASE_OWNER_URL leads to a database that has tables. Restore into an empty one.")
        connection.rollback()
        load(folder / DUMP, connection)
    report("Database: restored.")
    if "SECRET_KEY" in secrets and not environment.get("SECRET_KEY"):
        services.state.put("secret_key", secrets["SECRET_KEY"])
    if DEMO in secrets:
        write_private(folders.data_dir / DEMO, secrets[DEMO])
    # Migrations let events go on behind those of the backup, where this server has counted less far.
    supervisor.step(
        "Migrations",
        python("-m", "django", "migrate", "--database", "owner", "--no-input"),
        env={
            **os.environ,
            **{name: services.urls[name] for name in DATABASE_SETTINGS},
            **{f"{name}_FILE": "" for name in DATABASE_SETTINGS},
            "CAVENDISH_DATA_DIR": str(folders.data_dir),
            "DJANGO_SETTINGS_MODULE": os.environ.get("DJANGO_SETTINGS_MODULE", "cavendish.settings"),
        },
        log=folders.log("restore"),
    )
    report("Database: migrated.")


def _objects_restore(folder: Path, listed: Mapping[str, str], store: Objects, draft: Path) -> None:
    for name, digest in listed.items():
        refuse_changed(folder, name, digest)
        # `keep` moves the file, and the backup stays as it is: it may lie where nobody may write.
        try:
            shutil.copyfile(folder / name, draft)
            store.keep(draft, name.removeprefix(f"{OBJECTS}/"))
        finally:
            draft.unlink(missing_ok=True)
