"""What the roles may do to people, in raw SQL: `people` writes who somebody is, never what they may do as an operator;
the app's role writes nothing.
"""

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


def test_the_role_of_people_makes_people_and_no_operators() -> None:
    with connected("people") as connection:
        joined(connection, superuser=False, active=True, staff=False)
        for superuser, active, staff in ((True, True, False), (False, True, True), (False, False, False)):
            with pytest.raises(InsufficientPrivilege), connection.transaction():
                joined(connection, superuser=superuser, active=active, staff=staff)


@pytest.mark.parametrize("alias", ["default", "people"])
@pytest.mark.parametrize("column", ["is_staff", "is_superuser", "is_active"])
def test_nobody_is_made_an_operator_later(person: User, column: str, alias: str) -> None:
    with connected(alias) as connection:
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


@pytest.mark.parametrize("alias", ["default", "people"])
def test_they_give_no_permissions_either(person: User, alias: str) -> None:
    with connected(alias) as connection:
        for table in ("accounts_user_groups", "accounts_user_user_permissions", "auth_group_permissions"):
            for statement in (f"SELECT * FROM {table}", f"INSERT INTO {table} DEFAULT VALUES", f"DELETE FROM {table}"):
                with pytest.raises(InsufficientPrivilege), connection.transaction():
                    connection.execute(statement.encode())
        with pytest.raises(InsufficientPrivilege), connection.transaction():
            connection.execute("DELETE FROM accounts_user WHERE id = %s", [person.id])


@pytest.mark.parametrize(
    ("role", "columns"),
    [("cavendish_app", []), ("cavendish_people", ["email", "language", "last_login", "name", "password"])],
)
def test_the_columns_that_a_role_changes(role: str, columns: list[str]) -> None:
    found = rows(
        "owner",
        """SELECT attname FROM pg_attribute WHERE attrelid = 'accounts_user'::regclass AND attnum > 0
               AND has_column_privilege(%s, attrelid, attnum, 'UPDATE') ORDER BY 1""",
        role,
    )
    assert [name for (name,) in found] == columns
