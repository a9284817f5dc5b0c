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
from cavendish.boot.declared import SECTIONS, Setting
from cavendish.boot.declared.addresses import DatabaseUrl, QueueUrl


class Source(StrEnum):
    ENVIRONMENT = "environment"
    FILE = "file"
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
    is_secret: bool


def settings_in_force() -> list[SettingInForce]:
    """Returns every setting, in the order of docs/configuration.md, as this process has it.

    Processes are started one by one: a worker may have been given another value than the web process that asks here.
    """
    config: Config = settings.CONFIG
    return [_in_force(section, setting, config) for section, each in SECTIONS.items() for setting in each]


def is_hidden(setting: Setting) -> bool:
    """Returns whether only is shown that it is set. Of a service's address is shown where it leads."""
    return setting.is_secret and not isinstance(setting.kind, DatabaseUrl | QueueUrl)


def _in_force(section: str, setting: Setting, config: Config) -> SettingInForce:
    name = setting.name
    given, recorded = os.environ.get(name, ""), str(config.recorded.get(name) or "")
    # `up` hands on to its children what it has recorded.
    if recorded and given in ("", recorded):
        source = Source.CONNECTION_FILE
    elif given:
        source = Source.ENVIRONMENT
    else:
        source = Source.FILE if name in config.from_files else Source.DEFAULT
    text = config.given(name)
    if is_hidden(setting):
        text = "set" if text else "not set"
    return SettingInForce(
        section,
        name,
        _without_login(text or _effective(setting)),
        source,
        setting.default_shown,
        setting.about,
        is_hidden(setting),
    )


def _effective(setting: Setting) -> str:
    """Returns what stands in the settings for a name that nobody gave a value, or its default in words."""
    value: Any = getattr(settings, setting.name, None)
    match value:
        case bool():
            return "true" if value else "false"
        case str() | int() | float() | PurePath() if str(value):
            return str(value)
        case list() | tuple() if value and all(isinstance(item, str) for item in value):
            return ", ".join(value)
        case _:
            return setting.default_shown


def _without_login(text: str) -> str:
    """Returns a text, of an address only where it leads: passwords stand before the host, and keys in the query."""
    if "://" not in text:
        return text
    parts = urlsplit(text)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
