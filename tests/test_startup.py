"""What a process refuses to start with."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import make_conninfo
from psycopg.sql import SQL

from cavendish.boot.config import DEFAULT_SECRET_KEY, ConfigurationError
from cavendish.boot.declared import Process
from cavendish.boot.startup import refuse_unsafe, refuse_wrong_logins
from cavendish.db.pool import conninfo

ROOT = Path(__file__).parent.parent


def test_the_settings_of_the_run_are_safe() -> None:
    refuse_unsafe(Process.WEB)


def test_a_published_secret_key_is_refused(settings: Any) -> None:
    settings.SECRET_KEY = DEFAULT_SECRET_KEY
    with pytest.raises(ConfigurationError, match="SECRET_KEY"):
        refuse_unsafe(Process.WEB)


def test_debug_in_public_is_refused(settings: Any) -> None:
    settings.DEBUG = True
    settings.BASE_URL = "https://images.example.com"
    with pytest.raises(ConfigurationError, match="DEBUG"):
        refuse_unsafe(Process.WEB)


@pytest.mark.parametrize(
    ("name", "value"),
    [("SECRET_KEY", "short"), ("SECRET_KEY", "a" * 60), ("ALLOWED_HOSTS", ["images.example.com", "*"])],
)
def test_what_is_dangerous_in_public_is_refused_there(settings: Any, name: str, value: Any) -> None:
    setattr(settings, name, value)
    refuse_unsafe(Process.WEB)  # on this machine
    settings.BASE_URL = "https://images.example.com"
    settings.ALLOWED_HOSTS = value if name == "ALLOWED_HOSTS" else ["images.example.com"]
    with pytest.raises(ConfigurationError, match=name):
        refuse_unsafe(Process.WEB)


def test_a_successor_that_is_no_model_is_refused(settings: Any) -> None:
    settings.IMAGEN_SUCCESSOR = "gemini-3.1-flash-imge"
    with pytest.raises(ConfigurationError, match=r"IMAGEN_SUCCESSOR.*did you mean gemini-3\.1-flash-image"):
        refuse_unsafe(Process.WEB)


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("CATALOG_FILE", "{file}", "own.toml: model gemini-3-pro-image: max_images_in is '3'; use a whole number."),
        ("CATALOG_FILE", "/nowhere/own.toml", "cannot be read: No such file or directory."),
        ("MODEL_ALIASES", "banana=gemini-9", "banana leads to 'gemini-9'; use one of gemini-3.1-flash-image"),
    ],
)
def test_a_catalog_that_cannot_be_used_ends_the_start_in_one_line(
    tmp_path: Path, name: str, value: str, words: str
) -> None:
    file = tmp_path / "own.toml"
    file.write_text('[[model]]\nid = "gemini-3-pro-image"\nmax_images_in = "3"\n')
    environment = {**os.environ, name: value.format(file=file), "CAVENDISH_DATA_DIR": str(tmp_path / "data")}
    command = [sys.executable, str(ROOT / "manage.py"), "up"]
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)

    assert ended.returncode == 1
    assert ended.stderr.startswith(name)
    assert words in ended.stderr
    assert len(ended.stderr.splitlines()) == 1
    assert not (tmp_path / "data").exists()


def test_a_login_that_walls_do_not_bind_is_refused(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    password = secrets.token_urlsafe(12)
    made = json.loads((settings.DATA_DIR / "services.json").read_text())["postgres_superuser_password"]
    superuser = make_conninfo(conninfo("owner"), user="postgres", password=made)
    with psycopg.connect(superuser, autocommit=True) as connection:
        connection.execute(SQL("CREATE ROLE no_walls LOGIN BYPASSRLS PASSWORD {}").format(password))
        connection.execute("GRANT CONNECT ON DATABASE cavendish TO no_walls")
    login = {**settings.DATABASES["default"], "USER": "no_walls", "PASSWORD": password}
    monkeypatch.setitem(settings.DATABASES, "default", login)
    with pytest.raises(ConfigurationError, match="no_walls, which row-level security does not bind"):
        refuse_wrong_logins(Process.WEB)
