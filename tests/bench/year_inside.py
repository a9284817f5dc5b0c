"""Seeds a year of jobs and measures with it: `python -m tests.bench.year_inside seed JOBS | measure | drop`.

It works on the embedded PostgreSQL whose data directory is in the environment, as its superuser where rows are made,
and prints JSON.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest.mock import patch
from uuid import UUID

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cavendish.settings")
django.setup()

import psycopg
from django.db import connection, connections
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from accounts.models import Tenant
from cavendish.db.call import call
from cavendish.db.ids import first_at, new_id
from cavendish.db.pool import conninfo
from cavendish.db.router import acting_as
from cavendish.db.tenancy import tenant_context
from generations.accept import submission
from generations.models import Generation
from generations.selectors import generation_detail, generations_load
from generations.upkeep.months import STAYING, TABLES
from tests.factories import key_of, make_tenant, submit_generation
from tests.generations.helpers import claim, register, succeeded

MONTHS, KEPT_MONTHS, TENANTS, REPEATS, PAGE = 12, 2, 50, 150, 50
KEYS = {
    "events_event": "subject",
    "generations_upstreamcall": "generation_id",
    "generations_generationcontent": "generation_id",
}
Connection = psycopg.Connection[tuple[Any, ...]]


def superuser() -> Connection:
    state = json.loads((Path(os.environ["CAVENDISH_DATA_DIR"]) / "services.json").read_text())
    owner = conninfo_to_dict(conninfo("owner"))
    return psycopg.connect(
        make_conninfo(
            host=str(owner["host"]), port=str(owner["port"]), dbname=str(owner["dbname"]), user="postgres",
            password=state["postgres_superuser_password"],
        ),
        autocommit=True,
    )  # fmt: skip


def value(on: Connection, query: str, *values: Any) -> Any:
    row = on.execute(query.encode(), values).fetchone()
    assert row is not None
    return row[0]


def month(number: int) -> datetime:
    """The first moment of a month: 0 is the oldest of the year, MONTHS - 1 the one before this month."""
    now = datetime.now(UTC)
    of_all = now.year * 12 + now.month - 1 - MONTHS + number
    return datetime(of_all // 12, of_all % 12 + 1, 1, tzinfo=UTC)


def seed(jobs: int) -> dict[str, float]:
    began = time.monotonic()
    for _ in range(TENANTS):
        key_of(make_tenant(balance=1_000_000, concurrency_limit=1000).id, True)
    with superuser() as on:
        on.execute("ALTER SYSTEM SET autovacuum = off")
        on.execute("SELECT pg_reload_conf()")
        for table in TABLES:
            # as if it had had months a year ago
            on.execute(f"DROP TABLE {table}_past".encode())
            on.execute("SELECT generation_months_create(%s, %s, %s)", (table, month(0).date(), MONTHS))
        if jobs:
            text = (Path(__file__).parent / "year_seed.sql").read_text()
            for number in range(MONTHS):
                values = {
                    "first": month(number),
                    "end": month(number + 1),
                    "jobs": jobs,
                    "erased": number < MONTHS - KEPT_MONTHS,
                }
                with on.transaction(), psycopg.ClientCursor(on) as cursor:
                    cursor.execute("SET LOCAL session_replication_role = replica")
                    cursor.execute(text.encode(), values)
        on.execute("VACUUM ANALYZE")
        return {
            "seconds": time.monotonic() - began,
            "bytes": value(on, "SELECT pg_database_size(current_database())"),
            "rows": value(on, "SELECT sum(reltuples)::bigint FROM pg_class WHERE relkind = 'r' AND reltuples > 0"),
        }


class Watch:
    """What a backend did: milliseconds of a processor, and pages of the database that were looked at."""

    def __init__(self, on: Connection) -> None:
        self.on = on
        self.spent: dict[str, list[float]] = {}
        self.pages: dict[str, tuple[int, int]] = {}

    def time(self, what: str, backend: Connection, work: Callable[[], Any]) -> Any:
        before = self._processor(backend)
        result = work()
        self.spent.setdefault(what, []).append(self._processor(backend) - before)
        return result

    @staticmethod
    def _processor(backend: Connection) -> float:
        return int(Path(f"/proc/{backend.info.backend_pid}/schedstat").read_text().split()[0]) / 1e6

    def buffers(self, what: str, backend: Connection, work: Callable[[], Any]) -> Any:
        """The same work once more, by PostgreSQL's count of pages, which is written when a session is told to."""
        before = self._buffers(backend)
        result = work()
        after = self._buffers(backend)
        count, pages = self.pages.get(what, (0, 0))
        self.pages[what] = (count + 1, pages + after - before - self._own)
        return result

    _own = 0

    def _buffers(self, backend: Connection) -> int:
        backend.execute("SELECT pg_stat_force_next_flush()")
        backend.execute("SELECT 1")
        query = "SELECT blks_hit + blks_read FROM pg_stat_database WHERE datname = current_database()"
        self.on.execute("SELECT pg_stat_clear_snapshot()")
        return int(value(self.on, query))

    def said(self) -> dict[str, dict[str, float]]:
        return {
            what: {"ms": statistics.median(spent), "buffers": self.pages[what][1] / max(self.pages[what][0], 1)}
            for what, spent in self.spent.items()
        }


def measure() -> dict[str, dict[str, float]]:
    with acting_as("operator"):
        tenant = Tenant.objects.order_by("id")[TENANTS // 2]
    sent: dict[str, Any] = {}

    def spy(name: str, *values: Any, **options: Any) -> Any:
        if name == "generation_submit":
            sent.update(values[0])
        return call(name, *values, **options)

    with patch.object(submission, "call", spy):
        submit_generation(tenant, "a boat on a lake with trees at dusk")
    worker = register(seconds=36_000)
    (job,) = claim(worker)
    result = succeeded(job)
    with (
        superuser() as on,
        psycopg.connect(conninfo("default"), autocommit=True) as app,
        psycopg.connect(conninfo("system"), autocommit=True) as system,
    ):
        app.prepare_threshold = system.prepare_threshold = 0
        watch = Watch(on)
        for number in range(20 + REPEATS + 20):
            if number == 20:
                watch.spent.clear()
            _life(
                watch.buffers if number >= 20 + REPEATS else watch.time,
                app,
                system,
                tenant.id,
                worker,
                {**sent},
                result,
            )
        _reads(watch, tenant.id)
        return watch.said()


def _life(
    step: Callable[..., Any],
    app: Connection,
    system: Connection,
    tenant: UUID,
    worker: UUID,
    sent: dict[str, Any],
    result: Any,
) -> None:
    """A job's three transactions."""
    id = new_id()
    sent |= {"id": str(id), "idempotency": None}

    def submit() -> None:
        with app.transaction():
            app.execute("SELECT set_config('app.tenant_id', %s, true)", (str(tenant),))
            assert "code" not in value(app, "SELECT generation_submit(%s::jsonb)", json.dumps(sent))

    def take() -> Any:
        row = system.execute(
            "SELECT * FROM generation_claim(%s, 1, 1099511627776, true, 10, 600.0)", (worker,)
        ).fetchone()
        assert row is not None
        assert row[0] == id
        return row

    step("submit", app, submit)
    row = step("claim", system, take)

    def finish() -> None:
        with app.transaction():
            values = (tenant, id, row[2], row[3], json.dumps(result))
            assert value(app, "SELECT generation_finish(%s, %s, %s, %s, %s::jsonb)", *values) == "ended"

    step("finish", app, finish)


def _reads(watch: Watch, tenant: UUID) -> None:
    with tenant_context(tenant):
        every = Generation.objects.filter(livemode=True, deleted_at=None)
        latest = every.order_by("-id")[0].id
        oldest = list(every.order_by("id").values_list("id", flat=True)[: PAGE + 1])

    def get(id: UUID) -> Callable[[], None]:
        def ask() -> None:
            with tenant_context(tenant):
                assert generation_detail(id, livemode=True) is not None

        return ask

    def page(before: UUID | None) -> Callable[[], None]:
        def ask() -> None:
            with tenant_context(tenant):
                rows = Generation.objects.filter(livemode=True, deleted_at=None).order_by("-id")
                found = list((rows if before is None else rows.filter(id__lt=before))[:PAGE])
                assert len(generations_load(found)) == len(found) > 0

        return ask

    reads = {
        "get the newest": get(latest),
        "get the oldest": get(oldest[0]),
        f"list the newest {PAGE}": page(None),
        f"list {PAGE} far back": page(oldest[-1]),
    }
    for what, ask in reads.items():
        with tenant_context(tenant):
            pass
        backend: Connection = connection.connection
        for _ in range(10):
            ask()
        for _ in range(REPEATS):
            watch.time(what, backend, ask)
        for _ in range(20):
            watch.buffers(what, backend, ask)


def drop() -> dict[str, float]:
    held = 1000
    with superuser() as on:
        found: dict[str, float] = {}
        sizes = [sum(_size(on, table, number) for table in TABLES) for number in range(3)]
        found["drop"], found["drop_log"] = _timed(on, lambda: _gone(on, 0))
        found["drop_bytes"] = sizes[0]
        first, following = first_at(month(1)), first_at(month(2))
        jobs = value(on, "SELECT count(*) FROM generations_generation WHERE id >= %s AND id < %s", first, following)
        found["held"] = held = min(held, jobs // 150)
        on.execute(
            """UPDATE generations_generation SET deleted_at = NULL WHERE id IN (
                   SELECT id FROM generations_generation WHERE id >= %s AND id < %s ORDER BY id LIMIT %s)""",
            (first, following, held),
        )
        found["moved"], found["moved_log"] = _timed(on, lambda: _gone(on, 1))
        first, following = first_at(month(2)), first_at(month(3))

        def delete() -> None:
            for table, key in KEYS.items():
                on.execute(f"DELETE FROM {table} WHERE {key} >= %s AND {key} < %s".encode(), (first, following))

        found["delete"], found["delete_log"] = _timed(on, delete)

        def vacuum() -> None:
            for table in TABLES:
                on.execute(f"VACUUM {_name(table, 2)}".encode())

        found["vacuum"], log = _timed(on, vacuum)
        found["delete_log"] += log
        found["delete_bytes"] = sizes[2] - sum(_size(on, table, 2) for table in TABLES)
    return found


def _name(table: str, number: int) -> str:
    return f"{table}_{month(number):%Y%m}"


def _size(on: Connection, table: str, number: int) -> int:
    return int(value(on, "SELECT pg_total_relation_size(%s::regclass)", _name(table, number)))


def _gone(on: Connection, number: int) -> None:
    """The product's own function, for the months up to that one."""
    query = "SELECT name FROM generation_month_drop(%s, %s, %s, 0)"
    for table in TABLES:
        gone = on.execute(query, (table, month(number + 1), STAYING)).fetchone()
        assert gone == (_name(table, number),)


def _timed(on: Connection, work: Callable[[], Any]) -> tuple[float, float]:
    """Seconds, and bytes of PostgreSQL's log."""
    log = value(on, "SELECT pg_current_wal_lsn() - '0/0'")
    began = time.monotonic()
    work()
    seconds = time.monotonic() - began
    return seconds, float(value(on, "SELECT pg_current_wal_lsn() - '0/0'") - log)


def main() -> None:
    match sys.argv[1:]:
        case ["seed", jobs]:
            said: Any = seed(int(jobs))
        case ["measure"]:
            said = measure()
        case _:
            said = drop()
    connections.close_all()
    sys.stdout.write(json.dumps(said, default=float))


main()
