"""Settings of the section "The embedded services" of docs/configuration.md."""

from __future__ import annotations

from cavendish.boot.declared.kinds import Folder, Name
from cavendish.boot.declared.setting import UP, Process, Setting

SECTION = "The embedded services"
SETTINGS = [
    Setting(
        name="CAVENDISH_POSTGRES_USER",
        kind=Name("an account of this machine"),
        shown="postgres, cavendish or nobody",
        about="Account that runs PostgreSQL when `up` is started as root",
        meaning=("The account that runs PostgreSQL when `up` is started as root: see [as root](operations.md#as-root)"),
        read_by=UP,
    ),
    Setting(
        name="SANDBOX_STATE_DIR",
        kind=Folder(),
        shown="<data directory>/sandbox under `up`",
        about="Where the sandbox remembers interactions and files",
        meaning="Where the sandbox remembers interactions and files",
        read_by=(Process.SANDBOX,),
    ),
]
