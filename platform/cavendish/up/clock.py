"""The moved clock at a start: finds libfaketime, sets the time, and sees that it works."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil
import psycopg

from cavendish.boot.clock import SETTING, MovedClock, parse_moment, refuse_elsewhere
from cavendish.boot.config import Config
from cavendish.up.errors import UpError
from cavendish.up.home import Home
from cavendish.up.state import State
from cavendish.up.supervisor import Report

NAME = "libfaketime.so.1"
SYSTEM = ("/usr/lib", "/usr/local/lib")
CLOSE = timedelta(seconds=30)
"""How far apart two looks at the same clock may be."""


def clock_begin(
    home: Home, state: State, config: Config, environ: Mapping[str, str], report: Report
) -> MovedClock | None:
    """Returns the clock of this data directory, set and tried out; None where it goes by the machine's.

    A data directory that has been on a moved clock stays on it: its rows are of that time. Nor does it ever go back.
    Raises UpError, ConfigurationError.
    """
    kept = state.text("clock_file")
    text = environ.get(SETTING, "")
    if not text and not kept:
        return None
    refuse_elsewhere(config)
    moment = parse_moment(text) if text else None
    file = home.folder / "clock"
    lived = (home.folder / "data" / "PG_VERSION").exists()
    clock = _working(home, file, start=None if kept else moment)
    now = clock.now() if kept else datetime.now(UTC)
    if moment and moment > now:
        clock.move(moment)
    elif moment and not kept and lived:
        raise UpError(
            f"{SETTING} is {text}, and the data in {config.data_dir} is of today: time cannot go back under it. "
            "Use a later moment, or an empty CAVENDISH_DATA_DIR."
        )
    elif moment and not kept:
        clock.move(moment)
    elif moment:
        report(f"  {SETTING} is earlier than the clock of this data directory, which goes on.")
    state.put("clock_file", str(file))
    _sweep_shared_memory()
    os.environ.update(clock.environment())
    return clock


def clock_check(clock: MovedClock, conninfo: str) -> None:
    """Raises UpError unless PostgreSQL is on the clock as well."""
    with psycopg.connect(conninfo) as connection:
        row = connection.execute("SELECT now()").fetchone()
    if row is None or abs(row[0] - clock.now()) > CLOSE:
        raise UpError(f"PostgreSQL does not follow {SETTING}. Its log says why; {_advice()}")


def _working(home: Home, file: Path, *, start: datetime | None) -> MovedClock:
    """Returns a clock with the first libfaketime that works here, copied to where PostgreSQL's user can read it."""
    if not file.exists():
        MovedClock(file, file).move(start or datetime.now(UTC))
    for found in libraries():
        library = home.folder / NAME
        draft = library.with_suffix(".draft")
        shutil.copyfile(found, draft)
        draft.chmod(0o755)
        draft.rename(library)
        clock = MovedClock(file, library)
        if _works(clock):
            return clock
    raise UpError(f"{SETTING} needs libfaketime, and there is none that works on this machine. {_advice()}")


def libraries() -> list[Path]:
    """Returns the candidates: of the package from PyPI, then of the system."""
    spec = importlib.util.find_spec("libfaketime")
    places = (spec and spec.submodule_search_locations) or ()
    packaged = [path for place in places if (path := Path(place) / "vendor/libfaketime/src" / NAME).exists()]
    return [*packaged, *(path for root in SYSTEM for path in sorted(Path(root).glob(f"**/faketime/{NAME}")))]


def _works(clock: MovedClock) -> bool:
    """Returns whether a program started with it sees its time. The loader ignores one of another processor's."""
    seen = subprocess.run(
        [sys.executable, "-I", "-c", "import time; print(time.time())"],
        env={**os.environ, **clock.environment()}, stdin=subprocess.DEVNULL, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    try:
        moment = datetime.fromtimestamp(float(seen.stdout), UTC)
    except ValueError:
        return False
    return abs(moment - clock.now()) <= CLOSE


def _sweep_shared_memory() -> None:
    """Removes the few bytes that libfaketime keeps for each process, of those that were killed."""
    for path in Path("/dev/shm").glob("*faketime_*_*"):
        process = path.name.rpartition("_")[2]
        if process.isdecimal() and not psutil.pid_exists(int(process)) and path.stat().st_uid == os.geteuid():
            path.unlink(missing_ok=True)


def _advice() -> str:
    return (
        "Install it with `apt install libfaketime` (Debian), or `pip install --no-deps libfaketime` into .venv "
        "(Linux on x86-64), and start again."
    )
