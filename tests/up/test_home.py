"""Under root, PostgreSQL runs as another user; no folder of somebody else is opened for it."""

from __future__ import annotations

import os
import pwd
import shutil
import stat
import sysconfig
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest

from cavendish.up.errors import UpError
from cavendish.up.home import LIBRARIES, PROGRAMS, find_home
from cavendish.up.postgres import THROWAWAY, Postgres
from cavendish.up.services import Folders, open_data_dir
from cavendish.up.state import State
from cavendish.up.supervisor import Supervisor
from tests.up.conftest import Quiet, start

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root has to change users")
SITE = Path(sysconfig.get_paths()["platlib"])


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder that everybody may pass."""
    place = Path(tempfile.mkdtemp(prefix="cavendish-home-"))
    place.chmod(0o755)
    yield place
    shutil.rmtree(place)


def closed_data_dir(place: Path) -> Folders:
    """A data directory below a folder that is root's alone, as below /root."""
    private = place / "private"
    private.mkdir(mode=0o700)
    return open_data_dir(str(private / "deeper" / "data"))


def modes(folder: Path, top: Path) -> dict[Path, tuple[int, int, int]]:
    by_folder = {}
    for each in [folder, *folder.parents]:
        if each.is_relative_to(top):
            status = each.stat()
            by_folder[each] = (stat.S_IMODE(status.st_mode), status.st_uid, status.st_gid)
    return by_folder


def test_a_closed_parent_stays_closed_and_the_files_go_elsewhere(
    place: Path, supervisor: Supervisor, lines: Quiet
) -> None:
    folders = closed_data_dir(place)
    before = modes(folders.data_dir.parent, place)
    state = State(folders.data_dir / "services.json")
    home = find_home(folders.data_dir, state, shelter=place / "shelter")
    assert home.user is not None
    assert home.user.uid != 0
    assert home.folder.parent == place / "shelter"
    assert home.note == (
        f"PostgreSQL's files are in {home.folder}: its user {home.user.name} cannot enter {place / 'private'}. "
        f"A folder that it can reach keeps everything together, for example "
        f"CAVENDISH_DATA_DIR={place / 'shelter' / 'data'}"
    )
    status = home.folder.stat()
    assert (stat.S_IMODE(status.st_mode), status.st_uid) == (0o700, home.user.uid)

    postgres = Postgres(home, state, folders.log("postgresql"), lines.append, overrides=THROWAWAY)
    pid = start(supervisor, postgres)
    assert psutil.Process(pid).username() == home.user.name
    with psycopg.connect(postgres.conninfo()) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    assert modes(folders.data_dir.parent, place) == before
    assert find_home(folders.data_dir, State(state.path), shelter=place / "other").folder == home.folder


def test_a_private_data_directory_admits_its_group_only(place: Path) -> None:
    folders = open_data_dir(str(place / "data"))
    assert stat.S_IMODE(folders.data_dir.stat().st_mode) == 0o700
    home = find_home(folders.data_dir, State(folders.data_dir / "services.json"), shelter=place / "shelter")
    assert home.note is None
    assert home.user is not None
    status = folders.data_dir.stat()
    assert (stat.S_IMODE(status.st_mode), status.st_uid, status.st_gid) == (0o710, 0, home.user.gid)
    assert not (place / "shelter").exists()
    inside = {entry.name: stat.S_IMODE(entry.stat().st_mode) for entry in folders.data_dir.iterdir() if entry.is_dir()}
    assert inside == dict.fromkeys(("logs", "objects", "postgres", "sandbox", "spool", "static"), 0o700)


def test_unreachable_programs_are_copied_and_run(place: Path, supervisor: Supervisor, lines: Quiet) -> None:
    packages = place / "venv"
    for part in (PROGRAMS, LIBRARIES):
        shutil.copytree(SITE / part, packages / part, symlinks=True)
    packages.chmod(0o700)
    folders = open_data_dir(str(place / "data"))
    state = State(folders.data_dir / "services.json")
    home = find_home(folders.data_dir, state, packages=packages)
    assert home.programs.is_relative_to(folders.data_dir / "postgres")
    assert (home.programs / "postgres").stat().st_uid == 0
    assert stat.S_IMODE(packages.stat().st_mode) == 0o700
    postgres = Postgres(home, state, folders.log("postgresql"), lines.append, overrides=THROWAWAY)
    start(supervisor, postgres)
    with psycopg.connect(postgres.conninfo(), autocommit=True) as connection:
        connection.execute("DO $$ BEGIN PERFORM 1; END $$")  # plpgsql is loaded from the copy
    copied = (home.programs / "postgres").stat().st_ino
    again = find_home(folders.data_dir, state, packages=packages)
    assert (again.programs / "postgres").stat().st_ino == copied


def test_lost_files_are_an_error_and_never_an_empty_start(place: Path) -> None:
    folders = closed_data_dir(place)
    state = State(folders.data_dir / "services.json")
    home = find_home(folders.data_dir, state, shelter=place / "shelter")
    shutil.rmtree(home.folder)
    with pytest.raises(UpError, match=rf"were in {home.folder}, which is gone"):
        find_home(folders.data_dir, state, shelter=place / "shelter")


def test_the_user_can_be_named_and_takes_over(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folders = open_data_dir(str(place / "data"))
    state = State(folders.data_dir / "services.json")
    first = find_home(folders.data_dir, state)
    (first.folder / "data").mkdir()
    monkeypatch.setenv("CAVENDISH_POSTGRES_USER", "nobody")
    named = find_home(folders.data_dir, state, shelter=place / "shelter")
    assert named.user is not None
    assert named.user.uid == pwd.getpwnam("nobody").pw_uid
    assert named.folder.stat().st_uid == named.user.uid
    for wrong in ("root", "no-such-user"):
        monkeypatch.setenv("CAVENDISH_POSTGRES_USER", wrong)
        with pytest.raises(UpError, match=f"^CAVENDISH_POSTGRES_USER is '{wrong}'"):
            find_home(folders.data_dir, state)
