"""One setting: all that the check at the start, docs/configuration.md, the admin and the example files say of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from cavendish.boot.declared.kinds import Kind


class Process(StrEnum):
    """What runs."""

    UP = "up"
    WEB = "web"
    WORKER = "worker"
    SCHEDULER = "scheduler"
    SANDBOX = "sandbox"
    MIGRATE = "migrate"


UP = (Process.UP,)
WEB = (Process.WEB,)
WORKER = (Process.WORKER,)
SCHEDULER = (Process.SCHEDULER,)
SERVERS = (Process.WEB, Process.WORKER)
CLOCKED = (Process.WORKER, Process.SCHEDULER)
ALL = (Process.WEB, Process.WORKER, Process.SCHEDULER)


@dataclass(frozen=True)
class Example:
    """A line of `file` in deploy/. `note` stands above it. One that not everybody sets is off, which is a comment."""

    value: str
    note: str = ""
    is_off: bool = False
    file: str = "cavendish.env.example"


@dataclass(frozen=True, kw_only=True)
class Setting:
    """A variable of the environment.

    `default` is what a process takes where nothing is given; `shown` says it in words where it depends on something.
    `about` is a line, for the admin; `meaning` is a paragraph, for the page. A process of
    `needed_by` does not start without it, unless `up` recorded one. A secret can be read from the file that
    `<name>_FILE` names, and no message shows it.
    """

    name: str
    kind: Kind
    default: str = ""
    shown: str = ""
    about: str
    meaning: str
    read_by: tuple[Process, ...]
    needed_by: tuple[Process, ...] = ()
    is_secret: bool = False
    example: Example | None = None

    @property
    def default_shown(self) -> str:
        return self.shown or self.default or "none"
