"""What the database itself says of its tables, so that a new one is under test without being named here."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any
from uuid import UUID

import psycopg

from cavendish.db.pool import conninfo

# Tables of nobody's: what is in them is the operator's, or is found before a tenant is known.
SHARED = {
    "account_emailaddress", "account_emailconfirmation", "mfa_authenticator", "socialaccount_socialaccount",
    "socialaccount_socialapp", "socialaccount_socialtoken", "usersessions_usersession",
    "accounts_operatorkey", "accounts_user", "accounts_user_groups", "accounts_user_user_permissions", "auth_group",
    "auth_group_permissions", "auth_permission", "billing_exchangerate", "billing_legalentity", "billing_numberseries",
    "billing_plan", "billing_platformtotal",
    "billing_planversion",
    "billing_price", "django_content_type", "django_migrations", "django_session",
    "generations_activitylatesttotal", "generations_activitymoney", "generations_activitytotal",
    "generations_platformgauge", "generations_platformguardrule", "generations_tokenversion", "generations_worker",
    "schedule_scheduledtask",
}  # fmt: skip
# About tenants, and the operator's alone: the app's role has no right on them.
OPERATORS = {"accounts_tenantnote", "billing_providerevent", "reconcile_reconcilerun"}
TENANTS = "accounts_tenant"


@contextmanager
def connected(alias: str) -> Iterator[psycopg.Connection[Any]]:
    """A connection of one's own as the role of a database alias; what is not committed is rolled back."""
    with psycopg.connect(conninfo(alias)) as connection:
        yield connection
        connection.rollback()


def rows(alias: str, query: str, *values: Any) -> list[tuple[Any, ...]]:
    with connected(alias) as connection:
        return connection.execute(query, values).fetchall()


@cache
def tables() -> list[str]:
    """Tables that are no partitions."""
    return [
        name
        for (name,) in rows(
            "owner",
            "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') "
            "AND NOT relispartition ORDER BY 1",
        )
    ]


@cache
def tenant_column(table: str) -> str | None:
    if table == TENANTS:
        return "id"
    found = rows(
        "owner",
        "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attname = 'tenant_id' AND NOT attisdropped",
        table,
    )
    return "tenant_id" if found else None


def tenant_tables() -> list[str]:
    return [table for table in tables() if tenant_column(table) and table not in OPERATORS]


def partitions() -> list[str]:
    return [name for (name,) in rows("owner", "SELECT relname FROM pg_class WHERE relispartition AND relkind = 'r'")]


def enter(connection: psycopg.Connection[Any], tenant: UUID | None) -> None:
    connection.execute("SELECT set_config('app.tenant_id', %s, true)", [str(tenant) if tenant else ""])


def row_of(table: str, tenant: UUID) -> dict[str, Any]:
    """A row of the tenant's, as the owner sees it."""
    query = f"SELECT to_jsonb(t)::text FROM {table} t WHERE {tenant_column(table)} = %s LIMIT 1"
    found = rows("owner", query, tenant)
    assert found, f"{table} holds no row of the tenant: let tests/walls/conftest.py make one"
    row: dict[str, Any] = json.loads(found[0][0])
    return row


INSERT = "INSERT INTO {0} SELECT * FROM jsonb_populate_record(NULL::{0}, %s::jsonb)"


def insert(connection: psycopg.Connection[Any], table: str, row: dict[str, Any]) -> None:
    connection.execute(INSERT.format(table).encode(), [json.dumps(row)])
