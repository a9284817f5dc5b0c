"""Database URLs are taken whole: what libpq understands reaches every connection, and what cannot be is named."""

from __future__ import annotations

import pytest
from psycopg.conninfo import conninfo_to_dict

from cavendish.db.address import NEVER_BY_ITSELF, DatabaseUrlInvalid, database_settings, libpq_conninfo, process_name


def taken(url: str) -> dict[str, str]:
    """What libpq is given of a URL."""
    return {name: str(value) for name, value in conninfo_to_dict(libpq_conninfo(database_settings("X", url))).items()}


def test_every_parameter_reaches_libpq() -> None:
    found = taken(
        "postgresql://ada:p%40ss@db-1:6432,db-2:6433/images?sslmode=require&target_session_attrs=read-write"
        "&keepalives_idle=30&application_name=mine"
    )
    assert found == {
        "host": "db-1,db-2", "port": "6432,6433", "user": "ada", "password": "p@ss", "dbname": "images",
        "sslmode": "require", "target_session_attrs": "read-write", "keepalives_idle": "30",
        "application_name": "mine", "connect_timeout": "5",
    }  # fmt: skip
    assert taken("postgres://a@[::1]/x") == {
        "host": "::1", "port": "5432", "user": "a", "dbname": "x", "connect_timeout": "5",
        "application_name": process_name(),
    }  # fmt: skip
    unix = taken("postgresql:///images?host=/run/postgresql&user=ada")
    assert (unix["host"], unix["user"], unix["dbname"]) == ("/run/postgresql", "ada", "images")


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("mysql://a:b@h/x", "starts with 'mysql'"),
        ("postgresql://a:b@h:notaport/x", "port 'notaport'"),
        ("postgresql://a:b@h:0/x", "port '0'"),
        ("postgresql://a:b@h1:1,h2:2,h3/x", "port"),
        ("postgresql://a:b@/x", "names no host"),
        ("postgresql://h/x", "names no user"),
        ("postgresql://a:b@h", "names no database"),
        ("postgresql://a:b@b@h/x", "has an @ in its user or password; write it as %40."),
        ("postgresql://a:b/b@h/x", "has a / in its user or password; write it as %2F."),
        ("postgresql://a:b@h/x?sslmod=require", 'invalid URI query parameter: "sslmod"'),
        ("postgresql://a:b@h/x?sslmode=on", "sslmode=on; use one of disable"),
        ("postgresql://a:b@h/x?sslmode=verify-full&sslrootcert=/nowhere/ca.pem", "sslrootcert=/nowhere/ca.pem"),
    ],
)
def test_what_cannot_be_is_named_without_the_password(url: str, words: str) -> None:
    with pytest.raises(DatabaseUrlInvalid) as refused:
        database_settings("DATABASE_URL", url)
    text = str(refused.value)
    assert text.startswith("DATABASE_URL ")
    assert words in text
    assert ":b@" not in text


def test_behind_a_pooler_nothing_is_prepared_and_no_cursor_is_held() -> None:
    url = "postgresql://a:b@h/x"
    pooled, direct = database_settings("X", url, pooler="transaction"), database_settings("X", url)
    assert pooled["OPTIONS"]["prepare_threshold"] is None
    assert pooled["DISABLE_SERVER_SIDE_CURSORS"]
    assert direct["OPTIONS"]["prepare_threshold"] == NEVER_BY_ITSELF
    assert not direct["DISABLE_SERVER_SIDE_CURSORS"]


@pytest.mark.parametrize(
    ("command", "name"),
    [
        ("python -m cavendish.up.serve cavendish.asgi:application --fd 7", "cavendish web"),
        ("uvicorn cavendish.asgi:application", "cavendish web"),
        ("python -m cavendish.worker", "cavendish worker"),
        ("python -m django scheduler", "cavendish scheduler"),
        ("python manage.py reconcile --hashes", "cavendish reconcile"),
        ("python -m pytest", "cavendish"),
    ],
)
def test_a_connection_says_whose_it_is(command: str, name: str) -> None:
    assert process_name(command.split()) == name
