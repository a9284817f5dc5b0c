"""Where each setting comes from: the environment first, then what `manage.py up` recorded for this data directory.

`up` starts the services that have no URL in the environment and records their addresses and secrets in
`<data dir>/connection.json` (mode 0600). Every other process, `manage.py` included, finds the running platform there.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, time
from functools import cached_property
from pathlib import Path
from typing import Any

from cavendish.db.address import POOLERS, DatabaseUrlInvalid, database_settings

CONNECTION_FILE = "connection.json"
# Hosts that only this machine can reach.
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
# The same as a Host header has them.
LOOPBACK_NAMES = frozenset({"127.0.0.1", "localhost", "[::1]"})
DEFAULT_SECRET_KEY = "insecure-only-until-up-has-made-one"


class ConfigurationError(Exception):
    """A setting that cannot be used. The message names it and says what would be right."""


@dataclass(frozen=True)
class Config:
    """Settings by name. `data_dir` contains everything that the platform stores on this machine."""

    data_dir: Path

    @classmethod
    def load(cls) -> Config:
        return cls(data_dir=Path(os.environ.get("CAVENDISH_DATA_DIR", ".cavendish")).resolve())

    @property
    def connection_file(self) -> Path:
        return self.data_dir / CONNECTION_FILE

    @cached_property
    def recorded(self) -> dict[str, str]:
        """The settings that `up` recorded; none where it never ran."""
        try:
            loaded: dict[str, str] = json.loads(self.connection_file.read_text())
        except FileNotFoundError:
            return {}
        return loaded

    def get(self, name: str, default: str = "") -> str:
        """Returns the setting as text; the default where it is absent or empty."""
        return os.environ.get(name) or self.recorded.get(name) or default

    def number(self, name: str, default: int) -> int:
        """Returns a whole number. Raises ConfigurationError, as the methods below do."""
        text = self.get(name, str(default))
        try:
            return int(text)
        except ValueError:
            raise ConfigurationError(f"{name} is {text!r}; use a whole number, for example {default}.") from None

    def flag(self, name: str, default: bool = False) -> bool:
        text = self.get(name, "true" if default else "false").lower()
        if text not in {"true", "false", "1", "0", "yes", "no"}:
            raise ConfigurationError(f"{name} is {text!r}; use true or false.")
        return text in {"true", "1", "yes"}

    def choice(self, name: str, choices: Sequence[str]) -> str:
        """Returns one of `choices` in lower case; the first is the default."""
        text = self.get(name, choices[0]).lower()
        if text not in choices:
            raise ConfigurationError(f"{name} is {text!r}; use {', '.join(choices[:-1])} or {choices[-1]}.")
        return text

    def day(self, name: str) -> date | None:
        """Returns the day that an ISO date names; None where it is absent."""
        text = self.get(name)
        try:
            return date.fromisoformat(text) if text else None
        except ValueError:
            raise ConfigurationError(f"{name} is {text!r}; use a day like 2026-12-31.") from None

    def time_of_day(self, name: str, default: str) -> time | None:
        """Returns the time that "03:00" names; None for "never"."""
        text = self.get(name, default)
        if text.lower() == "never":
            return None
        try:
            at = time.fromisoformat(text)
        except ValueError:
            at = None
        if at is None or at.tzinfo is not None:
            raise ConfigurationError(f"{name} is {text!r}; use a time like {default}, or never.")
        return at

    def words(self, name: str, default: str = "") -> list[str]:
        """Returns the items of a comma-separated list, without empty ones."""
        return [word.strip() for word in self.get(name, default).split(",") if word.strip()]

    def database(self, name: str, **options: Any) -> dict[str, Any]:
        """Returns Django's settings of a database from its URL (cavendish.db.address)."""
        url = self.get(name, "postgresql://unset:unset@127.0.0.1:1/unset")
        pooler = "none" if name == "DATABASE_OWNER_URL" else self.choice("DATABASE_POOLER", POOLERS)
        try:
            return database_settings(name, url, pooler=pooler, **options)
        except DatabaseUrlInvalid as error:
            raise ConfigurationError(str(error)) from None
