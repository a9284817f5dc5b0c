"""Settings with which no web or worker process starts, however it is started."""

from __future__ import annotations

from ipaddress import ip_network
from urllib.parse import urlsplit

import psycopg
from django.conf import settings

from cavendish.boot.config import DEFAULT_SECRET_KEY, LOOPBACK, ConfigurationError
from cavendish.db.pool import conninfo
from cavendish.gemini.catalog import UnknownModel, requested_model

SECRET_KEY_LENGTH = 40
SECRET_KEY_VARIETY = 10


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
    refuse_unbound(conninfo("default"))


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
