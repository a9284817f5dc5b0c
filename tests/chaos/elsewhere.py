"""A second machine of a platform: a web process and a worker with a spool and a clock of their own.

Their clock goes wrong as clocks of machines do, without anybody's knowing: no setting of the platform's says so, and
intervals stay what they are.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cavendish.up.clock import libraries
from tests.deploy.fleet import WEB, WORKER, Process
from tests.services import Running

SPOOL = "spool-elsewhere"


class WrongClock:
    """The time of day of the processes that get `environment`, which is the machine's and some seconds more."""

    def __init__(self, folder: Path, *, ahead: float = 0) -> None:
        # libfaketime reads it in the home folder: its variables would tell the platform of a clock that is moved.
        self.file = folder / ".faketimerc"
        self.move(ahead)

    @property
    def environment(self) -> dict[str, str]:
        return {
            "HOME": str(self.file.parent),
            "LD_PRELOAD": str(libraries()[0]),
            "FAKETIME_CACHE_DURATION": "1",
            "DONT_FAKE_MONOTONIC": "1",
        }

    def move(self, ahead: float) -> None:
        # Of one width: a thread that reads while another does may not find half of each.
        draft = self.file.with_suffix(".draft")
        draft.write_text(f"{ahead:+012.3f}\n")
        draft.rename(self.file)


class Elsewhere:
    """The machine: `web` and `worker` run until the block of `beside` ends, on the data of `running`."""

    def __init__(self, running: Running, folder: Path, *, web_ahead: float = 0, worker_ahead: float = 0) -> None:
        self.clocks: dict[str, WrongClock] = {}
        for name, ahead in (("web", web_ahead), ("worker", worker_ahead)):
            (folder / name).mkdir()
            self.clocks[name] = WrongClock(folder / name, ahead=ahead)
        environment = {**running.environment, "SPOOL_DIR": str(running.data_dir / SPOOL)}
        self.worker = Process(
            WORKER, {**environment, **self.clocks["worker"].environment}, folder, CAVENDISH_WORKER_NAME="elsewhere"
        )
        self.web = Process(WEB, {**environment, **self.clocks["web"].environment}, folder)

    @property
    def url(self) -> str:
        return self.web.url

    @classmethod
    @contextmanager
    def beside(
        cls, running: Running, folder: Path, *, web_ahead: float = 0, worker_ahead: float = 0
    ) -> Iterator[Elsewhere]:
        machine = cls(running, folder, web_ahead=web_ahead, worker_ahead=worker_ahead)
        try:
            machine.worker.until_ready()
            machine.web.until_ready()
            yield machine
        finally:
            machine.web.stop()
            machine.worker.stop()


def is_there() -> bool:
    """Whether clocks can be moved on this machine."""
    return bool(libraries()) and os.name == "posix"
