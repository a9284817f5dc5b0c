"""A platform is lost and comes back from its backup: the books agree, and every picture is the same."""

from __future__ import annotations

import hashlib
import json
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import httpx
import psycopg
import pytest

from cavendish.above.backup.contents import DUMP, MANIFEST, OBJECTS, SECRETS, SUMS, BackupError
from cavendish.above.backup.restore import backup_restore
from cavendish.above.backup.services import backup_write
from cavendish.boot.config import Config
from tests.services import ROOT, Running

pytestmark = pytest.mark.slow


def manage(running: Running, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / "manage.py"), *arguments]
    return subprocess.run(command, env=running.environment, capture_output=True, text=True, check=False, timeout=120)


def client(running: Running, key: str) -> httpx.Client:
    return httpx.Client(base_url=running.url, headers={"Authorization": f"Bearer {key}"}, timeout=60)


def pictures(running: Running, key: str, ids: list[str]) -> dict[str, str]:
    """The hash of each job's picture, fetched as a client does."""
    found = {}
    with client(running, key) as http:
        for id in ids:
            output = http.get(f"/api/v1/generations/{id}").json()["outputs"][0]
            content = http.get(output["url"]).content
            found[id] = hashlib.sha256(content).hexdigest()
            assert found[id] == output["sha256"]
    return found


def owner(running: Running) -> psycopg.Connection[tuple[object, ...]]:
    url = json.loads((running.data_dir / "connection.json").read_text())["DATABASE_OWNER_URL"]
    return psycopg.connect(url, autocommit=True)


def test_what_is_lost_comes_back(own_platform: Running, tmp_path: Path) -> None:
    running, backup = own_platform, tmp_path / "backup"
    key = running.ready["tenants"][0]["api_key"]
    with client(running, key) as http:
        body = {"model": "gemini-3.1-flash-lite-image", "input": "a cat"}
        made = [http.post("/api/v1/generations", json=body, headers={"Prefer": "wait=50"}).json() for _ in range(3)]
    ids = [job["id"] for job in made if job["status"] == "succeeded"]
    assert len(ids) == 3
    before = pictures(running, key, ids)

    written = manage(running, "backup", str(backup))
    assert written.returncode == 0, written.stderr
    assert {path.name for path in backup.iterdir()} == {DUMP, MANIFEST, OBJECTS, SECRETS, SUMS}
    assert stat.S_IMODE(backup.stat().st_mode) == 0o700
    assert stat.S_IMODE((backup / SECRETS).stat().st_mode) == 0o600
    assert subprocess.run(["sha256sum", "--check", "--quiet", SUMS], cwd=backup, check=False).returncode == 0
    with owner(running) as connection:
        row = connection.execute("SELECT result, error FROM schedule_scheduledtask WHERE name = 'backup'").fetchone()
        assert row == (json.loads((backup / MANIFEST).read_text())["objects"], "")
    with pytest.raises(BackupError, match="is not empty"):
        backup_write(backup)
    with pytest.raises(BackupError, match=r"CAVENDISH_DATA_DIR is .* which is not empty"):
        backup_restore(backup, Config(running.data_dir), lambda line: None)
    running.stop()
    shutil.rmtree(running.data_dir)
    # One that was changed touches nothing.
    secrets = (backup / SECRETS).read_text()
    (backup / SECRETS).write_text("{}")
    with pytest.raises(BackupError, match=r"secrets\.json is not as it was written"):
        backup_restore(backup, Config(running.data_dir), lambda line: None)
    assert not running.data_dir.exists()
    (backup / SECRETS).write_text(secrets)
    picture = next((backup / OBJECTS).rglob("*.png"))
    content = picture.read_bytes()
    picture.unlink()
    with pytest.raises(BackupError, match=r"\.png is not there"):
        backup_restore(backup, Config(running.data_dir), lambda line: None)
    assert not running.data_dir.exists()
    # One that breaks off is known for it.
    picture.write_bytes(content[:-1])
    broken = manage(running, "restore", str(backup))
    assert "is not as it was written" in broken.stderr
    for command in (("restore", str(backup)), ("up",)):
        refused = manage(running, *command)
        assert refused.returncode == 1
        assert "was not finished" in refused.stdout + refused.stderr
    shutil.rmtree(running.data_dir)
    picture.write_bytes(content)

    restored = manage(running, "restore", str(backup))
    assert restored.returncode == 0, restored.stdout + restored.stderr
    running.start()
    assert "Nothing differs" in running.manage("reconcile", "--hashes")
    assert pictures(running, key, ids) == before
    with client(running, key) as http:
        # The stream of a job that has ended ends, also on a server that counts from the beginning.
        events = http.get(f"/api/v1/generations/{ids[0]}/events", timeout=10).text
        assert "event: generation.succeeded" in events
        assert (
            http.post("/api/v1/generations", json=body, headers={"Prefer": "wait=50"}).json()["status"] == "succeeded"
        )

    # Whoever restores a dump by hand and does not migrate is told, and has a command.
    with owner(running) as connection:
        connection.execute("SELECT setval('events_xid_base', 0)")
    assert "Mended" in running.manage("restore-check")
    assert "nothing to mend" in running.manage("restore-check")
