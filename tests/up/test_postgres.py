from __future__ import annotations

import os
import signal
import subprocess
import time

import psutil
import psycopg
import pytest

from cavendish.up.errors import UpError
from cavendish.up.files import tail
from cavendish.up.ports import LOCAL
from cavendish.up.postgres import Postgres
from cavendish.up.services import Folders, open_data_dir
from cavendish.up.state import State
from cavendish.up.supervisor import Supervisor
from tests.up.conftest import Quiet, cluster, start

CANARY = "canary-prompt-7f3a"


def forget(supervisor: Supervisor) -> None:
    """As after a kill -9 of everything: nobody knows the children any more."""
    for child in supervisor.children:
        child.kill()
    supervisor.children.clear()


def test_a_cluster_in_a_long_path_takes_passwords_only_and_listens_here_only(
    supervisor: Supervisor, folders: Folders, lines: Quiet
) -> None:
    postgres = cluster(open_data_dir(str(folders.data_dir.parent.joinpath(*["d" * 60] * 4))), lines)
    pid = start(supervisor, postgres)
    listening = {(c.laddr.ip, c.laddr.port) for c in psutil.Process(pid).net_connections("all") if c.status == "LISTEN"}
    assert listening == {(LOCAL, postgres.port)}
    with psycopg.connect(postgres.conninfo()) as connection:
        row = connection.execute("SELECT current_setting('server_version_num')::int / 10000").fetchone()
        assert row == (18,)
        rules = connection.execute("SELECT DISTINCT auth_method FROM pg_hba_file_rules").fetchall()
        assert rules == [("scram-sha-256",)]
        collation = connection.execute("SELECT datlocprovider, datlocale FROM pg_database WHERE datname = 'postgres'")
        assert collation.fetchone() == ("b", "C.UTF-8")
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(postgres.conninfo(), password="wrong")
    assert not list(postgres.home.folder.glob("initial-password"))


def test_no_value_gets_into_the_log(supervisor: Supervisor, postgres: Postgres) -> None:
    start(supervisor, postgres)
    with psycopg.connect(postgres.conninfo(), autocommit=True) as connection:
        connection.execute("CREATE TABLE job (id int PRIMARY KEY, prompt text CHECK (length(prompt) < 5))")
        for statement, parameters in (
            ("INSERT INTO job VALUES (1, %s)", [CANARY]),
            ("SELECT %s::text::int", [CANARY]),
            ("SELECT %s::text::json", [CANARY]),
            (f"SELECT nothing('{CANARY}')", []),
        ):
            with pytest.raises(psycopg.Error):
                connection.execute(statement.encode(), parameters)
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(postgres.conninfo(), password=CANARY)
    log = postgres.log.read_text()
    assert "ready to accept connections" in log
    assert CANARY not in log


def test_a_kill_of_everything_loses_nothing_and_blocks_no_start(
    supervisor: Supervisor, postgres: Postgres, lines: Quiet
) -> None:
    start(supervisor, postgres)
    port = postgres.port
    with psycopg.connect(postgres.conninfo(), autocommit=True) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 1 AS one")
        connection.execute("CHECKPOINT")
    for process in postgres.leftovers():
        process.kill()
    forget(supervisor)
    # The id in the lock file now belongs to a stranger, as it may in a container whose ids begin anew.
    stranger = subprocess.Popen(["/bin/sleep", "60"], user=postgres.home.user.uid if postgres.home.user else None)
    try:
        lock = postgres.data / "postmaster.pid"
        lock.write_text(f"{stranger.pid}\n" + lock.read_text().partition("\n")[2])
        start(supervisor, postgres)
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()
    assert postgres.port == port
    with psycopg.connect(postgres.conninfo()) as connection:
        assert connection.execute("SELECT one FROM kept").fetchone() == (1,)
    assert lines == []


def test_a_server_that_outlived_its_up_is_ended_first(supervisor: Supervisor, postgres: Postgres, lines: Quiet) -> None:
    first = start(supervisor, postgres)
    child = supervisor.children.pop()
    second = start(supervisor, postgres)
    assert child.process is not None
    assert child.process.wait(timeout=1) == 0
    assert first != second
    assert lines == ["Ending a PostgreSQL that an earlier start left behind."]


def test_backends_that_outlived_their_server_are_ended_first(
    supervisor: Supervisor, postgres: Postgres, lines: Quiet
) -> None:
    start(supervisor, postgres)
    with psycopg.connect(postgres.conninfo(), autocommit=True) as connection:
        row = connection.execute("SELECT pg_backend_pid()").fetchone()
        assert row is not None
        backend = psutil.Process(row[0])
        backend.suspend()  # so that it cannot notice its server's death, as one in a long loop would not
        server = supervisor.children.pop().process
        assert server is not None
        server.send_signal(signal.SIGKILL)
        server.wait()
        start(supervisor, postgres)
        assert not backend.is_running() or backend.status() == psutil.STATUS_ZOMBIE


@pytest.mark.slow
def test_readiness_is_waited_for_as_long_as_the_process_lives(
    supervisor: Supervisor, postgres: Postgres, lines: Quiet
) -> None:
    child = postgres.prepare(supervisor.pause)
    supervisor.launch(child)
    os.kill(child.pid, signal.SIGSTOP)
    woken: list[float] = []

    def pause(seconds: float) -> None:
        if not woken and lines:
            woken.append(time.monotonic())
            os.kill(child.pid, signal.SIGCONT)
        time.sleep(seconds)

    supervisor.pause = pause  # type: ignore[method-assign]
    assert supervisor.wait_ready(child) > 5
    assert lines[0].startswith("  PostgreSQL is not ready yet and may be recovering from a crash; waiting.")


def test_a_server_that_cannot_start_is_an_error_with_the_end_of_its_log(
    supervisor: Supervisor, postgres: Postgres
) -> None:
    postgres.overrides["shared_buffers"] = "nonsense"
    child = postgres.prepare(supervisor.pause)
    supervisor.launch(child)
    with pytest.raises(UpError, match=r"PostgreSQL ended while starting \(exit code 1\)[^$]*shared_buffers"):
        supervisor.wait_ready(child)
    assert "shared_buffers" in tail(postgres.log)


def test_a_lost_password_is_said(supervisor: Supervisor, postgres: Postgres, folders: Folders) -> None:
    start(supervisor, postgres)
    supervisor.stop()
    supervisor.stopping = False
    supervisor.children.clear()
    postgres.state.path.unlink()
    again = Postgres(postgres.home, State(postgres.state.path), postgres.log, supervisor.report)
    child = again.prepare(supervisor.pause)
    supervisor.launch(child)
    with pytest.raises(UpError, match=r"refuses the password in .*services\.json"):
        supervisor.wait_ready(child)


def test_a_cluster_of_another_version_is_refused(supervisor: Supervisor, postgres: Postgres) -> None:
    postgres.data.mkdir()
    (postgres.data / "PG_VERSION").write_text("16\n")
    with pytest.raises(UpError, match=r"is of PostgreSQL 16, the installed package has 18\."):
        postgres.prepare(supervisor.pause)
