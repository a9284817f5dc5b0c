"""What a process that serves or works refuses to start with, however it is started."""

from __future__ import annotations

from ipaddress import ip_network
from urllib.parse import urlsplit

import psycopg
from django.conf import settings

from cavendish.boot.config import DEFAULT_SECRET_KEY, LOOPBACK, ConfigurationError
from cavendish.db.pool import conninfo
from cavendish.gemini.catalog import UnknownModel, get_model

SECRET_KEY_LENGTH = 40
SECRET_KEY_VARIETY = 10


def refuse_unsafe() -> None:
    """Refuse a published key, what must not be in public, what names no network or model, a login without walls.

    Raises ConfigurationError, which names the setting and says what would be right.
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
                f"METRICS_ALLOW has {network!r}; it takes addresses and networks, for example 10.2.0.0/16."
            ) from None
    try:
        get_model(settings.IMAGEN_SUCCESSOR)
    except UnknownModel as error:
        raise ConfigurationError(f"IMAGEN_SUCCESSOR: {error}") from None
    refuse_unbound(conninfo("default"))


def refuse_in_public() -> None:
    """What is convenient on one's own machine and dangerous under an address that others reach."""
    if settings.DEBUG:
        raise ConfigurationError(f"DEBUG is on for {settings.BASE_URL}: strangers would see the inside. Turn it off.")
    if len(settings.SECRET_KEY) < SECRET_KEY_LENGTH or len(set(settings.SECRET_KEY)) < SECRET_KEY_VARIETY:
        raise ConfigurationError(
            f"SECRET_KEY can be guessed: it takes {SECRET_KEY_LENGTH} random characters. Make them with:"
            " python3 -c 'import secrets; print(secrets.token_urlsafe(50))'"
        )
    if "*" in settings.ALLOWED_HOSTS:
        raise ConfigurationError(
            f"ALLOWED_HOSTS is * for {settings.BASE_URL}: whoever asks could choose the host of links. Name the hosts."
        )


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
