"""The five database roles: created where they are missing, and checked before anything runs with them.

`cavendish_owner` owns the database and runs migrations, which grant to `cavendish_app`, `cavendish_system`,
`cavendish_operator` and `cavendish_people` (docs/decisions/0002-database-roles.md).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlunsplit

import psycopg
from psycopg import sql

from cavendish.db.address import DatabaseUrlInvalid, database_parameters
from cavendish.db.logins import ROLES, login_fault
from cavendish.up.errors import UpError
from cavendish.up.ports import LOCAL

DATABASE = "cavendish"
OWNER = "cavendish_owner"


@dataclass(frozen=True)
class Address:
    """A database's address, without a user. `servers` are its hosts and ports as a URL has them, mostly one."""

    servers: str
    name: str
    query: str = ""

    @classmethod
    def of(cls, setting: str, url: str) -> Address:
        """Returns the address of a URL. Raises UpError with the setting's name."""
        try:
            found = database_parameters(setting, url)
        except DatabaseUrlInvalid as error:
            raise UpError(str(error)) from None
        hosts, ports = found["host"].split(","), found["port"].split(",")
        if len(ports) < len(hosts):
            ports *= len(hosts)
        servers = ",".join(_server(host, port) for host, port in zip(hosts, ports, strict=True))
        return cls(servers, found["dbname"], url.partition("@")[2].partition("?")[2])

    @classmethod
    def local(cls, port: int, name: str) -> Address:
        return cls(_server(LOCAL, port), name)

    def url(self, user: str, password: str) -> str:
        netloc = f"{quote(user, safe='')}:{quote(password, safe='')}@{self.servers}"
        return urlunsplit(("postgresql", netloc, f"/{self.name}", self.query, ""))


def _server(host: str, port: object) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def login(setting: str, url: str) -> tuple[str, str]:
    """Returns user and password as libpq reads them, for which a `#` is a character as any other."""
    found = database_parameters(setting, url)
    return str(found["user"]), str(found.get("password") or "")


def connect(setting: str, url: str) -> psycopg.Connection[Any]:
    """Returns a connection in autocommit mode. Raises UpError without the URL, which contains a password."""
    try:
        return psycopg.connect(url, autocommit=True, connect_timeout=10)
    except psycopg.OperationalError as error:
        reason = re.split(r"FATAL:|failed:", str(error).split("\n\tIs the server")[0])[-1].strip()
        raise UpError(f"{setting}: the database cannot be reached as {login(setting, url)[0]}: {reason}") from None


def _exists(connection: psycopg.Connection[Any], role: str) -> bool:
    return connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone() is not None


def _set_login(connection: psycopg.Connection[Any], role: str, password: str) -> None:
    """Creates or resets a role that can only log in. The server gets a SCRAM verifier, not the password."""
    verifier = connection.pgconn.encrypt_password(password.encode(), role.encode(), b"scram-sha-256").decode()
    verb = "ALTER" if _exists(connection, role) else "CREATE"
    # SUPERUSER, REPLICATION and BYPASSRLS are off in a new role, and only a superuser may name them.
    connection.execute(
        sql.SQL("{} ROLE {} LOGIN NOCREATEDB NOCREATEROLE PASSWORD {}").format(
            sql.SQL(verb), sql.Identifier(role), sql.Literal(verifier)
        )
    )


def provision_embedded(superuser: str, address: Address, passwords: Mapping[str, str]) -> dict[str, str]:
    """Creates roles and database of our own cluster as its superuser; idempotent. Returns the URLs by setting."""
    with psycopg.connect(superuser, autocommit=True) as connection:
        for role in (OWNER, *ROLES.values()):
            _set_login(connection, role, passwords[role])
            connection.execute(
                sql.SQL("ALTER ROLE {} NOSUPERUSER NOBYPASSRLS NOREPLICATION").format(sql.Identifier(role))
            )
        name = sql.Identifier(address.name)
        if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [address.name]).fetchone():
            connection.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(name, sql.Identifier(OWNER)))
        connection.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(name))
        for role in ROLES.values():
            connection.execute(sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(name, sql.Identifier(role)))
    urls = {setting: address.url(role, passwords[role]) for setting, role in ROLES.items()}
    return {**urls, "DATABASE_OWNER_URL": address.url(OWNER, passwords[OWNER])}


def provision_configured(owner_url: str, configured: Mapping[str, str], passwords: Mapping[str, str]) -> dict[str, str]:
    """Creates our roles on another server through the owner's connection. Returns connection URLs by setting.

    `configured` has the URLs of the environment. A missing role is created with the password of `passwords`, when the
    owner may create roles; an existing role's password is never changed, since others may use it. Raises UpError.
    """
    address = Address.of("DATABASE_OWNER_URL", owner_url)
    urls = {"DATABASE_OWNER_URL": owner_url}
    with connect("DATABASE_OWNER_URL", owner_url) as owner:
        row = owner.execute(
            "SELECT rolsuper OR rolcreaterole, current_user FROM pg_roles WHERE rolname = current_user"
        ).fetchone()
        may_create, owner_name = row if row else (False, "")
        for setting, role in ROLES.items():
            url = configured.get(setting)
            if url:
                if Address.of(setting, url).name != address.name:
                    raise UpError(f"{setting} and DATABASE_OWNER_URL name different databases.")
                _create_group(owner, setting, url, role, may_create=may_create, owner_name=owner_name)
                urls[setting] = url
                continue
            urls[setting] = address.url(role, passwords[role])
            if _exists(owner, role):
                if not _logs_in(urls[setting]):
                    raise UpError(
                        f"The role {role} already exists and its password is not known here: set {setting}. To change "
                        f"its password, use ALTER ROLE {role} PASSWORD '…'."
                    )
            elif may_create:
                _set_login(owner, role, passwords[role])
                owner.execute(
                    sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(
                        sql.Identifier(address.name), sql.Identifier(role)
                    )
                )
            else:
                raise UpError(
                    f"The role {role} does not exist and {owner_name} may not create it: set {setting}, or create the "
                    f"role as an administrator, or run ALTER ROLE {owner_name} CREATEROLE."
                )
    return urls


def _create_group(
    owner: psycopg.Connection[Any], setting: str, url: str, role: str, *, may_create: bool, owner_name: str
) -> None:
    """Creates the role with our fixed name, which has the grants, and makes a login with another name its member."""
    user, password = login(setting, url)
    if not _exists(owner, role):
        if not may_create:
            raise UpError(
                f"The role {role} does not exist and {owner_name} may not create it: create it as an administrator, "
                f"or run ALTER ROLE {owner_name} CREATEROLE."
            )
        if user == role:
            _set_login(owner, role, password)
        else:
            owner.execute(sql.SQL("CREATE ROLE {} NOLOGIN").format(sql.Identifier(role)))
    if user != role and user != owner_name and may_create and _exists(owner, user):
        member = owner.execute("SELECT pg_has_role(%s::name, %s::name, 'USAGE')", [user, role]).fetchone()
        if member and not member[0]:
            owner.execute(sql.SQL("GRANT {} TO {}").format(sql.Identifier(role), sql.Identifier(user)))


def _logs_in(url: str) -> bool:
    try:
        psycopg.connect(url, connect_timeout=10).close()
    except psycopg.OperationalError:
        return False
    return True


def check_roles(urls: Mapping[str, str]) -> None:
    """Raises UpError for roles that would make row-level security ineffective.

    Each connection must be the user of its URL, have the rights of its fixed role and no more than an ordinary role
    has, and be unable to become another one of our roles.
    """
    for setting in ROLES:
        with connect(setting, urls[setting]) as connection:
            fault = login_fault(connection, setting, expected=login(setting, urls[setting])[0])
        if fault:
            raise UpError(fault)
    with connect("DATABASE_OWNER_URL", urls["DATABASE_OWNER_URL"]) as connection:
        row = connection.execute(
            "SELECT current_user::text, has_database_privilege(current_database(), 'CREATE')"
            " AND has_schema_privilege('public', 'CREATE')"
        ).fetchone()
    expected, _ = login("DATABASE_OWNER_URL", urls["DATABASE_OWNER_URL"])
    if row is None or row[0] != expected:
        raise UpError(f"DATABASE_OWNER_URL runs as {row and row[0]}, not as {expected}.")
    if not row[1]:
        raise UpError(f"DATABASE_OWNER_URL is {expected}, which may not create tables; use the database's owner.")
