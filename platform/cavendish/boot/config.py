"""Where each setting comes from: the environment first, then what `manage.py up` recorded for this data directory.

`up` starts the services that have no URL in the environment and records their addresses and secrets in
`<data dir>/connection.json` (mode 0600). Every other process, `manage.py` included, finds the running platform there.
What a setting may be is declared in `cavendish.boot.declared`.
"""

from __future__ import annotations

import codecs
import json
import locale
import os
from dataclasses import dataclass
from datetime import date, time
from functools import cached_property
from pathlib import Path
from typing import Any

from cavendish.boot.declared import SETTINGS, Setting
from cavendish.boot.declared.kinds import Listed, WrongValue
from cavendish.db.address import DatabaseUrlInvalid, database_settings

CONNECTION_FILE = "connection.json"
FILE = "_FILE"
# Hosts that only this machine can reach.
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
# The same as a Host header has them.
LOOPBACK_NAMES = frozenset({"127.0.0.1", "localhost", "[::1]"})
DEFAULT_SECRET_KEY = "insecure-only-until-up-has-made-one"


class ConfigurationError(SystemExit):
    """A setting that cannot be used. The message names it and says what would be right.

    Where nobody catches it, it ends the process with the message and status 1, and without a traceback.
    """


@dataclass(frozen=True)
class Config:
    """Settings by name. `data_dir` contains everything that the platform stores on this machine."""

    data_dir: Path

    @classmethod
    def load(cls) -> Config:
        return cls(data_dir=Path(os.environ.get("CAVENDISH_DATA_DIR") or ".cavendish").resolve())

    @property
    def connection_file(self) -> Path:
        return self.data_dir / CONNECTION_FILE

    @cached_property
    def recorded(self) -> dict[str, str]:
        """The settings that `up` recorded; none where it never ran. Raises ConfigurationError for a damaged file."""
        file = self.connection_file
        try:
            loaded = json.loads(file.read_text())
        except (FileNotFoundError, NotADirectoryError):
            return {}
        except OSError as error:
            raise ConfigurationError(f"{file} cannot be read: {error.strerror}.") from None
        except ValueError:
            loaded = None
        if not isinstance(loaded, dict) or not all(isinstance(value, str) for value in loaded.values()):
            raise ConfigurationError(f"{file} is damaged. Remove it: `manage.py up` writes it anew when it starts.")
        return loaded

    @cached_property
    def from_files(self) -> dict[str, str]:
        """The secrets whose files are named, by setting. Raises ConfigurationError."""
        names = [name for name in SETTINGS if os.environ.get(name + FILE) and name + FILE not in SETTINGS]
        return {name: _secret_of(SETTINGS[name], os.environ[name + FILE]) for name in names}

    def environment(self) -> dict[str, str]:
        """Returns the environment with the secrets that stand in files."""
        return {**os.environ, **self.from_files}

    def check(self) -> None:
        """Raises ConfigurationError for the first setting that was given and cannot be, whoever reads it."""
        refuse_other_encodings(locale.getpreferredencoding(False))
        for name, setting in SETTINGS.items():
            if text := self.given(name):
                _read(setting, text)
        if self.flag("EMAIL_USE_TLS", False) and self.flag("EMAIL_USE_SSL", False):
            raise ConfigurationError("EMAIL_USE_TLS and EMAIL_USE_SSL are both true; use one: a server speaks one.")

    def given(self, name: str) -> str:
        """Returns the setting's text from the environment, a file or `up`; empty where nobody gave one."""
        return os.environ.get(name) or self.from_files.get(name) or self.recorded.get(name) or ""

    def get(self, name: str, default: str | None = None) -> str:
        """Returns the setting as text; the default where it is absent or empty, which is the declared one if not given.

        The methods below raise ConfigurationError for what its kind does not take.
        """
        return self.given(name) or (SETTINGS[name].default if default is None else default)

    def _value(self, name: str, default: str | None = None) -> Any:
        text = self.get(name, default)
        return _read(SETTINGS[name], text) if text else None

    def number(self, name: str, default: int | None = None) -> int:
        return int(self._value(name, None if default is None else str(default)))

    def flag(self, name: str, default: bool | None = None) -> bool:
        return bool(self._value(name, None if default is None else str(default)))

    def choice(self, name: str) -> str:
        return str(self._value(name))

    def day(self, name: str) -> date | None:
        found: date | None = self._value(name)
        return found

    def time_of_day(self, name: str) -> time | None:
        """Returns the time; None for "never"."""
        found: time | None = self._value(name)
        return found

    def words(self, name: str, default: str | None = None) -> list[str]:
        """Returns the items of a comma-separated list, without empty ones."""
        return [word.strip() for word in self.get(name, default).split(",") if word.strip()]

    def database(self, name: str, **options: Any) -> dict[str, Any]:
        """Returns Django's settings of a database from its URL (cavendish.db.address)."""
        url = self.get(name) or "postgresql://unset:unset@127.0.0.1:1/unset"
        pooler = "none" if name == "DATABASE_OWNER_URL" else self.choice("DATABASE_POOLER")
        try:
            return database_settings(name, url, pooler=pooler, **options)
        except DatabaseUrlInvalid as error:
            raise ConfigurationError(str(error)) from None


def refuse_other_encodings(encoding: str) -> None:
    """Raises ConfigurationError where Python would read and write files in anything but UTF-8."""
    if codecs.lookup(encoding).name != "utf-8":
        raise ConfigurationError(
            f"LANG or LC_ALL has Python read files as {encoding}, and the platform's are UTF-8. "
            "Set PYTHONUTF8=1, or use a locale like C.UTF-8."
        )


def _read(setting: Setting, text: str) -> Any:
    """Returns what the text means. Raises ConfigurationError, which never shows a secret."""
    try:
        return setting.kind.read(text)
    except WrongValue as error:
        shown = "cannot be used" if setting.is_secret else f"is {text[:200]!r}"
        raise ConfigurationError(f"{setting.name} {error.reason or f'{shown}; use {setting.kind.right}.'}") from None


def _secret_of(setting: Setting, path: str) -> str:
    """Returns the secret that stands in the file, without the line's end. Raises ConfigurationError."""
    name = setting.name + FILE
    if not setting.is_secret:
        raise ConfigurationError(f"{name} is set, but only secrets are read from files; set {setting.name}.")
    if os.environ.get(setting.name):
        raise ConfigurationError(f"{setting.name} and {name} are both set; keep one.")
    try:
        # Editors of other systems begin a file with a mark that is no part of the secret.
        text = Path(path).read_text("utf-8-sig").strip()
    except OSError as error:
        raise ConfigurationError(f"{name} is {path!r}: {error.strerror}. Use a file that has the secret.") from None
    except UnicodeDecodeError:
        raise ConfigurationError(f"{name} is {path!r}, which is no text. Use a file that has the secret.") from None
    if not text:
        raise ConfigurationError(f"{name} is {path!r}, which is empty. Use a file that has the secret.")
    return ",".join(text.split("\n")) if isinstance(setting.kind, Listed) else text
