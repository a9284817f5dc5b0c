"""PostgreSQL's own programs, of the wheel or of the system, with the password in the environment of theirs alone."""

from __future__ import annotations

import os
import shutil
import subprocess
import sysconfig
from pathlib import Path

from psycopg.conninfo import conninfo_to_dict, make_conninfo

from cavendish.above.backup.contents import BackupError
from cavendish.up.home import PROGRAMS


def program(name: str) -> str:
    """Returns the path of one of PostgreSQL's programs. Raises BackupError."""
    shipped = Path(sysconfig.get_paths()["platlib"]) / PROGRAMS / "bin" / name
    if shipped.exists():
        return str(shipped)
    if found := shutil.which(name):
        return found
    raise BackupError(f"There is no {name} on this machine: install PostgreSQL's client programs.")


def run(name: str, *arguments: str, conninfo: str) -> None:
    """Runs the program on a database. Raises BackupError with what it said."""
    parameters = conninfo_to_dict(conninfo)
    password = str(parameters.pop("password", None) or "")
    command = [
        program(name),
        *arguments,
        f"--dbname={make_conninfo(**{name: str(value) for name, value in parameters.items()})}",
    ]
    environment = {**os.environ, "PGPASSWORD": password} if password else dict(os.environ)
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise BackupError(f"{name} failed: {done.stderr.strip()[-600:]}")
