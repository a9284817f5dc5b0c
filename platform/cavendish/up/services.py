"""PostgreSQL and Valkey of one data directory, started and recorded, for `up` and for tests."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from cavendish.boot.clock import RECORDED_FILE, RECORDED_LIBRARY, MovedClock
from cavendish.boot.config import CONNECTION_FILE, Config
from cavendish.db.logins import ROLES
from cavendish.up import roles
from cavendish.up.children import Child
from cavendish.up.clock import clock_begin, clock_check
from cavendish.up.errors import UpError
from cavendish.up.files import private_folder, write_private
from cavendish.up.home import find_home
from cavendish.up.ports import LOCAL
from cavendish.up.postgres import Postgres
from cavendish.up.state import STATE_FILE, State
from cavendish.up.supervisor import Supervisor
from cavendish.up.valkey import Valkey

DATABASE_SETTINGS = (
    "DATABASE_URL",
    "DATABASE_SYSTEM_URL",
    "DATABASE_OPERATOR_URL",
    "DATABASE_PEOPLE_URL",
    "DATABASE_OWNER_URL",
)


UNFINISHED = "restore.unfinished"
"""Names the backup whose restore has not come to its end."""


def unfinished(data_dir: Path) -> str:
    return (
        f"The restore into {data_dir} was not finished: not everything is there. Remove the folder, empty services of "
        "your own, and restore again."
    )


@dataclass(frozen=True)
class Folders:
    """The data directory and its folders, which are created private to their owner before anybody writes to them."""

    data_dir: Path

    @property
    def logs(self) -> Path:
        return self.data_dir / "logs"

    def log(self, name: str) -> Path:
        return self.logs / f"{name}.log"

    def create(self) -> None:
        """Creates the folders that are missing. Raises UpError."""
        try:
            self.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
            for name in ("logs", "objects", "spool", "sandbox", "static"):
                private_folder(self.data_dir / name)
        except OSError as error:
            raise UpError(f"CAVENDISH_DATA_DIR {self.data_dir} cannot be used: {error.strerror}.") from None


class Services:
    """Starts the services without a URL in the environment. `urls` then has every setting that leads to a service."""

    def __init__(
        self,
        folders: Folders,
        supervisor: Supervisor,
        environ: Mapping[str, str],
        *,
        postgres_overrides: Mapping[str, str] | None = None,
    ) -> None:
        self.folders = folders
        self.supervisor = supervisor
        self.environ = environ
        self.state = State(folders.data_dir / STATE_FILE)
        self.overrides = postgres_overrides
        self.urls: dict[str, str] = {}
        self.names: list[str] = []
        self.clock: MovedClock | None = None
        self._began = 0.0

    def _configured(self, *settings: str) -> dict[str, str]:
        return {name: self.environ[name] for name in settings if self.environ.get(name)}

    def start(self) -> None:
        """Starts both servers side by side, then creates and checks the roles. Raises UpError."""
        self._began = time.monotonic()
        postgres = self._start_postgres()
        valkey = self._start_valkey(postgres[0].port if postgres else 0)
        if postgres:
            self._report(postgres[1], postgres[0].port)
            if self.clock:
                clock_check(self.clock, postgres[0].conninfo())
            address = roles.Address.local(postgres[0].port, roles.DATABASE)
            self.urls |= roles.provision_embedded(postgres[0].conninfo(), address, self._passwords("embedded"))
        if valkey:
            self._report(valkey[1], valkey[0].port)
        roles.check_roles(self.urls)

    def _report(self, child: Child, port: int) -> None:
        self.supervisor.wait_ready(child)
        seconds = time.monotonic() - self._began
        self.names.append(child.name)
        self.supervisor.report(f"  {child.name:<12}{seconds:6.1f} s   {LOCAL}:{port}")

    # PostgreSQL

    def _start_postgres(self) -> tuple[Postgres, Child] | None:
        configured = self._configured(*DATABASE_SETTINGS)
        if configured:
            self._use_configured_database(configured)
            return None
        home = find_home(self.folders.data_dir, self.state)
        if home.note:
            self.supervisor.report(home.note)
        # Before the first child: all of them see its time.
        self.clock = clock_begin(
            home, self.state, Config(self.folders.data_dir), self.environ, report=self.supervisor.report
        )
        postgres = Postgres(
            home, self.state, self.folders.log("postgresql"), self.supervisor.report, overrides=self.overrides
        )
        child = postgres.prepare(self.supervisor.pause)
        self.supervisor.launch(child)
        return postgres, child

    def _use_configured_database(self, configured: Mapping[str, str]) -> None:
        if "DATABASE_OWNER_URL" not in configured:
            raise UpError(
                f"{', '.join(configured)} is set without DATABASE_OWNER_URL. Migrations need the connection of the "
                "database's owner: set both, or none for an embedded PostgreSQL."
            )
        owner = roles.Address.of("DATABASE_OWNER_URL", configured["DATABASE_OWNER_URL"])
        self.urls |= roles.provision_configured(
            configured["DATABASE_OWNER_URL"], configured, self._passwords(f"{owner.servers}/{owner.name}")
        )
        self.supervisor.report(f"  PostgreSQL  external   {owner.servers}/{owner.name}")

    def _passwords(self, place: str) -> dict[str, str]:
        """Returns the passwords of the roles at `place`: those of one server are never sent to another."""
        names = (roles.OWNER, *ROLES.values())
        return {role: self.state.secret(f"password {role} at {place}") for role in names}

    # Valkey

    def _start_valkey(self, avoid: int) -> tuple[Valkey, Child] | None:
        configured = self._configured("BROKER_URL", "VALKEY_URL")
        broker = configured.get("BROKER_URL") or configured.get("VALKEY_URL") or ""
        wake = configured.get("VALKEY_URL") or (broker if broker.startswith(("redis", "valkey")) else "")
        if broker:
            self.supervisor.report(f"  Broker      external   {urlsplit(broker).hostname}")
        if wake:
            self.urls |= {"BROKER_URL": broker, "VALKEY_URL": wake}
            return None
        # RabbitMQ as the broker carries no wake-ups, which still need a Valkey of ours.
        valkey = Valkey(self.folders.data_dir, self.state, self.folders.log("valkey"))
        child = valkey.prepare((avoid,))
        self.supervisor.launch(child)
        self.urls |= {"BROKER_URL": broker or valkey.url, "VALKEY_URL": valkey.url}
        return valkey, child

    # What the other processes read

    def record(self, **addresses: str) -> dict[str, str]:
        """Writes connection.json, with all addresses and secrets, for every process of this data directory."""
        recorded = {
            **{name: self.urls[name] for name in (*DATABASE_SETTINGS, "BROKER_URL", "VALKEY_URL")},
            "STORAGE_URL": self.environ.get("STORAGE_URL") or f"file://{self.folders.data_dir / 'objects'}",
            "SECRET_KEY": self.environ.get("SECRET_KEY") or self.state.text("secret_key") or self._new_secret_key(),
            **addresses,
        }
        if self.clock:
            recorded |= {RECORDED_FILE: str(self.clock.file), RECORDED_LIBRARY: str(self.clock.library)}
        write_private(self.folders.data_dir / CONNECTION_FILE, json.dumps(recorded, indent=1) + "\n")
        return recorded

    def _new_secret_key(self) -> str:
        self.state.put("secret_key", secrets.token_urlsafe(48))
        return self.state.secret("secret_key")


def open_data_dir(path: str) -> Folders:
    """Returns the data directory at `path`, created with its private folders. Raises UpError."""
    folders = Folders(Path(path).expanduser().resolve())
    folders.create()
    return folders
