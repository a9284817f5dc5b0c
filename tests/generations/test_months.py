"""Months of events, contents and calls: one is read where one is asked for, and a month goes once nothing is kept."""

from __future__ import annotations

import json
import re
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest
from django.db import connections
from django.test import override_settings
from django.utils import timezone

from accounts.models import Tenant
from cavendish.db.ids import first_at, new_id
from cavendish.db.pool import conninfo
from cavendish.db.router import acting_as
from cavendish.db.tenancy import tenant_context
from cavendish.events.services import event_add
from generations.jobs.selectors import job_timeline
from generations.models import Generation, GenerationContent
from generations.selectors import generation_detail, generations_load
from generations.services import generation_delete
from generations.upkeep import months
from generations.upkeep.months import TABLES, months_create, months_drop
from tests.factories import make_tenant
from tests.generations.helpers import one, rows
from tests.generations.test_legal_holds import hold, release
from tests.generations.test_retention import ended

pytestmark = pytest.mark.usefixtures("quiet")

KEYS = {
    "events_event": "subject", "generations_upstreamcall": "generation_id",
    "generations_generationcontent": "generation_id",
}  # fmt: skip
OLD = datetime(2001, 3, 14, tzinfo=UTC)
NEXT = datetime(2001, 4, 1, tzinfo=UTC)
COPY = "INSERT INTO {0} SELECT (jsonb_populate_record(t, %s::jsonb)).* FROM {0} t WHERE t.{1} = %s"


def owner(query: str, *values: Any) -> None:
    with connections["owner"].cursor() as cursor:
        cursor.execute(query, values)


def partition(table: str, id: UUID) -> set[str]:
    """Where rows of a generation lie."""
    query = f"SELECT DISTINCT tableoid::regclass::text AS name FROM {table} WHERE {KEYS[table]} = %s"
    return {row["name"] for row in rows("owner", query, id)}


@pytest.fixture
def old_months(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """As if there had been months since March 2001; one that is larger than its empty indexes is worth emptying."""
    bounds = {}
    for table in TABLES:
        bound = one("owner", "SELECT pg_get_expr(relpartbound, oid) FROM pg_class WHERE relname = %s", f"{table}_past")
        bounds[table] = bound
        owner(f"ALTER TABLE {table} DETACH PARTITION {table}_past")
        assert one("system", "SELECT generation_months_create(%s, %s, 2)", table, OLD.date()) == 2
    monkeypatch.setattr(months, "LEAST_BYTES", 128 * 1024)
    yield
    for table in TABLES:
        for name in ("200103", "200104"):
            owner(f"DROP TABLE IF EXISTS {table}_{name}")
        # what a month did not take is nobody's any more
        owner(f"DELETE FROM {table} WHERE {KEYS[table]} < %s", first_at(datetime(2002, 1, 1, tzinfo=UTC)))
        owner(f"ALTER TABLE {table} ATTACH PARTITION {table}_past {bounds[table]}")


def old_job(tenant: Tenant, *, at: datetime = OLD) -> UUID:
    """An ended job of that time: a copy of one that just ended, with its content, call and events."""
    made, _ = ended(tenant)
    id = UUID(int=first_at(at).int | (new_id().int & ((1 << 64) - 1)))
    change = f'{{"id": "{id}", "generation_id": "{id}", "subject": "{id}"}}'
    owner(COPY.format("generations_generation", "id"), change, made)
    for table in ("generations_generationcontent", "events_event"):
        owner(COPY.format(table, KEYS[table]), change.replace('"id"', '"no"'), made)
    owner(
        """INSERT INTO generations_upstreamcall (generation_id, attempt, number, tenant_id, kind, started_at, ended_at,
               host, upstream_key, code, message, upstream_id, bytes, pictures)
           VALUES (%s, 1, 1, %s, 'create', now(), now(), 'h', 'k', '', '', '', 0, 1)""",
        id, tenant.id,
    )  # fmt: skip
    return id


def erase(tenant: Tenant, id: UUID) -> None:
    assert generation_delete(tenant_id=tenant.id, generation_id=id, livemode=True)


def counts(id: UUID) -> dict[str, int]:
    return {table: one("owner", f"SELECT count(*) FROM {table} WHERE {KEYS[table]} = %s", id) for table in TABLES}


def there() -> set[str]:
    """Which tables have the old month."""
    return {table for table in TABLES if one("owner", "SELECT to_regclass(%s)::text", f"{table}_200103")}


def explained(query: str, values: list[Any], tenant: Tenant) -> str:
    with connections["default"].cursor() as cursor:
        cursor.execute("BEGIN")
        cursor.execute("SELECT set_config('app.tenant_id', %s, true)", [str(tenant.id)])
        cursor.execute(f"EXPLAIN {query}", values)
        plan = "\n".join(line for (line,) in cursor.fetchall())
        cursor.execute("ROLLBACK")
    return plan


@pytest.mark.parametrize("table", TABLES)
def test_what_is_asked_for_by_its_id_is_looked_for_in_one_month(table: str) -> None:
    tenant = make_tenant()
    made, _ = ended(tenant)
    month = f"{table}_{timezone.now():%Y%m}"
    plan = explained(f"SELECT * FROM {table} WHERE {KEYS[table]} = %s", [made], tenant)
    assert f" on {month}" in plan
    assert set(re.findall(rf"{table}_(?:\d+|past|default)\b", plan)) == {month}
    if table != "generations_upstreamcall":  # it had no calls
        assert partition(table, made) == {month}


def test_a_generations_parts_come_with_one_statement_and_a_plan_that_is_kept() -> None:
    tenant = make_tenant()
    made, _ = ended(tenant)
    with tenant_context(tenant.id):
        alone = generation_detail(made, livemode=True)
        (paged,) = generations_load([Generation.objects.get(id=made)])
    assert alone is not None
    assert generation_detail(made, livemode=True, tenant_id=tenant.id) == alone
    assert generation_detail(made, livemode=True, tenant_id=make_tenant().id) is None
    assert alone.content.pk == paged.content.pk == made
    assert alone.content.request == paged.content.request != {}


def test_months_are_there_before_they_begin() -> None:
    months_create()
    assert months_create() == 0
    state = "SELECT value FROM platform_state() WHERE name = 'months_ahead'"
    assert one("system", state) >= 3
    for table in TABLES:
        name = f"{table}_{timezone.now() + timedelta(days=62):%Y%m}"
        assert one("owner", "SELECT relrowsecurity FROM pg_class WHERE relname = %s", name) is True
        assert one("owner", "SELECT relacl FROM pg_class WHERE relname = %s", name) is None


def test_a_month_that_comes_late_takes_its_rows_out_of_the_default_one() -> None:
    tenant = make_tenant()
    far = datetime(2071, 3, 14, tzinfo=UTC)
    made = old_job(tenant, at=far)
    try:
        for table in TABLES:
            assert partition(table, made) == {f"{table}_default"}
            assert one("system", "SELECT generation_months_create(%s, %s, 2)", table, far.date()) == 2
            assert one("system", "SELECT generation_months_create(%s, %s, 2)", table, far.date()) == 0
            assert partition(table, made) == {f"{table}_207103"}
        with tenant_context(tenant.id):
            assert GenerationContent.objects.get(pk=made).request != {}
    finally:
        for table in TABLES:
            for month in ("207103", "207104"):
                owner(f"DROP TABLE IF EXISTS {table}_{month}")


def test_a_month_goes_when_all_that_was_made_in_it_is_erased(old_months: None) -> None:
    tenant = make_tenant()
    first, second = old_job(tenant), old_job(tenant)
    erase(tenant, first)
    size = one("owner", "SELECT pg_total_relation_size('generations_generationcontent_200103')")
    assert size > 0
    months_drop()
    assert there() == set(TABLES)  # of two jobs one is kept, and there is nothing to be had by moving it

    erase(tenant, second)
    assert months_drop() >= 3
    assert there() == set()
    assert counts(first) == counts(second) == dict.fromkeys(TABLES, 0)
    with acting_as("operator"):
        timeline = job_timeline(first)  # what operators see of it goes on without
    assert timeline is not None
    assert timeline.status == "succeeded"
    assert months_drop() == 0


def test_what_is_held_or_kept_survives_its_month_and_is_told_of_once(old_months: None) -> None:
    tenant, other = make_tenant(), make_tenant()
    held, kept = old_job(tenant), old_job(other)
    held_by = hold(tenant, held)
    fill(tenant, 3000)
    told = "SELECT count(*) FROM accounts_webhookdelivery"
    owner(
        """INSERT INTO accounts_webhookendpoint (id, tenant_id, livemode, dialect, url, events, description, status,
               disabled_reason, secret, previous_secret)
           VALUES (%s, %s, true, 'native', 'https://example.com', '{*}', '', 'enabled', '', 'x', '')""",
        new_id(), tenant.id,
    )  # fmt: skip
    with acting_as("operator"):
        event_add(tenant_id=tenant.id, subject=first_at(OLD), type="budget.threshold_reached", data={})
    before, size = one("owner", told), sizes()
    assert months_drop() >= 3
    assert there() == set(TABLES)
    assert all(sizes()[table] < size[table] for table in TABLES)
    assert one("owner", told) == before
    for id in (held, kept):
        assert counts(id) == {"events_event": 3, "generations_upstreamcall": 1, "generations_generationcontent": 1}
    assert one("owner", "SELECT count(*) FROM events_event_200103 WHERE type LIKE 'budget.%%'") == 1
    assert one("owner", "SELECT count(*) FROM generations_generationcontent_200103") == 2
    assert months_drop() == 0

    # row-level security, keys and triggers are what they were
    with tenant_context(other.id):
        assert GenerationContent.objects.count() == 2
    assert one(
        "owner", "SELECT bool_and(tgenabled = 'O') FROM pg_trigger WHERE tgrelid = 'events_event_200103'::regclass"
    )
    release(tenant, held_by)
    erase(tenant, held)
    erase(other, kept)
    owner("DELETE FROM events_event WHERE subject = %s", first_at(OLD))
    assert months_drop() >= 3
    assert there() == set()


def fill(tenant: Tenant, count: int) -> None:
    """So many erased jobs of the old month: rows without content, as they stay behind."""
    made = old_job(tenant)
    erase(tenant, made)
    ids = [UUID(int=first_at(OLD + timedelta(seconds=n)).int | secrets.randbits(60)) for n in range(count)]
    for table, key in {"generations_generation": "id", **KEYS}.items():
        owner(
            f"""INSERT INTO {table} SELECT (jsonb_populate_record(t, jsonb_build_object('{key}', u.id))).*
                FROM {table} t, unnest(%s::uuid[]) u (id) WHERE t.{key} = %s""",
            ids, made,
        )  # fmt: skip


def sizes() -> dict[str, int]:
    return {table: one("owner", "SELECT pg_total_relation_size(%s)", f"{table}_200103") for table in TABLES}


def test_a_month_of_which_much_is_kept_stays(old_months: None, monkeypatch: pytest.MonkeyPatch) -> None:
    tenant = make_tenant()
    kept = [old_job(tenant) for _ in range(3)]
    fill(tenant, 100)
    monkeypatch.setattr(months, "STAYING", 2)
    size = sizes()
    months_drop()
    assert sizes() == size
    assert [counts(id)["generations_generationcontent"] for id in kept] == [1, 1, 1]


def test_a_month_is_emptied_once_however_large_what_stays_is(old_months: None) -> None:
    tenant = make_tenant()
    kept = old_job(tenant)
    fill(tenant, 3000)
    prompt = json.dumps({"input": secrets.token_hex(400_000)})
    owner("UPDATE generations_generationcontent SET request = %s WHERE generation_id = %s", prompt, kept)
    assert months_drop() < 10
    assert months_drop() == 0
    assert one("owner", "SELECT request FROM generations_generationcontent WHERE generation_id = %s", kept)


def test_months_are_kept_for_as_long_as_the_operator_says(old_months: None) -> None:
    erase(tenant := make_tenant(), old_job(tenant))
    with override_settings(HISTORY_MONTHS=0):
        assert months_drop() == 0
    with override_settings(HISTORY_MONTHS=12 * 60):
        assert months_drop() == 0
    assert there() == set(TABLES)


@contextmanager
def busy(query: str, *values: Any, alias: str = "owner") -> Iterator[None]:
    """Somebody whose transaction does not end."""
    with psycopg.connect(conninfo(alias)) as connection:
        connection.execute(query.encode(), values)
        yield
        connection.rollback()


@pytest.mark.parametrize("table", TABLES)
def test_nobody_waits_long_behind_a_month_that_somebody_reads(old_months: None, table: str) -> None:
    tenant = make_tenant()
    erase(tenant, old_job(tenant))
    made, _ = ended(tenant)
    with busy(f"SELECT * FROM {table}_200103"):
        began = time.monotonic()
        waiting: list[float] = []

        def read() -> None:
            time.sleep(0.1)
            with psycopg.connect(conninfo("owner")) as connection:
                connection.execute(f"SELECT * FROM {table} WHERE {KEYS[table]} = %s", [made])
            waiting.append(time.monotonic() - began)

        reader = threading.Thread(target=read)
        reader.start()
        months_drop()
        reader.join()
        assert table in there()
        assert waiting[0] < 2
    assert months_drop() >= 1
    assert there() == set()


def test_a_month_waits_for_jobs_that_are_written(old_months: None) -> None:
    tenant = make_tenant()
    erase(tenant, old_job(tenant))
    with busy(
        "INSERT INTO events_event (tenant_id, subject, type, data) VALUES (%s, %s, 'x.y', '{}')", tenant.id, new_id()
    ):
        months_drop()
        assert there() == {"events_event"}
    assert months_drop() >= 1
    assert there() == set()


def test_a_month_is_made_while_jobs_are_written_and_gives_up_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(months, "MONTHS", 6)
    tenant = make_tenant()
    made, _ = ended(tenant)
    with busy("UPDATE generations_generation SET metadata = metadata WHERE id = %s", made):
        began = time.monotonic()
        months_create()
        assert time.monotonic() - began < 4
    ended(tenant)
    months_create()
    assert months_create() == 0
    with tenant_context(tenant.id):
        assert Generation.objects.count() == 2
