"""What a process refuses to start with."""

from __future__ import annotations

import json
import secrets
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import make_conninfo
from psycopg.sql import SQL

from cavendish.boot.config import DEFAULT_SECRET_KEY, ConfigurationError
from cavendish.boot.startup import refuse_unbound, refuse_unsafe
from cavendish.db.pool import conninfo


def test_the_settings_of_the_run_are_safe() -> None:
    refuse_unsafe()


def test_a_published_secret_key_is_refused(settings: Any) -> None:
    settings.SECRET_KEY = DEFAULT_SECRET_KEY
    with pytest.raises(ConfigurationError, match="SECRET_KEY"):
        refuse_unsafe()


def test_debug_in_public_is_refused(settings: Any) -> None:
    settings.DEBUG = True
    settings.BASE_URL = "https://images.example.com"
    with pytest.raises(ConfigurationError, match="DEBUG"):
        refuse_unsafe()


@pytest.mark.parametrize(
    ("name", "value"),
    [("SECRET_KEY", "short"), ("SECRET_KEY", "a" * 60), ("ALLOWED_HOSTS", ["images.example.com", "*"])],
)
def test_what_is_dangerous_in_public_is_refused_there(settings: Any, name: str, value: Any) -> None:
    setattr(settings, name, value)
    refuse_unsafe()  # on this machine
    settings.BASE_URL = "https://images.example.com"
    settings.ALLOWED_HOSTS = value if name == "ALLOWED_HOSTS" else ["images.example.com"]
    with pytest.raises(ConfigurationError, match=name):
        refuse_unsafe()


def test_a_successor_that_is_no_model_is_refused(settings: Any) -> None:
    settings.IMAGEN_SUCCESSOR = "gemini-3.1-flash-imge"
    with pytest.raises(ConfigurationError, match=r"IMAGEN_SUCCESSOR.*did you mean gemini-3\.1-flash-image"):
        refuse_unsafe()


def test_a_login_that_walls_do_not_bind_is_refused(settings: Any) -> None:
    password = secrets.token_urlsafe(12)
    made = json.loads((settings.DATA_DIR / "services.json").read_text())["postgres_superuser_password"]
    superuser = make_conninfo(conninfo("owner"), user="postgres", password=made)
    with psycopg.connect(superuser, autocommit=True) as connection:
        connection.execute(SQL("CREATE ROLE no_walls LOGIN BYPASSRLS PASSWORD {}").format(password))
        connection.execute("GRANT CONNECT ON DATABASE cavendish TO no_walls")
    with pytest.raises(ConfigurationError, match="no_walls, which row-level security does not bind"):
        refuse_unbound(make_conninfo(conninfo("default"), user="no_walls", password=password))
