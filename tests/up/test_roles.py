from __future__ import annotations

import secrets
from typing import Any

import psycopg
import pytest

from cavendish.db.logins import ROLES
from cavendish.up import roles
from cavendish.up.errors import UpError
from cavendish.up.postgres import Postgres
from cavendish.up.supervisor import Supervisor
from tests.up.conftest import start

PASSWORD = "given#password?4711%é"
"""libpq takes the first two as they are, and we do as libpq does."""
Admin = psycopg.Connection[Any]


@pytest.fixture
def address(supervisor: Supervisor, postgres: Postgres) -> roles.Address:
    """Somebody's own server with a database `images` of `boss`, who may make roles."""
    start(supervisor, postgres)
    with psycopg.connect(postgres.conninfo(), autocommit=True) as connection:
        connection.execute(f"CREATE ROLE boss LOGIN CREATEROLE PASSWORD '{PASSWORD}'")
        connection.execute("CREATE DATABASE images OWNER boss")
    return roles.Address.local(postgres.port, "images")


def passwords() -> dict[str, str]:
    return {role: secrets.token_urlsafe(12) for role in (roles.OWNER, *ROLES.values())}


def as_admin(postgres: Postgres, statement: str) -> None:
    with psycopg.connect(postgres.conninfo(), autocommit=True) as connection:
        connection.execute(statement.encode())


def test_our_own_roles_are_plain_logins_and_only_the_owner_owns(supervisor: Supervisor, postgres: Postgres) -> None:
    start(supervisor, postgres)
    address = roles.Address.local(postgres.port, roles.DATABASE)
    secret = passwords()
    for _ in range(2):  # as at every start
        urls = roles.provision_embedded(postgres.conninfo(), address, secret)
        roles.check_roles(urls)
    with psycopg.connect(postgres.conninfo()) as connection:
        rows = connection.execute(
            "SELECT rolname, rolcanlogin, rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb OR rolreplication"
            " FROM pg_roles WHERE rolname LIKE 'cavendish%' ORDER BY 1"
        ).fetchall()
        owner = connection.execute("SELECT datdba::regrole::text FROM pg_database WHERE datname = 'cavendish'")
        assert owner.fetchone() == ("cavendish_owner",)
    assert rows == [(f"cavendish_{name}", True, False) for name in ("app", "operator", "owner", "people", "system")]
    with psycopg.connect(urls["DATABASE_URL"]) as app, pytest.raises(psycopg.errors.InsufficientPrivilege):
        app.execute("CREATE TABLE mine (id int)")


def test_missing_roles_of_a_given_server_are_made_through_the_owner(address: roles.Address) -> None:
    owner, secret = address.url("boss", PASSWORD), passwords()
    urls = roles.provision_configured(owner, {}, secret)
    assert urls == {
        "DATABASE_OWNER_URL": owner,
        **{setting: address.url(role, secret[role]) for setting, role in ROLES.items()},
    }
    roles.check_roles(urls)
    assert roles.provision_configured(owner, {}, secret) == urls
    with pytest.raises(UpError, match=r"^The role cavendish_app already exists and its password is not known here"):
        roles.provision_configured(owner, {}, passwords())
    roles.check_roles(urls)  # nobody's password was changed


def test_a_given_login_of_another_name_becomes_a_member(postgres: Postgres, address: roles.Address) -> None:
    as_admin(postgres, f"CREATE ROLE web LOGIN PASSWORD '{PASSWORD}'")
    given = {"DATABASE_URL": address.url("web", PASSWORD)}
    urls = roles.provision_configured(address.url("boss", PASSWORD), given, passwords())
    assert urls["DATABASE_URL"] == given["DATABASE_URL"]
    roles.check_roles(urls)


def test_an_owner_that_may_not_make_roles_is_told_what_to_do(postgres: Postgres, address: roles.Address) -> None:
    as_admin(postgres, "ALTER ROLE boss NOCREATEROLE")
    with pytest.raises(
        UpError, match=r"^The role cavendish_app does not exist and boss may not create it: .*CREATEROLE"
    ):
        roles.provision_configured(address.url("boss", PASSWORD), {}, passwords())


@pytest.mark.parametrize(
    ("statement", "problem"),
    [
        ("ALTER ROLE cavendish_app SUPERUSER", r"row-level security does not bind \(SUPERUSER or BYPASSRLS\)"),
        ("ALTER ROLE cavendish_app BYPASSRLS", r"row-level security does not bind \(SUPERUSER or BYPASSRLS\)"),
        ("ALTER DATABASE images OWNER TO cavendish_app", r"owns the database"),
        ("GRANT cavendish_operator TO cavendish_app", r"is also a member of cavendish_operator"),
    ],
)
def test_a_role_that_would_void_the_isolation_is_refused(
    postgres: Postgres, address: roles.Address, statement: str, problem: str
) -> None:
    urls = roles.provision_configured(address.url("boss", PASSWORD), {}, passwords())
    as_admin(postgres, statement)
    with pytest.raises(UpError, match=rf"^DATABASE_URL is cavendish_app, which {problem}"):
        roles.check_roles(urls)


def test_a_superuser_as_the_apps_login_is_refused(postgres: Postgres, address: roles.Address) -> None:
    admin = address.url("postgres", postgres.password)
    urls = roles.provision_configured(admin, {"DATABASE_URL": admin}, passwords())
    with pytest.raises(UpError, match=r"^DATABASE_URL is postgres, which row-level security does not bind"):
        roles.check_roles(urls)


def test_an_unreachable_database_is_said_without_its_password(address: roles.Address) -> None:
    with pytest.raises(UpError) as caught:
        roles.provision_configured(address.url("boss", "wrong-password"), {}, passwords())
    assert str(caught.value) == (
        'DATABASE_OWNER_URL: the database cannot be reached as boss: password authentication failed for user "boss"'
    )
    with pytest.raises(UpError, match=r"^DATABASE_OWNER_URL starts with 'mysql'; use a URL like postgresql://"):
        roles.provision_configured("mysql://x:secret@y/z", {}, passwords())
    nowhere = roles.Address.local(1, "images").url("boss", "wrong-password")
    with pytest.raises(UpError, match=r"cannot be reached as boss: .*refused") as refused:
        roles.provision_configured(nowhere, {}, passwords())
    assert "wrong-password" not in str(refused.value)
