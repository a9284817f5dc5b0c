"""What a picture leaves in PostgreSQL: bytes of tables and indexes, rows, and bytes of its log (WAL)."""

from __future__ import annotations

import json

import psycopg

from tests.bench.calls import generation, load
from tests.bench.lines import Line
from tests.bench.pictures import SMALL
from tests.bench.stack import Stack

COUNTS = (200, 1500)
CLIENTS = 8
TABLES = """SELECT sum(pg_total_relation_size(c.oid))::bigint, sum(greatest(s.n_tup_ins, 0))::bigint
            FROM pg_class c JOIN pg_stat_user_tables s ON s.relid = c.oid"""


async def growth(stack: Stack, quick: bool) -> list[Line]:
    """Of jobs through the native API, by a few clients; the log includes whole pages after a checkpoint."""
    count = COUNTS[not quick]
    url = json.loads((stack.data_dir / "connection.json").read_text())["DATABASE_OWNER_URL"]
    body = generation(stack.keys[0], SMALL)
    await load(stack.port, CLIENTS, 50, lambda c, _: c.call(body))
    with psycopg.connect(url, autocommit=True) as connection:
        before = _state(connection)
        await load(stack.port, CLIENTS, count, lambda c, _: c.call(body))
        after = _state(connection)
    tables, rows, log = ((later - earlier) / count for later, earlier in zip(after, before, strict=True))
    return [
        Line("kept in PostgreSQL for one picture, tables and indexes", f"{tables / 1024:.1f} KB  ({rows:.0f} rows)"),
        Line("written to PostgreSQL's log for one picture", f"{log / 1024:.1f} KB"),
    ]


def _state(connection: psycopg.Connection[tuple[int, ...]]) -> tuple[int, int, int]:
    connection.execute("SELECT pg_stat_force_next_flush()")
    connection.execute("VACUUM")  # what dead rows take is used again
    found = connection.execute(TABLES).fetchone()
    log = connection.execute("SELECT (pg_current_wal_lsn() - '0/0')::bigint").fetchone()
    assert found is not None
    assert log is not None
    return (*found, *log)  # type: ignore[return-value]
