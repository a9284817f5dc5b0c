"""A migrated database for tests, made once for each state of the migrations and copied by whoever starts a PostgreSQL.

To migrate an empty one takes a quarter of a minute on a busy machine, to copy it a tenth of a second, and a run of all
tests has three dozen of them. `python -m tests.template FOLDER` makes one.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from cavendish.up.postgres import THROWAWAY
from cavendish.up.services import Services, open_data_dir
from cavendish.up.state import STATE_FILE
from cavendish.up.supervisor import Supervisor

ROOT = Path(__file__).resolve().parent.parent
STORE = ROOT / ".pytest_cache" / "databases"
STALE_SECONDS = 24 * 3600


def template_copy(data_dir: Path) -> bool:
    """Copies the migrated database and its passwords into a fresh data directory. False where none can be kept."""
    template = STORE / _key()
    try:
        STORE.mkdir(parents=True, exist_ok=True)
        with (STORE / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)  # two lanes begin at once: one makes it, the other waits
            if not template.is_dir():
                _forget_stale()
                _run(sys.executable, "-m", "tests.template", str(template))
    except OSError:
        return False  # a checkout that is not ours to write to
    os.utime(template)
    if not (template / STATE_FILE).exists():
        return False
    _run("cp", "-a", str(template / "postgres"), str(template / STATE_FILE), str(data_dir))
    return True


def _key() -> str:
    """A hash of whatever decides what a migrated database is like."""
    digest = hashlib.sha256((ROOT / "requirements" / "dev.txt").read_bytes())
    for path in _sources():
        digest.update(f"{path.relative_to(ROOT)}\n".encode() + path.read_bytes())
    return digest.hexdigest()[:32]


def _sources() -> Iterator[Path]:
    for app in ("accounts", "billing", "generations", "platform/cavendish"):
        for path in sorted((ROOT / app).rglob("*.*")):
            is_code = {"migrations", "db", "up", "prices", "apps.py"} & {*path.relative_to(ROOT).parts}
            if path.suffix in {".sql", ".csv", ".toml"} or (is_code and path.suffix == ".py"):
                yield path


def _forget_stale() -> None:
    for old in STORE.iterdir():
        if old.is_dir() and time.time() - old.stat().st_mtime > STALE_SECONDS:
            shutil.rmtree(old, ignore_errors=True)


def _run(*command: str) -> None:
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    assert done.returncode == 0, done.stdout[-4000:]


def template_make(target: Path) -> None:
    """Starts an empty PostgreSQL, migrates it, ends it and keeps its files and passwords at `target`."""
    folders = open_data_dir(tempfile.mkdtemp(prefix="cavendish-template-"))
    supervisor = Supervisor(folders.data_dir / "children.json", report=print)
    try:
        services = Services(folders, supervisor, {}, postgres_overrides=THROWAWAY)
        services.start()
        services.record(SANDBOX_URL="http://127.0.0.1:9", BASE_URL="http://127.0.0.1:9")
        environment = {**os.environ, "CAVENDISH_DATA_DIR": str(folders.data_dir)}
        migrate = [sys.executable, str(ROOT / "manage.py"), "migrate", "--database", "owner", "--no-input"]
        subprocess.run(migrate, env=environment, check=True)
        supervisor.stop()
        state = json.loads((folders.data_dir / STATE_FILE).read_text())
        # Copies choose ports of their own; where the files are elsewhere, there is nothing to copy.
        kept = {name: value for name, value in state.items() if not name.endswith("_port")}
        draft = target.with_suffix(".draft")
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(mode=0o700)
        if "postgres_home" not in state:
            _run("cp", "-a", str(folders.data_dir / "postgres"), str(draft))
            (draft / STATE_FILE).write_text(json.dumps(kept))
            (draft / STATE_FILE).chmod(0o600)
        draft.rename(target)
    finally:
        supervisor.stop()
        shutil.rmtree(folders.data_dir, ignore_errors=True)


if __name__ == "__main__":
    template_make(Path(sys.argv[1]))
