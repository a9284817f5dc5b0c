"""What every job runs is planned once for a connection, is one call of libpq, and else as Django's cursors are."""

from __future__ import annotations

from uuid import UUID, uuid4

import psycopg
import pytest
from django.db import DataError, OperationalError, connection, transaction
from django.test.utils import CaptureQueriesContext
from psycopg.pq import TransactionStatus

from cavendish.db.call import call
from cavendish.db.pool import conninfo
from cavendish.db.prepared import run, run_as
from tests.factories import make_key, make_tenant

MINE = "SELECT id, %s::text FROM accounts_apikey WHERE tenant_id = ANY (%s)"


def kept(words: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE %s", [f"%{words}%"])
        return int(cursor.fetchone()[0])


def test_only_what_asks_for_it_is_prepared_and_once_for_each_type_of_value() -> None:
    for _ in range(20):
        with connection.cursor() as cursor:
            cursor.execute("SELECT 'not asked', %s::int", [1])
    assert kept("not asked") == 0
    for number in range(3):
        found = run(connection, "SELECT 'asked' AS what, %s::int AS number", [number])
        assert (found.names(), found.types(), found.rows) == (["what", "number"], [25, 23], [("asked", number)])
    assert kept("'asked'") == 1
    assert run(connection, "SELECT 'asked' AS what, %s::int AS number", [None]).rows == [("asked", None)]
    assert kept("'asked'") == 2


def test_functions_are_prepared() -> None:
    call("id_new")
    assert kept("FROM id_new(") == 1


def test_behind_a_pooler_nothing_is_prepared(monkeypatch: pytest.MonkeyPatch) -> None:
    tenant = make_tenant()
    connection.ensure_connection()
    monkeypatch.setattr(connection.connection, "prepare_threshold", None)
    assert run(connection, "SELECT 'pooled', %s::int", [1]).rows == [("pooled", 1)]
    named = "SELECT 'pooled', current_setting('app.tenant_id')::uuid, %s::uuid"
    assert run_as(tenant.id, connection, named, [tenant.id]).rows == [("pooled", tenant.id, tenant.id)]
    assert kept("pooled") == 0


def test_it_is_counted_and_its_errors_are_djangos() -> None:
    with CaptureQueriesContext(connection) as found:
        run(connection, "SELECT 'counted'", [])
    assert [query["sql"] for query in found] == ["SELECT 'counted'"]
    with pytest.raises(DataError, match="division by zero"):
        run(connection, "SELECT 1 / %s::int", [0])
    # Outside of a transaction nothing is left of a failure.
    assert run(connection, "SELECT 1", []).rows == [(1,)]


def test_it_runs_in_the_transaction_that_is_open() -> None:
    with transaction.atomic():
        run(connection, "SELECT set_config('app.noted', %s, true)", ["here"])
        assert run(connection, "SELECT current_setting('app.noted')", []).rows == [("here",)]
        assert connection.connection.info.transaction_status == TransactionStatus.INTRANS
    assert run(connection, "SELECT nullif(current_setting('app.noted', true), '')", []).rows == [(None,)]


def test_a_connection_that_was_ended_is_an_outage_and_the_next_one_is_well() -> None:
    pid = run(connection, "SELECT pg_backend_pid()", []).rows[0][0]
    with psycopg.connect(conninfo("default"), dbname=connection.settings_dict["NAME"]) as other:
        other.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
    with pytest.raises(OperationalError):
        run(connection, "SELECT 1", [])
    connection.close()
    assert run(connection, "SELECT 1", []).rows == [(1,)]


def test_as_a_tenant_only_its_rows_exist_and_the_next_statement_has_none() -> None:
    one, other = make_tenant(), make_tenant()
    both = [one.id, other.id]
    for tenant in (one, other):
        make_key(tenant)

    def found(tenant: UUID) -> set[UUID]:
        rows = run_as(tenant, connection, MINE, ["'; RESET ALL; --", both]).rows
        assert {text for _, text in rows} == {"'; RESET ALL; --"}
        return {id for id, _ in rows}

    ones, others = found(one.id), found(other.id)
    assert ones
    assert others
    assert not ones & others
    assert run(connection, MINE, ["", both]).rows == []
    assert run(connection, "SELECT current_setting('app.tenant_id', true)", []).rows[0][0] in {None, ""}


def test_a_failure_as_a_tenant_leaves_neither_the_tenant_nor_a_transaction() -> None:
    with pytest.raises(DataError):
        run_as(uuid4(), connection, "SELECT 1 / %s::int", [0])
    assert run(connection, "SELECT current_setting('app.tenant_id', true)", []).rows[0][0] in {None, ""}
    assert connection.connection.info.transaction_status == TransactionStatus.IDLE


def test_as_a_tenant_nothing_runs_inside_another_transaction() -> None:
    with transaction.atomic(), pytest.raises(RuntimeError, match="open already"):
        run_as(uuid4(), connection, "SELECT 1", [])
