"""Settings with which no web or worker process starts, however it is started."""

from __future__ import annotations

import errno
import os
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
from django.conf import settings

from cavendish.boot import clock
from cavendish.boot.config import DEFAULT_SECRET_KEY, LOOPBACK, ConfigurationError
from cavendish.boot.declared import SETTINGS, Process
from cavendish.boot.declared.payments import PAID
from cavendish.db.logins import ROLES, login_fault
from cavendish.db.pool import conninfo
from cavendish.gemini.catalog import UnknownModel, requested_model
from cavendish.messaging.refusal import broker_refusal

SECRET_KEY_LENGTH = 40
SECRET_KEY_VARIETY = 10
ALIASES = {
    "DATABASE_URL": "default",
    "DATABASE_SYSTEM_URL": "system",
    "DATABASE_OPERATOR_URL": "operator",
    "DATABASE_PEOPLE_URL": "people",
}
REFUSED = ("password authentication failed", "no pg_hba.conf entry", "does not exist", "is not permitted to log in")
"""What PostgreSQL says to a login that will never work; it says other things while it starts."""
POOLER_TRIES = 4
"""Transactions held open to see whether ours moves to another connection; a pool gives out the last one first."""


def refuse_unsafe(process: Process) -> None:
    """Raises ConfigurationError, which names the setting and says what would be right, for unsafe or wrong settings.

    Each was read before (Config.check). Here is what can be seen only now: what is missing, the published key, what is
    dangerous in public, names of models, folders, and logins of the database.
    """
    refuse_missing(process)
    if settings.SECRET_KEY == DEFAULT_SECRET_KEY:
        raise ConfigurationError(
            "SECRET_KEY is not set: anybody could sign URLs with the published default. Set it to 50 random characters,"
            " the same for all processes."
        )
    if urlsplit(settings.BASE_URL).hostname not in LOOPBACK:
        refuse_in_public()
    refuse_unknown_models()
    if process in PAID:
        refuse_half_payments()
    clock.refuse_half_moved(settings.CONFIG)
    refuse_unusable_spool()
    refuse_wrong_logins(process)
    refuse_wrong_brokers()
    refuse_unnamed_pooler(conninfo("default"), named=settings.DATABASES["default"]["DISABLE_SERVER_SIDE_CURSORS"])


def refuse_missing(process: Process) -> None:
    """Raises ConfigurationError for a setting that the process needs and nobody gave."""
    for setting in SETTINGS.values():
        if process in setting.needed_by and not settings.CONFIG.given(setting.name):
            raise ConfigurationError(f"{setting.name} is not set: {setting.about}. Use {setting.kind.right}.")


def refuse_unknown_models() -> None:
    """Raises ConfigurationError for a setting that names what is no model."""
    named = [("IMAGEN_SUCCESSOR", settings.IMAGEN_SUCCESSOR)]
    named += [("GEMINI_BACKGROUND_MODELS", name) for name in settings.GEMINI_BACKGROUND_MODELS if name != "*"]
    for setting, name in named:
        try:
            requested_model(name)
        except UnknownModel as error:
            raise ConfigurationError(f"{setting}: {error}") from None


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


def refuse_half_payments() -> None:
    """Raises ConfigurationError where a payment provider is named and cannot be asked, or could not be believed."""
    if settings.PAYMENTS != "stripe":
        return
    for name, begins in (("STRIPE_SECRET_KEY", "sk_… or rk_…"), ("STRIPE_WEBHOOK_SECRET", "whsec_…")):
        if not getattr(settings, name):
            raise ConfigurationError(
                f"PAYMENTS is stripe, and {name} is not set: Stripe's dashboard shows it ({begins})."
            )
    base = urlsplit(settings.STRIPE_API_BASE)
    if base.scheme == "http" and base.hostname not in LOOPBACK:
        raise ConfigurationError("STRIPE_API_BASE has no TLS: the secret key would be readable on its way. Use https.")


def refuse_unusable_spool() -> None:
    """Raises ConfigurationError for a SPOOL_DIR that never takes anything."""
    folder = settings.SPOOL_DIR
    if reason := folder_refusal(folder):
        raise ConfigurationError(
            f"SPOOL_DIR is {folder}: {reason}. Use a folder on a disk that this process may write to."
        )


def folder_refusal(folder: Path) -> str:
    """Returns why a folder never takes anything, empty where it may. A full disk is no reason: it may empty."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return "" if os.access(folder, os.W_OK | os.X_OK) else "no permission to write"
    except OSError as error:
        return "" if error.errno in {errno.ENOSPC, errno.EDQUOT} else error.strerror or type(error).__name__


def refuse_wrong_logins(process: Process) -> None:
    """Raises ConfigurationError for a database URL of the process that leads somewhere else, or in as somebody else.

    A database that cannot be reached is no error: the process waits for it, as it does later.
    """
    asked = [setting for setting in ROLES if process in SETTINGS[setting].read_by]
    with ThreadPoolExecutor(len(asked)) as threads:
        found = dict(zip(asked, threads.map(_login_asked, asked), strict=True))
    for fault, _ in found.values():
        if fault:
            raise ConfigurationError(fault)
    names = {name: setting for setting, (_, name) in reversed(found.items()) if name}
    if len(names) > 1:
        (one, first), (other, second) = list(names.items())[:2]
        raise ConfigurationError(
            f"{first} leads to the database {one} and {second} to {other}; all lead to the same database."
        )


def refuse_wrong_brokers() -> None:
    """Raises ConfigurationError for a BROKER_URL or VALKEY_URL whose server does not let us in."""
    given = settings.CONFIG.environment()
    # One may stand for both, and whoever gave it is told that one.
    names = sorted(("BROKER_URL", "VALKEY_URL"), key=lambda name: bool(given.get(name)))
    named = {settings.CONFIG.get(name): name for name in names}
    for url, name in named.items():
        if reason := url and broker_refusal(url):
            raise ConfigurationError(f"{name} is refused by its server: {reason}.")


def _login_asked(setting: str) -> tuple[str, str]:
    """Returns what is wrong with the setting's login, and the database's name; both empty where nothing answers."""
    try:
        with psycopg.connect(conninfo(ALIASES[setting])) as connection:
            return login_fault(connection, setting), connection.info.dbname
    except psycopg.OperationalError as error:
        said = str(error)
        refused = next((line for line in said.splitlines() if any(words in line for words in REFUSED)), "")
        return refused and f"{setting} is refused by PostgreSQL: {refused.split('FATAL:')[-1].strip()}", ""


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
