"""What `up` stores between two starts: ports, passwords, PostgreSQL's home (`services.json`, mode 0600)."""

from __future__ import annotations

import json
import secrets
from pathlib import Path
from typing import Any

from cavendish.up.errors import UpError
from cavendish.up.files import write_private

STATE_FILE = "services.json"


class State:
    """A small dictionary that is written to disk with every change."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            loaded = json.loads(path.read_text())
        except FileNotFoundError:
            loaded = {}
        except ValueError:
            loaded = None
        if not isinstance(loaded, dict):
            raise UpError(
                f"{path} is damaged. It contains the passwords of the services beside it: restore it from a backup."
            )
        self._values: dict[str, Any] = loaded

    def text(self, name: str) -> str | None:
        value = self._values.get(name)
        return value if isinstance(value, str) else None

    def number(self, name: str) -> int | None:
        value = self._values.get(name)
        return value if isinstance(value, int) else None

    def put(self, name: str, value: str | int | list[Any]) -> None:
        if self._values.get(name) != value:
            self._values[name] = value
            write_private(self.path, json.dumps(self._values, indent=1) + "\n")

    def items(self, name: str) -> list[Any]:
        value = self._values.get(name)
        return value if isinstance(value, list) else []

    def secret(self, name: str) -> str:
        """Returns a password that is created on first use and needs no quoting in a URL."""
        secret = self.text(name)
        if secret is None:
            secret = secrets.token_urlsafe(24)
            self.put(name, secret)
        return secret
