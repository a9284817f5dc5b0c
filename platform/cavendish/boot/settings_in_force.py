"""The settings as they are in force in this process, for people: values without secrets, and where each comes from."""

from __future__ import annotations

import os
from dataclasses import dataclass
from enum import StrEnum
from pathlib import PurePath
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings

from cavendish.boot.config import CONNECTION_FILE, Config
from cavendish.boot.settings_known import SECRETS, KnownSetting, known_settings


class Source(StrEnum):
    ENVIRONMENT = "environment"
    CONNECTION_FILE = CONNECTION_FILE
    DEFAULT = "default"


@dataclass(frozen=True)
class SettingInForce:
    """`value` is what people may see: "set" or "not set" of a secret, an address without its login and its query."""

    section: str
    name: str
    value: str
    source: Source
    default: str
    about: str

    @property
    def is_secret(self) -> bool:
        return self.name in SECRETS


def settings_in_force() -> list[SettingInForce]:
    """Returns every setting that docs/configuration.md names, in its order, as this process has it.

    Processes are started one by one: a worker may have been given another value than the web process that asks here.
    """
    config: Config = settings.CONFIG
    return [_in_force(known, config) for known in known_settings()]


def _in_force(known: KnownSetting, config: Config) -> SettingInForce:
    name = known.name
    given, recorded = os.environ.get(name, ""), str(config.recorded.get(name) or "")
    # `up` hands on to its children what it has recorded.
    if recorded and given in ("", recorded):
        source = Source.CONNECTION_FILE
    else:
        source = Source.ENVIRONMENT if given else Source.DEFAULT
    text = given or recorded or _effective(known)
    if name in SECRETS:
        text = "set" if given or recorded else "not set"
    return SettingInForce(known.section, name, _without_login(text), source, known.default, known.about)


def _effective(known: KnownSetting) -> str:
    """Returns what stands in the settings for a name that nobody gave a value, or its default in words."""
    value: Any = getattr(settings, known.name, None)
    match value:
        case bool():
            return "true" if value else "false"
        case str() | int() | float() | PurePath() if str(value):
            return str(value)
        case list() | tuple() if value and all(isinstance(item, str) for item in value):
            return ", ".join(value)
        case _:
            return known.default


def _without_login(text: str) -> str:
    """Returns a text, of an address only where it leads: passwords stand before the host, and keys in the query."""
    if "://" not in text:
        return text
    parts = urlsplit(text)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
