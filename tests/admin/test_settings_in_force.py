"""The settings as they are in force, without a secret among them."""

from __future__ import annotations

import json

import pytest
from django.conf import settings

from cavendish.boot.declared import SETTINGS
from cavendish.boot.settings_in_force import SettingInForce, Source, is_hidden, settings_in_force

SECRETS = {name for name, setting in SETTINGS.items() if is_hidden(setting)}


def setting(name: str) -> SettingInForce:
    return next(each for each in settings_in_force() if each.name == name)


def test_where_a_value_comes_from(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BATCH_AHEAD", raising=False)
    assert (setting("BATCH_AHEAD").value, setting("BATCH_AHEAD").source) == ("200", Source.DEFAULT)
    monkeypatch.setenv("BATCH_AHEAD", "300")
    assert (setting("BATCH_AHEAD").value, setting("BATCH_AHEAD").source) == ("300", Source.ENVIRONMENT)
    monkeypatch.setitem(settings.CONFIG.recorded, "BATCH_AHEAD", "300")
    assert setting("BATCH_AHEAD").source == Source.CONNECTION_FILE
    monkeypatch.setenv("BATCH_AHEAD", "400")
    assert (setting("BATCH_AHEAD").value, setting("BATCH_AHEAD").source) == ("400", Source.ENVIRONMENT)


def test_no_secret_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in SECRETS:
        monkeypatch.setenv(name, "canary-of-secrets")
    for name in ("DATABASE_URL", "BROKER_URL", "STORAGE_URL", "GEMINI_BASE_URL", "CATALOG_FILE"):
        monkeypatch.setenv(name, "s3://user:canary-of-secrets@host:1234/path?secret_key=canary-of-secrets")
    shown = settings_in_force()
    assert "canary" not in json.dumps([[each.value, each.default, each.about] for each in shown])
    assert {each.value for each in shown if each.is_secret} == {"set"}
    assert setting("DATABASE_URL").value == "s3://host:1234/path"
    for name in SECRETS:
        monkeypatch.delenv(name)
        monkeypatch.setitem(settings.CONFIG.recorded, name, "")
        assert setting(name).value == "not set"
