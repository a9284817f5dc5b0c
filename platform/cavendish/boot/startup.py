"""Settings with which no web or worker process starts, however it is started."""

from __future__ import annotations

import errno
import os
from contextlib import ExitStack
from ipaddress import ip_network
from typing import Any
from urllib.parse import urlsplit

import psycopg
from django.conf import settings

from cavendish.boot.config import DEFAULT_SECRET_KEY, LOOPBACK, ConfigurationError
from cavendish.db.pool import conninfo
from cavendish.gemini.catalog import UnknownModel, requested_model

SECRET_KEY_LENGTH = 40
SECRET_KEY_VARIETY = 10
POOLER_TRIES = 4
"""Transactions held open to see whether ours moves to another connection; a pool gives out the last one first."""


def refuse_unsafe() -> None:
    """Raises ConfigurationError, which names the setting and says what would be right, for unsafe or wrong settings.

    These are the published key, settings that are dangerous in public, what is no network or model, and a database
    login that row-level security does not bind.
    """
    if settings.SECRET_KEY == DEFAULT_SECRET_KEY:
        raise ConfigurationError(
            "SECRET_KEY is not set: anybody could sign URLs with the published default. Set it to 50 random characters,"
            " the same for all processes."
        )
    if urlsplit(settings.BASE_URL).hostname not in LOOPBACK:
        refuse_in_public()
    for network in settings.METRICS_ALLOW:
        try:
            ip_network(network, strict=False)
        except ValueError:
            raise ConfigurationError(
                f"METRICS_ALLOW has {network!r}; use addresses and networks, for example 10.2.0.0/16."
            ) from None
    try:
        requested_model(settings.IMAGEN_SUCCESSOR)
    except UnknownModel as error:
        raise ConfigurationError(f"IMAGEN_SUCCESSOR: {error}") from None
    refuse_unusable_spool()
    refuse_unbound(conninfo("default"))
    refuse_unnamed_pooler(conninfo("default"), named=settings.DATABASES["default"]["DISABLE_SERVER_SIDE_CURSORS"])


def refuse_in_public() -> None:
    """Raises ConfigurationError for what is convenient on one's own machine but dangerous in public."""
    if settings.DEBUG:
        raise ConfigurationError(f"DEBUG is on for {settings.BASE_URL}: strangers would see the inside. Turn it off.")
    if len(settings.SECRET_KEY) < SECRET_KEY_LENGTH or len(set(settings.SECRET_KEY)) < SECRET_KEY_VARIETY:
        raise ConfigurationError(
            f"SECRET_KEY can be guessed: use {SECRET_KEY_LENGTH} random characters. Generate them with:"
            " python3 -c 'import secrets; print(secrets.token_urlsafe(50))'"
        )
    if "*" in settings.ALLOWED_HOSTS:
        raise ConfigurationError(
            f"ALLOWED_HOSTS is * for {settings.BASE_URL}: clients could choose the host in links. Name the hosts."
        )


def refuse_unusable_spool() -> None:
    """Raises ConfigurationError for a SPOOL_DIR that never takes anything. A full disk is no error: it may empty."""
    folder = settings.SPOOL_DIR
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if os.access(folder, os.W_OK | os.X_OK):
            return
        reason = "no permission to write"
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            return
        reason = error.strerror or type(error).__name__
    raise ConfigurationError(f"SPOOL_DIR is {folder}: {reason}. Use a folder on a disk that this process may write to.")


def refuse_unbound(login: str) -> None:
    """Raises ConfigurationError when row-level security does not bind `login`, a connection string.

    A database that cannot be reached is no error: the process waits for it, as it does later.
    """
    try:
        with psycopg.connect(login) as connection:
            row = connection.execute(
                "SELECT current_user::text, rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user"
            ).fetchone()
    except psycopg.OperationalError:
        return
    if row is not None and row[1]:
        raise ConfigurationError(
            f"DATABASE_URL logs in as {row[0]}, which row-level security does not bind (SUPERUSER or BYPASSRLS): every"
            " tenant would see every other's rows. Use cavendish_app, or a plain login that is a member of it."
        )


def refuse_unnamed_pooler(login: str, *, named: bool) -> None:
    """Raises ConfigurationError where a pooler changes connections per transaction and DATABASE_POOLER does not say so.

    Behind one, what a session has prepared or holds is gone with the next transaction: under load jobs would fail that
    were bought. A database that cannot be reached is no error here.
    """
    if named:
        return
    try:
        with psycopg.connect(login, autocommit=True, prepare_threshold=None) as own:
            # A pooler gives out ids of its own, so a direct connection is known at once.
            if own.info.backend_pid != _backend(own) and _changes(own, login):
                raise ConfigurationError(
                    "DATABASE_URL leads through a pooler that changes connections per transaction (PgBouncer's "
                    "pool_mode=transaction, RDS Proxy, Supavisor, pgcat). Set DATABASE_POOLER=transaction."
                )
    except psycopg.OperationalError:
        return


def _changes(own: psycopg.Connection[Any], login: str) -> bool:
    """Returns whether a connection is answered by another backend while others hold transactions open."""
    first = _backend(own)
    with ExitStack() as others:
        for _ in range(POOLER_TRIES):
            other = others.enter_context(psycopg.connect(login, prepare_threshold=None))
            _backend(other)  # its transaction stays open, and with it the backend is taken
            if _backend(own) != first:
                return True
    return False


def _backend(connection: psycopg.Connection[Any]) -> int:
    row = connection.execute("SELECT pg_backend_pid()").fetchone()
    return int(row[0]) if row else 0
