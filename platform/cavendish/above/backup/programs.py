"""PostgreSQL's own programs, of the wheel or of the system, with the password in the environment of theirs alone."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sysconfig
import tempfile
from pathlib import Path
from subprocess import PIPE
from typing import IO

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from cavendish.above.backup.contents import BackupError
from cavendish.above.backup.tunnel import plain_conninfo
from cavendish.up.home import PROGRAMS


def program(name: str) -> str:
    """Returns the path of one of PostgreSQL's programs. Raises BackupError."""
    shipped = Path(sysconfig.get_paths()["platlib"]) / PROGRAMS / "bin" / name
    if shipped.exists():
        return str(shipped)
    if found := shutil.which(name):
        return found
    raise BackupError(f"There is no {name} on this machine: install PostgreSQL's client programs.")


def dump(path: Path, connection: psycopg.Connection) -> None:
    """Writes the connection's database into a file by pg_dump. Raises BackupError with what it said."""
    with plain_conninfo(connection) as conninfo:
        _run(_command("pg_dump", "--format=custom", f"--file={path}", conninfo=conninfo), conninfo)


def load(path: Path, connection: psycopg.Connection) -> None:
    """Restores a dump into the connection's database, all or nothing. Raises BackupError with what went wrong.

    By way of SQL, since pg_restore sets what an older server than its own does not know.
    """
    unknown = b"SET transaction_timeout" if connection.info.server_version < 170000 else None
    with plain_conninfo(connection) as conninfo, tempfile.TemporaryFile() as complaints:
        psql = _command("psql", "--no-psqlrc", "--quiet", "--single-transaction", conninfo=conninfo)
        psql += ["--set=ON_ERROR_STOP=1", "--output=/dev/null", "--file=-"]
        # Owned by whoever owns this database.
        script = [program("pg_restore"), "--no-owner", "--exit-on-error", "--file=-", str(path)]
        with (
            subprocess.Popen(script, stdout=PIPE, stderr=complaints) as reader,
            subprocess.Popen(psql, stdin=PIPE, stderr=complaints, env=_environment(conninfo)) as writer,
        ):
            assert reader.stdout
            assert writer.stdin
            with contextlib.suppress(BrokenPipeError):
                _copy(reader.stdout, writer.stdin, unknown)
                if reader.wait():
                    # Without a COMMIT, which psql adds when its input ends well.
                    writer.kill()
                writer.stdin.close()
        if reader.returncode or writer.returncode:
            complaints.seek(0)
            said = complaints.read().decode(errors="replace").strip()
            raise BackupError(f"pg_restore failed: {said[:600]}")


def _copy(source: IO[bytes], target: IO[bytes], unknown: bytes | None) -> None:
    """Passes a script on, without the setting that its server does not know, which comes before the first statement."""
    for line in source:
        if unknown is not None and line.startswith(unknown):
            unknown = None
            continue
        target.write(line)
        if line.startswith(b"CREATE "):
            break
    shutil.copyfileobj(source, target, 256 * 1024)


def _command(name: str, *arguments: str, conninfo: str) -> list[str]:
    parameters = {key: str(value) for key, value in conninfo_to_dict(conninfo).items() if key != "password"}
    return [program(name), *arguments, f"--dbname={make_conninfo(**parameters)}"]


def _environment(conninfo: str) -> dict[str, str]:
    password = str(conninfo_to_dict(conninfo).get("password") or "")
    return {**os.environ, "PGPASSWORD": password} if password else dict(os.environ)


def _run(command: list[str], conninfo: str) -> None:
    done = subprocess.run(command, env=_environment(conninfo), capture_output=True, text=True, check=False)
    if done.returncode:
        raise BackupError(f"{Path(command[0]).name} failed: {done.stderr.strip()[-600:]}")
