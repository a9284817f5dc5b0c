"""The embedded PostgreSQL: creates the cluster, starts the server as a child, knows when it accepts connections."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import psutil
import psycopg
from psycopg.conninfo import make_conninfo

from cavendish.up.children import Child, plain_environment
from cavendish.up.errors import UpError
from cavendish.up.files import tail
from cavendish.up.home import Home
from cavendish.up.ports import LOCAL, free_port
from cavendish.up.state import State
from cavendish.up.supervisor import Report, end_processes

SUPERUSER = "postgres"
# Written into postgresql.conf once, when the cluster is created; after that the operator may change the file.
TUNING = {
    "max_connections": "200",
    "shared_buffers": "256MB",
    "effective_cache_size": "1GB",
    "work_mem": "8MB",
    "maintenance_work_mem": "64MB",
    "random_page_cost": "1.1",
    "jit": "off",  # compiling costs more than it saves in queries of a few milliseconds
    "wal_buffers": "16MB",
    "wal_compression": "on",
    "min_wal_size": "256MB",
    "max_wal_size": "2GB",
    "checkpoint_timeout": "15min",
    "timezone": "UTC",
    "log_timezone": "UTC",
}
# Passed on the command line at every start, where no file can override them. The log must never repeat a value: prompts
# and keys are values. `log_min_messages=log` omits errors of statements, whose primary message may quote one; clients
# still get them.
FIXED = {
    "listen_addresses": LOCAL,
    "unix_socket_directories": "",  # a socket's path is limited to 107 bytes, a data directory's is not
    "password_encryption": "scram-sha-256",
    "fsync": "on",
    "synchronous_commit": "on",
    "logging_collector": "off",
    "log_destination": "stderr",
    "log_min_messages": "log",
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
    "log_statement": "none",
    "log_min_duration_statement": "-1",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
    "log_line_prefix": "%m [%p] ",
}
# For tests, whose data need not survive a power cut.
THROWAWAY = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "shared_buffers": "64MB"}


class Postgres:
    """The cluster of one data directory. `overrides` are server settings that win over FIXED and postgresql.conf."""

    def __init__(
        self, home: Home, state: State, log: Path, report: Report, *, overrides: Mapping[str, str] | None = None
    ) -> None:
        self.home = home
        self.state = state
        self.log = log
        self.report = report
        self.overrides = dict(overrides or {})
        self.data = home.folder / "data"
        self.password = state.secret("postgres_superuser_password")
        self.port = 0
        self._reported_at = 0.0

    def prepare(self, pause: Callable[[float], None], avoid: tuple[int, ...] = ()) -> Child:
        """Creates the cluster on first use, ends what an earlier start left, and returns the child to launch."""
        if (self.data / "PG_VERSION").exists():
            self._check_version()
        else:
            self._initialise()
        self.clear_leftovers(pause)
        self.choose_port(avoid)
        return self.child(pause)

    def choose_port(self, avoid: tuple[int, ...] = ()) -> None:
        """Sets `port`: that of the last start when it is still free."""
        self.port = free_port(self.state.number("postgres_port"), avoid)
        self.state.put("postgres_port", self.port)

    def child(self, pause: Callable[[float], None]) -> Child:
        settings = {**FIXED, **self.overrides, "port": str(self.port)}
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return Child(
            name="PostgreSQL",
            argv=[str(self.home.programs / "postgres"), "-D", str(self.data), *options],
            log=self.log,
            env=plain_environment(),
            user=self.home.user,
            cwd=self.home.folder,
            stop_signal=signal.SIGINT,  # fast shutdown: sessions end, everything is written
            stage=2,
            grace=8.0,
            before_start=lambda: self.clear_leftovers(pause),
            is_ready=self.is_ready,
        )

    def conninfo(self, database: str = "postgres") -> str:
        """Returns the superuser's connection string, for provisioning alone: no process of the platform uses it."""
        return make_conninfo(
            host=LOCAL, port=self.port, user=SUPERUSER, password=self.password, dbname=database, connect_timeout=5
        )

    def is_ready(self) -> bool:
        """Returns whether the server serves connections. Reports the wait now and then: a recovery may take minutes."""
        try:
            with psycopg.connect(self.conninfo()) as connection:
                connection.execute("SELECT 1")
        except psycopg.errors.InvalidPassword:
            raise UpError(
                f"PostgreSQL refuses the password in {self.state.path}. Was that file replaced? "
                "Restore the one that belongs to this cluster."
            ) from None
        except psycopg.OperationalError as error:
            if "password authentication failed" in str(error):
                raise UpError(
                    f"PostgreSQL refuses the password in {self.state.path}. Was that file replaced? "
                    "Restore the one that belongs to this cluster."
                ) from None
            now = time.monotonic()
            self._reported_at = self._reported_at or now
            if now - self._reported_at > 5:
                self._reported_at = now
                last = tail(self.log, 1)[-160:]
                self.report(
                    f"  PostgreSQL is not ready yet and may be recovering from a crash; waiting. Its log: {last}"
                )
            return False
        self._reported_at = 0.0
        return True

    # Cluster

    def _initialise(self) -> None:
        draft = self.home.folder / "data.draft"
        password_file = self.home.folder / "initial-password"
        shutil.rmtree(draft, ignore_errors=True)
        password_file.unlink(missing_ok=True)
        handle = os.open(password_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w") as file:
            file.write(self.password + "\n")
        user = self.home.user
        if user:
            os.chown(password_file, user.uid, user.gid)
        argv = [
            str(self.home.programs / "initdb"),
            f"--pgdata={draft}",
            "--auth=scram-sha-256",
            f"--username={SUPERUSER}",
            f"--pwfile={password_file}",
            "--encoding=UTF8",
            "--locale-provider=builtin",  # the order of texts must not change with the system's libraries
            "--builtin-locale=C.UTF-8",
            "--locale=C",
            "--no-instructions",
            *(["--no-sync"] if self.overrides.get("fsync") == "off" else []),
            *(f"--set={name}={value}" for name, value in TUNING.items()),
        ]
        try:
            process = subprocess.run(
                argv,
                env=plain_environment(),
                cwd=self.home.folder,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                check=False,
                user=user.uid if user else None,
                group=user.gid if user else None,
                extra_groups=[] if user else None,
            )
        except OSError as error:
            raise UpError(f"PostgreSQL's initdb cannot run: {error}") from None
        finally:
            password_file.unlink(missing_ok=True)
        if process.returncode:
            raise UpError(f"PostgreSQL's initdb failed:\n\n{process.stdout[-1500:]}{process.stderr[-1500:]}")
        draft.rename(self.data)  # a killed initdb leaves a draft, never half a cluster

    def _check_version(self) -> None:
        of_cluster = (self.data / "PG_VERSION").read_text().strip()
        installed = subprocess.run(
            [str(self.home.programs / "postgres"), "--version"], capture_output=True, text=True, check=True
        ).stdout.split()[-1]
        if of_cluster != installed.split(".")[0]:
            raise UpError(
                f"The cluster in {self.data} is of PostgreSQL {of_cluster}, the installed package has {installed}. "
                "Dump it with the older package and restore it with this one."
            )

    # What a killed server left

    def leftovers(self) -> list[psutil.Process]:
        """Returns the processes of this very cluster: they have its data folder as working directory."""
        processes = []
        for process in psutil.process_iter(["name"]):
            with contextlib.suppress(psutil.Error, OSError):
                if process.info["name"] == "postgres" and process.cwd() == str(self.data):
                    processes.append(process)
        return processes

    def clear_leftovers(self, pause: Callable[[float], None]) -> None:
        """Ends a server that outlived its `up`, and backends that outlived their server: they would block a new one.

        The caller holds the data directory's lock, so what runs here belongs to nobody.
        """
        lock = self.data / "postmaster.pid"
        if not lock.exists():
            return
        if left := self.leftovers():
            self.report("Ending a PostgreSQL that an earlier start left behind.")
            server = lock.read_text().partition("\n")[0]
            # Only the server itself gets SIGINT, which means something else to its helpers.
            end_processes([process for process in left if str(process.pid) == server], signal.SIGINT, 10.0, pause)
            end_processes(self.leftovers(), signal.SIGQUIT, 3.0, pause)
        # A dead server's id may belong to another process by now; PostgreSQL would then believe that it still runs.
        lock.unlink(missing_ok=True)
