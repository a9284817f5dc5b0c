"""Every reference between tenants' rows carries the tenant: a plain foreign key would accept another tenant's row."""

from __future__ import annotations

import json
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from tests.walls.catalog import TENANTS, connected, insert, row_of, rows, tenant_tables
from tests.walls.conftest import Filled

Pair = tuple[Filled, Filled]


def references() -> list[tuple[str, str, list[str], str, list[str]]]:
    """(name, table, columns, target, its columns) of every foreign key from a tenant's table to another."""
    found = rows(
        "owner",
        """SELECT c.conname, c.conrelid::regclass::text,
               ARRAY(SELECT attname::text FROM unnest(c.conkey) WITH ORDINALITY k (n, i)
                     JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = k.n ORDER BY i),
               c.confrelid::regclass::text,
               ARRAY(SELECT attname::text FROM unnest(c.confkey) WITH ORDINALITY k (n, i)
                     JOIN pg_attribute a ON a.attrelid = c.confrelid AND a.attnum = k.n ORDER BY i)
           FROM pg_constraint c JOIN pg_class t ON t.oid = c.conrelid
           WHERE c.contype = 'f' AND c.conparentid = 0 AND NOT t.relispartition ORDER BY 1""",
    )
    ours = set(tenant_tables()) - {TENANTS}
    return [row for row in found if row[1] in ours and row[3] in ours]


def test_every_reference_between_tenants_rows_carries_the_tenant() -> None:
    found = references()
    assert len(found) >= 10
    for name, _, columns, _, targets in found:
        assert (columns[0], targets[0], len(columns)) == ("tenant_id", "tenant_id", 2), name


def test_every_column_that_names_another_row_has_such_a_reference() -> None:
    """A UUID column `…_id` of a tenant's table is a foreign key, or is known to be none."""
    known = {
        ("accounts_auditevent", "actor_id"),  # a key or a person, of the tenant's or the operator's
        ("billing_budget", "scope_id"),  # a tenant, a key or a person
        ("billing_holdline", "hold_id"), ("billing_hold", "generation_id"),  # made before the generation, in its key
        ("billing_hold", "api_key_id"), ("billing_hold", "member_id"),  # the generation's own
        ("billing_allowanceuse", "generation_id"),
        ("billing_ledgertransaction", "generation_id"),  # history outlives what it tells of
        ("billing_ledgertransaction", "invoice_id"),
        ("billing_ledgertransaction", "reverses_id"),  # a top-up of the tenant's, looked up as it is booked
        ("billing_invoicedocument", "subject_id"),  # an invoice or a credit note
        ("generations_generation", "member_id"),  # a person, who may be deleted while the history stays
        ("generations_batch", "member_id"),
        ("generations_generation", "group_id"),  # what several jobs have in common, no row
        ("billing_usagerecord", "api_key_id"), ("billing_usagerollup", "api_key_id"),
        ("billing_usageanomaly", "api_key_id"),  # as in the roll-ups that it is read from
        ("billing_usagerecord", "member_id"), ("billing_usagerollup", "member_id"),
    }  # fmt: skip
    covered = {(table, column) for _, table, columns, _, _ in references() for column in columns}
    every = rows(
        "owner",
        """SELECT c.relname, a.attname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
           WHERE c.relname = ANY (%s) AND a.atttypid = 'uuid'::regtype AND a.attname LIKE '%%\\_id'
               AND a.attname <> 'tenant_id' AND NOT a.attisdropped
               AND NOT EXISTS (SELECT 1 FROM pg_constraint f WHERE f.conrelid = c.oid AND f.contype = 'f'
                               AND a.attnum = ANY (f.conkey) AND f.confrelid::regclass::text <> ALL (%s))""",
        tenant_tables(), tenant_tables(),
    )  # fmt: skip
    assert set(every) - covered <= known


def test_another_tenants_row_cannot_be_referred_to(pair: Pair) -> None:
    own, foreign = pair
    for name, table, columns, target, targets in references():
        row = row_of(table, own.id)
        values = rows("owner", f"SELECT to_jsonb({targets[1]})::text FROM {target} WHERE tenant_id = %s", foreign.id)
        assert values, f"{target} holds no row of the other tenant"
        with connected("owner") as connection:  # whom no policy stops: the key alone does
            said = {refusal(connection, name, table, columns[1], row, json.loads(value)) for (value,) in values}
        assert name in said, f"{name} took another tenant's row: {said}"


def refusal(
    connection: psycopg.Connection[Any], name: str, table: str, column: str, row: dict[str, Any], value: Any
) -> str | None:
    """The constraint that refuses a copy of `row` with `column` naming `value`; None when it is taken."""
    copied = {**row, column: value}
    if column != "id" and "id" in copied:
        copied["id"] = str(uuid4()) if isinstance(row["id"], str) else 2**62
    if "prefix" in copied:
        copied["prefix"] = f"cvd_live_{uuid4().hex[:12]}"
    if "percent" in copied:
        copied["percent"] = 99
    if "digest" in copied:
        copied["digest"] = f"\\x{uuid4().hex}"
    if "email" in copied:
        copied["email"] = f"{uuid4().hex}@example.com"
    if "starts_at" in copied:
        copied["starts_at"] = "2001-01-01T00:00:00Z"
    if (table, column) == ("billing_payment", "reverses_id"):
        copied["amount"] = -1
    if table == "billing_allowanceuse":
        copied["generation_id"] = str(uuid4())
    if table == "generations_prompttemplateversion":
        copied["version"] = 99
    if table == "generations_derivative":
        copied["requested_width"] = 99
    if table in {"generations_batchitem", "generations_output"}:
        copied["index"] = row["index"] + 99
    # what may be there once per tenant, series or invoice
    unique = {"month": "2001-01-01", "series_number": 2**40, "reference": uuid4().hex}
    copied |= {name: value for name, value in unique.items() if name in copied}
    if "number" in copied and copied["number"] is not None:
        copied["number"] = 2**14 if isinstance(copied["number"], int) else uuid4().hex
    if "kind" in copied and "attempt" in copied:
        copied["attempt"] = 99
    try:
        with connection.transaction(force_rollback=True):
            if table in {"generations_generationcontent", "generations_generationterms"}:
                # one row per generation: the other tenant's own must make room
                connection.execute(f"DELETE FROM {table} WHERE generation_id = %s", [value])
            if table == "billing_charge":
                # likewise, and its usage records refer to it: only the promise of one charge has to be out of the way
                connection.execute("ALTER TABLE billing_charge DROP CONSTRAINT billing_charge_pkey")
            if table == "billing_flagresolution":
                connection.execute("ALTER TABLE billing_flagresolution DROP CONSTRAINT billing_flagresolution_pkey")
            insert(connection, table, copied)
    except psycopg.errors.IntegrityError as error:
        return error.diag.constraint_name
    return None


def test_a_tenants_own_row_can_be_referred_to(pair: Pair) -> None:
    """The counterpart: what the test above refuses is refused for its tenant only."""
    own, _ = pair
    row = row_of("generations_generation", own.id)
    with connected("owner") as connection, connection.transaction(force_rollback=True):
        insert(connection, "generations_generation", {**row, "id": str(uuid4()), "previous_id": str(own.ended)})
    with (
        connected("owner") as connection,
        pytest.raises(psycopg.errors.ForeignKeyViolation, match="previous_id_tenant_fk"),
        connection.transaction(force_rollback=True),
    ):
        insert(connection, "generations_generation", {**row, "id": str(uuid4()), "previous_id": str(uuid4())})
