"""What a process that serves or works refuses to start with, however it is started."""

from __future__ import annotations

from ipaddress import ip_network
from urllib.parse import urlsplit

import psycopg
from django.conf import settings

from cavendish.config import DEFAULT_SECRET_KEY, LOOPBACK, ConfigurationError
from cavendish.db.pool import conninfo
from cavendish.gemini.catalog import UnknownModel, get_model


def refuse_unsafe() -> None:
    """Refuse a published secret key, DEBUG in public, what names no network or model, a login the walls do not bind.

    Raises ConfigurationError, which names the setting and says what would be right.
    """
    if settings.SECRET_KEY == DEFAULT_SECRET_KEY:
        raise ConfigurationError(
            "SECRET_KEY is not set: anybody could sign URLs with the published default. Set it to 50 random characters,"
            " the same for all processes."
        )
    if settings.DEBUG and urlsplit(settings.BASE_URL).hostname not in LOOPBACK:
        raise ConfigurationError(f"DEBUG is on for {settings.BASE_URL}: strangers would see the inside. Turn it off.")
    for network in settings.METRICS_ALLOW:
        try:
            ip_network(network, strict=False)
        except ValueError:
            raise ConfigurationError(
                f"METRICS_ALLOW has {network!r}; it takes addresses and networks, for example 10.2.0.0/16."
            ) from None
    try:
        get_model(settings.IMAGEN_SUCCESSOR)
    except UnknownModel as error:
        raise ConfigurationError(f"IMAGEN_SUCCESSOR: {error}") from None
    refuse_unbound(conninfo("default"))


def refuse_unbound(login: str) -> None:
    """Raises ConfigurationError when row-level security does not bind `login`, a connection string.

    A database that is away is not refused: the process waits for it as it does later.
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
            " tenant would see every other's rows. It takes cavendish_app, or a plain login that is a member of it."
        )
