"""What the web's role may do to people: who somebody is, never what they may do as an operator. In raw SQL."""

from __future__ import annotations

import secrets
from uuid import UUID

import psycopg
import pytest
from psycopg.errors import InsufficientPrivilege

from accounts.models import User
from accounts.people.services import user_create
from cavendish.db.ids import new_id
from cavendish.db.router import acting_as
from tests.walls.catalog import connected, rows

INSERT = """INSERT INTO accounts_user (id, password, is_superuser, email, name, is_active, is_staff)
            VALUES (%s, '!', %s, %s, '', %s, %s)"""


@pytest.fixture
def person() -> User:
    with acting_as("operator"):
        return user_create(email=f"{secrets.token_hex(6)}@example.com", password=secrets.token_urlsafe(12))


def joined(connection: psycopg.Connection[object], *, superuser: bool, active: bool, staff: bool) -> UUID:
    id = new_id()
    connection.execute(INSERT, [id, superuser, f"{id.hex}@example.com", active, staff])
    return id


def test_the_app_makes_people_and_no_operators() -> None:
    with connected("default") as connection:
        joined(connection, superuser=False, active=True, staff=False)
        for superuser, active, staff in ((True, True, False), (False, True, True), (False, False, False)):
            with pytest.raises(InsufficientPrivilege), connection.transaction():
                joined(connection, superuser=superuser, active=active, staff=staff)


@pytest.mark.parametrize("column", ["is_staff", "is_superuser", "is_active"])
def test_the_app_makes_nobody_an_operator_later(person: User, column: str) -> None:
    with connected("default") as connection:
        for statement in (
            f"UPDATE accounts_user SET {column} = true WHERE id = %s",
            f"UPDATE accounts_user SET name = 'x', {column} = {column} WHERE id = %s",
            f"""INSERT INTO accounts_user SELECT * FROM accounts_user WHERE id = %s
                ON CONFLICT (id) DO UPDATE SET {column} = true""",
        ):
            with pytest.raises(InsufficientPrivilege), connection.transaction():
                connection.execute(statement.encode(), [person.id])
    assert rows("owner", "SELECT is_staff, is_superuser FROM accounts_user WHERE id = %s", person.id) == [
        (False, False)
    ]


def test_the_app_gives_no_permissions_either(person: User) -> None:
    with connected("default") as connection:
        for table in ("accounts_user_groups", "accounts_user_user_permissions", "auth_group_permissions"):
            for statement in (f"SELECT * FROM {table}", f"INSERT INTO {table} DEFAULT VALUES", f"DELETE FROM {table}"):
                with pytest.raises(InsufficientPrivilege), connection.transaction():
                    connection.execute(statement.encode())
        with pytest.raises(InsufficientPrivilege), connection.transaction():
            connection.execute("DELETE FROM accounts_user WHERE id = %s", [person.id])


def test_the_columns_that_the_app_changes() -> None:
    found = rows(
        "owner",
        """SELECT attname FROM pg_attribute WHERE attrelid = 'accounts_user'::regclass AND attnum > 0
               AND has_column_privilege('cavendish_app', attrelid, attnum, 'UPDATE') ORDER BY 1""",
    )
    assert [name for (name,) in found] == ["email", "last_login", "name", "password"]
