"""A connection as the app's role, which every API request uses, cannot make an operator or lend money."""

from __future__ import annotations

import pytest
from django.db import ProgrammingError, connections, transaction

from accounts.people.services import user_create
from cavendish.db.ids import new_id
from cavendish.db.router import acting_as
from cavendish.db.tenancy import tenant_context
from tests.factories import make_tenant
from tests.walls.catalog import rows

PEOPLE = (
    "accounts_user", "account_emailaddress", "mfa_authenticator", "socialaccount_socialaccount",
    "usersessions_usersession", "django_session",
)  # fmt: skip


@pytest.mark.parametrize("table", PEOPLE)
@pytest.mark.parametrize("privilege", ["INSERT", "UPDATE", "DELETE"])
def test_the_app_role_writes_nothing_of_people(table: str, privilege: str) -> None:
    [(may, may_some)] = rows(
        "owner",
        "SELECT has_table_privilege('cavendish_app', %s, %s), "
        "CASE WHEN %s = 'DELETE' THEN false ELSE has_any_column_privilege('cavendish_app', %s, %s) END",
        table, privilege, privilege, table, privilege if privilege != "DELETE" else "UPDATE",
    )  # fmt: skip
    assert (may, may_some) == (False, False)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE accounts_user SET password = 'x' WHERE is_staff",
        "UPDATE accounts_user SET is_staff = true",
        "INSERT INTO accounts_user SELECT * FROM accounts_user LIMIT 1",
        "DELETE FROM mfa_authenticator",
        "INSERT INTO django_session VALUES ('a', 'b', now())",
        "UPDATE billing_wallet SET credit_limit = 1000000",
        "UPDATE billing_wallet SET currency = 'JPY'",
    ],
)
def test_the_app_role_is_refused(statement: str) -> None:
    tenant = make_tenant(balance=0)
    with pytest.raises(ProgrammingError, match="permission denied"), tenant_context(tenant.id):
        connections["default"].cursor().execute(statement)


@pytest.mark.parametrize("column", ["is_staff", "is_superuser", "is_active"])
def test_the_role_of_people_makes_no_operator(column: str) -> None:
    with acting_as("operator"):
        user = user_create(email=f"{new_id().hex}@example.com", password="a long pass phrase")
    with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic(using="people"):
        connections["people"].cursor().execute(f"UPDATE accounts_user SET {column} = true WHERE id = %s", [user.pk])


def test_the_role_of_people_reads_nothing_of_tenants() -> None:
    for table in ("accounts_tenant", "accounts_apikey", "billing_wallet", "generations_generation"):
        with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic(using="people"):
            connections["people"].cursor().execute(f"SELECT 1 FROM {table}")
