"""A database URL taken whole: Django's settings of it, and libpq's connection string for all other connections."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

EXAMPLE = "postgresql://user:password@host:5432/name"
POOLERS = ("none", "transaction")
"""What stands between us and PostgreSQL: nothing that matters, or a pooler whose connections change per transaction."""
SSL_MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")


class DatabaseUrlInvalid(ValueError):
    """A database URL that cannot be used; the message names its setting and says what would be right."""


NEVER_BY_ITSELF = 2**31
"""Uses after which a statement is prepared that did not ask for it (cavendish.db.prepared)."""
_FILES = ("sslrootcert", "sslcert", "sslkey", "sslcrl")
_NOT_LIBPQ = frozenset({"server_side_binding", "prepare_threshold", "pool"})
_WORDS = {"host": "host", "user": "user", "dbname": "database"}
# What Django has settings of its own for.
_DJANGO = {"host": "HOST", "port": "PORT", "user": "USER", "password": "PASSWORD", "dbname": "NAME"}


def process_name(arguments: Sequence[str] | None = None) -> str:
    """Returns what this process is, for `application_name`: "cavendish web", "cavendish worker" and so on."""
    words = sys.orig_argv if arguments is None else arguments
    if "cavendish.worker" in words:
        return "cavendish worker"
    if any("cavendish.asgi" in word or "cavendish.sandbox" in word for word in words):
        return "cavendish web"
    for at, word in enumerate(words):
        if word.endswith("manage.py") or (word == "django" and words[at - 1] == "-m"):
            return f"cavendish {words[at + 1]}" if at + 1 < len(words) else "cavendish"
    return "cavendish"


def database_settings(name: str, url: str, *, pooler: str = "none", **options: Any) -> dict[str, Any]:
    """Returns Django's settings of a `postgresql://` URL, with every parameter of it that libpq knows.

    Several hosts, `target_session_attrs`, `sslmode` and the like are libpq's. Behind a pooler in transaction mode
    nothing is prepared and no cursor is held, for both would be on another connection next time. Raises
    DatabaseUrlInvalid with the setting's name for what cannot be.
    """
    parameters = database_parameters(name, url)
    parameters.setdefault("connect_timeout", "5")
    parameters.setdefault("application_name", process_name())
    own = {django: str(parameters.pop(libpq, "")) for libpq, django in _DJANGO.items()}
    transaction = pooler == "transaction"
    options["prepare_threshold"] = None if transaction else NEVER_BY_ITSELF
    return {
        "ENGINE": "cavendish.db.postgresql",
        **own,
        "OPTIONS": {"server_side_binding": True, **parameters, **options},
        # So that no request fails because PostgreSQL restarted. Of a pool the engine asks for less than a round trip.
        "CONN_HEALTH_CHECKS": "pool" not in options,
        "DISABLE_SERVER_SIDE_CURSORS": transaction,
    }


def libpq_conninfo(database: dict[str, Any]) -> str:
    """Returns libpq's connection string of a database's settings in Django."""
    own = {libpq: database[django] for libpq, django in _DJANGO.items() if database[django]}
    beside = {name: value for name, value in database["OPTIONS"].items() if name not in _NOT_LIBPQ}
    return make_conninfo(**own, **beside)


def database_parameters(name: str, url: str) -> dict[str, Any]:
    """Returns the URL's parameters by libpq's names, the port among them. Raises DatabaseUrlInvalid."""
    scheme, found, _ = url.partition("://")
    if not found or scheme not in {"postgres", "postgresql"}:
        # Nothing of what is no URL is repeated: it may be a password.
        begins = f"starts with {scheme!r}" if found and scheme.isalpha() else "is no URL"
        raise DatabaseUrlInvalid(f"{name} {begins}; use a URL like {EXAMPLE}.")
    try:
        parameters = dict(conninfo_to_dict(url))
    except psycopg.ProgrammingError as error:
        reason = str(error).strip().splitlines()[0].replace(url, "the URL")
        raise DatabaseUrlInvalid(f"{name} cannot be read: {reason}. Use a URL like {EXAMPLE}.") from None
    if "@" in url and not parameters.get("user"):
        raise DatabaseUrlInvalid(f"{name} has a / in its user or password; write it as %2F.")
    for missing in ("host", "user", "dbname"):
        if not parameters.get(missing):
            raise DatabaseUrlInvalid(f"{name} names no {_WORDS[missing]}; use a URL like {EXAMPLE}.")
    if "@" in str(parameters["host"]):
        # What would be the host is a part of the password, which no message may repeat.
        raise DatabaseUrlInvalid(f"{name} has an @ in its user or password; write it as %40.")
    hosts = str(parameters["host"]).split(",")
    ports = str(parameters.get("port") or "5432").split(",")
    if any(not port.isdecimal() or not 0 < int(port) < 65536 for port in ports):
        raise DatabaseUrlInvalid(f"{name} has the port {parameters['port']!r}; use a number from 1 to 65535.")
    if len(ports) not in {1, len(hosts)}:
        raise DatabaseUrlInvalid(f"{name} names {len(hosts)} hosts and {len(ports)} ports; give each host its port.")
    parameters["port"] = ",".join(ports)
    mode = parameters.get("sslmode", "prefer")
    if mode not in SSL_MODES:
        raise DatabaseUrlInvalid(f"{name} has sslmode={mode}; use one of {', '.join(SSL_MODES)}.")
    for file in _FILES:
        path = str(parameters.get(file) or "")
        if path and path != "system" and not Path(path).is_file():
            raise DatabaseUrlInvalid(f"{name} has {file}={path}; there is no such file.")
    return parameters
