"""What a picture writes is written once: no index that begins another, no key that another implies.

Each costs every picture: an entry in the index, or a look for the tenant and a lock on its row, which all of a
tenant's jobs share.
"""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connections

WRITTEN = [
    "accounts_storageuse", "billing_allowanceuse", "billing_budgetperiod", "billing_charge", "billing_hold",
    "billing_holdline", "billing_ledgerentry", "billing_ledgertransaction", "billing_usagerecord",
    "billing_usagerollup", "billing_usagetag", "billing_usagetagrollup", "billing_usagetagvalue", "billing_wallet",
    "events_event", "generations_generation", "generations_generationcontent", "generations_generationtag",
    "generations_generationterms", "generations_output", "generations_upstreamcall",
]  # fmt: skip

BEGINNINGS = """
    SELECT short.indexrelid::regclass::text, long.indexrelid::regclass::text
    FROM pg_index short JOIN pg_index long ON long.indrelid = short.indrelid AND long.indexrelid <> short.indexrelid
    JOIN pg_class s ON s.oid = short.indexrelid JOIN pg_class l ON l.oid = long.indexrelid AND l.relam = s.relam
    JOIN pg_am ON pg_am.oid = s.relam AND pg_am.amname = 'btree'
    WHERE short.indrelid = ANY (%s::text[]::regclass[]) AND NOT short.indisunique
        AND short.indpred IS NULL AND long.indpred IS NULL AND short.indexprs IS NULL AND long.indexprs IS NULL
        AND starts_with(long.indkey::text || ' ', short.indkey::text || ' ')
        AND starts_with(long.indoption::text, short.indoption::text)
    ORDER BY 1, 2
"""
IMPLIED = """
    SELECT plain.conname::text, through.conname::text
    FROM pg_constraint plain JOIN pg_constraint through ON through.conrelid = plain.conrelid AND through.contype = 'f'
    WHERE plain.conrelid = ANY (%s::text[]::regclass[]) AND plain.contype = 'f' AND cardinality(plain.conkey) = 1
        AND plain.confrelid = 'accounts_tenant'::regclass AND cardinality(through.conkey) = 2
        AND plain.conkey <@ through.conkey
        AND (SELECT bool_and(attnotnull) FROM pg_attribute
             WHERE attrelid = through.conrelid AND attnum = ANY (through.conkey))
    ORDER BY 1, 2
"""
pytestmark = pytest.mark.django_db(databases=["owner"])


def found(query: str, tables: list[str]) -> list[tuple[Any, ...]]:
    with connections["owner"].cursor() as cursor:
        cursor.execute(query, [tables])
        rows: list[tuple[Any, ...]] = cursor.fetchall()
        return rows


def test_no_index_of_what_a_picture_writes_begins_another() -> None:
    assert found(BEGINNINGS, WRITTEN) == []


def test_no_key_to_the_tenant_is_implied_by_another() -> None:
    assert found(IMPLIED, WRITTEN) == []


def test_both_would_be_found() -> None:
    with connections["owner"].cursor() as cursor:
        cursor.execute("""
            CREATE TABLE doubled (id uuid, tenant_id uuid NOT NULL REFERENCES accounts_tenant,
                generation_id uuid NOT NULL, CONSTRAINT through FOREIGN KEY (tenant_id, generation_id)
                    REFERENCES generations_generation (tenant_id, id));
            CREATE INDEX short ON doubled (tenant_id);
            CREATE INDEX long ON doubled (tenant_id, id);
        """)
    assert found(BEGINNINGS, ["doubled"]) == [("short", "long")]
    assert found(IMPLIED, ["doubled"]) == [("doubled_tenant_id_fkey", "through")]
