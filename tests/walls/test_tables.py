"""The inner wall: what PostgreSQL refuses the app's role, whatever the code forgets. Generated from its catalog."""

from __future__ import annotations

import psycopg
import pytest
from psycopg.errors import InsufficientPrivilege

from tests.walls.catalog import (
    OPERATORS,
    SHARED,
    TENANTS,
    connected,
    enter,
    insert,
    partitions,
    row_of,
    rows,
    tables,
    tenant_column,
    tenant_tables,
)
from tests.walls.conftest import Filled

Pair = tuple[Filled, Filled]

PARTITIONED = {
    "billing_usagerecord", "events_event", "generations_generationcontent", "generations_upstreamcall",
}  # fmt: skip


def test_every_table_is_a_tenants_or_known_to_be_nobodys() -> None:
    assert set(tables()) - set(tenant_tables()) == SHARED | OPERATORS


@pytest.mark.parametrize("role", ["cavendish_app", "cavendish_people", "cavendish_system"])
def test_what_is_the_operators_alone_is_no_other_roles(role: str) -> None:
    for table in OPERATORS:
        for right in ("SELECT", "INSERT", "UPDATE", "DELETE"):
            assert rows("owner", "SELECT has_table_privilege(%s, %s, %s)", role, table, right) == [(False,)], table
        assert rows("owner", "SELECT relrowsecurity FROM pg_class WHERE relname = %s", table) == [(True,)]


def test_every_tenant_table_is_under_row_level_security_in_both_directions() -> None:
    guarded = {
        name
        for (name,) in rows(
            "owner",
            """SELECT c.relname FROM pg_class c JOIN pg_policies p ON p.tablename = c.relname
               WHERE c.relrowsecurity AND p.roles = '{cavendish_app}' AND p.cmd = 'ALL' AND p.permissive = 'PERMISSIVE'
                   AND p.qual LIKE '%%app.tenant_id%%' AND p.with_check = p.qual""",
        )
    }
    assert guarded == set(tenant_tables())


def test_no_other_policy_lets_the_app_or_everybody_in() -> None:
    found = rows("owner", "SELECT tablename, policyname, roles::text[] FROM pg_policies WHERE schemaname = 'public'")
    people = {(policy, *roles) for table, policy, roles in found if table == "accounts_user"}
    assert people == {
        ("people_seen", "cavendish_app"), ("operator_rows", "cavendish_operator"),
        ("people_role_seen", "cavendish_people"), ("people_role_joining", "cavendish_people"),
        ("people_role_changing", "cavendish_people"),
    }  # fmt: skip
    for table, policy, roles in found:
        assert table == "accounts_user" or (policy, roles) in (
            ("tenant_rows", ["cavendish_app"]),
            ("operator_rows", ["cavendish_operator"]),
        ), f"{table}: {policy} for {roles}"


def test_without_a_tenant_there_are_no_rows(pair: Pair) -> None:
    with connected("default") as connection:
        for table in tenant_tables():
            for tenant in (None, ""):
                if tenant is not None:
                    connection.execute("SELECT set_config('app.tenant_id', '', true)")
                assert connection.execute(f"SELECT count(*) FROM {table}".encode()).fetchone() == (0,), table


def test_a_tenant_sees_its_own_rows_and_no_others(pair: Pair) -> None:
    own, foreign = pair
    with connected("default") as connection:
        enter(connection, own.id)
        for table in tenant_tables():
            row_of(table, own.id)
            row_of(table, foreign.id)
            seen = connection.execute(f"SELECT DISTINCT {tenant_column(table)} FROM {table}".encode()).fetchall()
            assert seen == [(own.id,)], table
            named = f"SELECT count(*) FROM {table} WHERE {tenant_column(table)} = %s"
            assert connection.execute(named.encode(), [foreign.id]).fetchone() == (0,), table


def test_an_invalid_tenant_is_an_error_and_never_everybody(pair: Pair) -> None:
    with connected("default") as connection:
        connection.execute("SELECT set_config('app.tenant_id', %s, true)", ["' OR true --"])
        with pytest.raises(psycopg.errors.InvalidTextRepresentation):
            connection.execute("SELECT * FROM generations_generation")


def test_another_tenants_row_cannot_be_written(pair: Pair) -> None:
    own, foreign = pair
    with connected("default") as connection:
        for table in tenant_tables():
            row = row_of(table, foreign.id)
            for tenant in (own.id, None):
                enter(connection, tenant)
                with pytest.raises(InsufficientPrivilege), connection.transaction():
                    insert(connection, table, row)


def test_another_tenants_row_cannot_be_changed_deleted_or_taken(pair: Pair) -> None:
    own, foreign = pair
    for table in tenant_tables():
        column = tenant_column(table)
        before = row_of(table, foreign.id)
        with connected("default") as connection:
            enter(connection, own.id)
            for statement in (
                f"UPDATE {table} SET {column} = {column} WHERE {column} = %s",
                f"UPDATE {table} SET {column} = '{own.id}' WHERE {column} = %s",
                f"DELETE FROM {table} WHERE {column} = %s",
            ):
                try:
                    with connection.transaction():
                        assert connection.execute(statement.encode(), [foreign.id]).rowcount == 0, statement
                except InsufficientPrivilege:
                    pass  # not even of its own: no grant
            give_away = f"UPDATE {table} SET {column} = %s WHERE {column} = %s"
            # the ledger's trigger fires before the policy is asked
            with pytest.raises((InsufficientPrivilege, psycopg.errors.RaiseException)), connection.transaction():
                connection.execute(give_away.encode(), [foreign.id, own.id])
        assert row_of(table, foreign.id) == before


@pytest.mark.parametrize("alias", ["default", "system", "operator"])
def test_a_partition_cannot_be_queried_around_its_parents_policy(alias: str) -> None:
    found = partitions()
    assert len(found) > 12
    assert {name.rpartition("_")[0] for name in found} == PARTITIONED
    with connected(alias) as connection:
        for name in found:
            for statement in (f"SELECT * FROM {name}", f"DELETE FROM {name}", f"INSERT INTO {name} DEFAULT VALUES"):
                with pytest.raises(InsufficientPrivilege), connection.transaction():
                    connection.execute(statement.encode())


def test_the_app_cannot_grow_its_rights() -> None:
    with connected("default") as connection:
        for statement in (
            "ALTER TABLE generations_generation DISABLE ROW LEVEL SECURITY",
            "DROP POLICY tenant_rows ON generations_generation",
            "CREATE TABLE mine (id int)",
            "CREATE FUNCTION mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
            "SET ROLE cavendish_owner",
            "SET ROLE cavendish_operator",
            "SET SESSION AUTHORIZATION cavendish_owner",
            "ALTER ROLE cavendish_app BYPASSRLS",
            "TRUNCATE billing_ledgerentry",
            "COPY generations_generation TO PROGRAM 'cat'",
            "SELECT pg_read_file('/etc/passwd')",
            f"INSERT INTO {TENANTS} (id, slug, name) VALUES (gen_random_uuid(), 'x', 'x')",
            "UPDATE accounts_tenant SET status = 'active'",
            "SELECT * FROM generations_worker",
        ):
            with pytest.raises(InsufficientPrivilege), connection.transaction():
                connection.execute(statement.encode())
        connection.execute("SET row_security = off")
        with pytest.raises(InsufficientPrivilege), connection.transaction():
            connection.execute("SELECT * FROM generations_generation")
