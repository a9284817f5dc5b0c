"""Embedded services of a test's own, in folders that PostgreSQL's user can reach."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cavendish.up.home import find_home
from cavendish.up.postgres import THROWAWAY, Postgres
from cavendish.up.services import Folders, open_data_dir
from cavendish.up.state import State
from cavendish.up.supervisor import Supervisor
from tests.services import Running

MakeSupervisor = Callable[[], Supervisor]


class Quiet(list[str]):
    """The lines that would be on the console."""

    @property
    def text(self) -> str:
        return "\n".join(self)


@pytest.fixture
def folders() -> Iterator[Folders]:
    """A data directory below /tmp itself: pytest's own folders are closed to other users."""
    place = Path(tempfile.mkdtemp(prefix="cavendish-up-"))
    place.chmod(0o711)
    yield open_data_dir(str(place / "data with a blank"))
    shutil.rmtree(place, ignore_errors=True)


@pytest.fixture
def lines() -> Quiet:
    return Quiet()


@pytest.fixture
def supervisor(folders: Folders, lines: Quiet) -> Iterator[Supervisor]:
    supervisor = Supervisor(folders.data_dir / "children.json", report=lines.append)
    yield supervisor
    supervisor.stop()


def cluster(folders: Folders, lines: Quiet) -> Postgres:
    """A cluster that is not started yet."""
    state = State(folders.data_dir / "services.json")
    home = find_home(folders.data_dir, state)
    return Postgres(home, state, folders.log("postgresql"), lines.append, overrides=THROWAWAY)


@pytest.fixture
def postgres(folders: Folders, lines: Quiet) -> Postgres:
    return cluster(folders, lines)


def start(supervisor: Supervisor, postgres: Postgres) -> int:
    """Start the cluster as `up` does; the server's process id."""
    child = postgres.prepare(supervisor.pause)
    supervisor.launch(child)
    supervisor.wait_ready(child)
    return child.pid


@pytest.fixture(scope="module")
def standing() -> Iterator[list[Running]]:
    """The platform that the tests of a module stop, kill and start again: a start takes ten seconds of a core."""
    platforms: list[Running] = []
    yield platforms
    for running in platforms:
        running.remove()


@pytest.fixture
def own_platform(standing: list[Running]) -> Iterator[Running]:
    """A whole `manage.py up` for one test, which may kill any part of it; the next one finds it alive, or another."""
    if not standing:
        standing.append(Running({"WORKERS": "1"}))
    [running] = standing
    running.output.write_text("")
    yield running
    if running.process.poll() is not None:
        running.remove()
        standing.clear()
