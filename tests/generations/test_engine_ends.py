"""Every way out of a job ends it (I1), whatever breaks around it."""

from __future__ import annotations

import asyncio
import io
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from django.conf import settings as django_settings
from django.core.management import call_command
from PIL import Image
from psycopg.sql import SQL, Identifier
from pytest_django import Settings

from cavendish.db import ids
from cavendish.db.pool import conninfo
from cavendish.telemetry import metrics
from tests.factories import make_tenant, submit_generation
from tests.gemini.upstream import Upstream, answer, interaction
from tests.generations.engines import (
    EngineThread,
    bought,
    engine_thread,
    outputs,
    spooled,
    stored,
    stored_whole,
    wait_ended,
    wait_until,
)
from tests.generations.helpers import books_balance, events, generation, rows, status
from tests.generations.proxy import proxied
from tests.outages import replaced_by_a_file
from tests.services import ROOT

pytestmark = [pytest.mark.usefixtures("quiet", "sandbox_url"), pytest.mark.slow]


def test_a_text_that_postgresql_cannot_store_ends_the_job_all_the_same_i1(settings: Settings) -> None:
    """A NUL is JSON, but not jsonb."""
    picture = io.BytesIO()
    Image.new("RGB", (1024, 1024)).save(picture, "PNG")
    said = interaction(picture.getvalue())
    said["steps"][0]["content"][0]["text"] = "a\x00b \\u0000"
    said["steps"].insert(0, {"type": "thought", "signature": "s", "summary": [{"type": "text", "text": "\x00"}]})
    server = Upstream([answer(said)])
    listening: list[asyncio.Server] = []
    thread = EngineThread(before=lambda: _serve(server, settings, listening))
    try:
        tenant = make_tenant()
        id = submit_generation(tenant)
        assert wait_ended(id) == ["succeeded"]
    finally:
        thread.loop.call_soon_threadsafe(listening[0].close)
        thread.stop()
    content = rows("owner", "SELECT content FROM generations_generationcontent WHERE generation_id = %s", id)
    assert content[0]["content"][0]["text"] == "a\ufffdb \\u0000"
    assert stored_whole(id) == 1
    assert spooled() == []
    books_balance(tenant)


async def _serve(server: Upstream, settings: Settings, listening: list[asyncio.Server]) -> None:
    listening.append(await asyncio.start_server(server.serve, "127.0.0.1", 0))
    port = listening[0].sockets[0].getsockname()[1]
    settings.GEMINI_BASE_URL = f"http://127.0.0.1:{port}"


def test_a_spool_that_takes_nothing_is_not_the_jobs_fault_i1(marker: str, caplog: pytest.LogCaptureFixture) -> None:
    """The job goes back and no try counts; the worker claims nothing, says so once, and goes on when it is well."""
    tenant = make_tenant()
    jobs = Path(django_settings.SPOOL_DIR) / "jobs"
    with engine_thread() as thread:
        first = submit_generation(tenant, f"{marker} [[latency:1]]")
        wait_until(lambda: len(bought(marker)) == 1)
        with replaced_by_a_file(jobs):
            wait_until(lambda: status(first) == "queued" and thread.engine.spool.fault == "Not a directory")
            others = [submit_generation(tenant) for _ in range(3)]
            time.sleep(2.5)  # longer than two looks
            assert [status(id) for id in (first, *others)] == ["queued"] * 4
            assert thread.engine._state()["fault"] == "Not a directory"
            assert metrics.SPOOL_FAULT._value.get() == 1
        assert wait_ended(first, *others) == ["succeeded"] * 4
        assert metrics.SPOOL_FAULT._value.get() == 0
    assert [generation(id)["attempts"] for id in (first, *others)] == [2, 1, 1, 1]
    why = rows("owner", "SELECT data ->> 'reason' AS reason FROM events_event WHERE subject = %s", first)
    assert [row["reason"] for row in why].count("machine_fault") == 1
    assert len([record for record in caplog.records if "takes no answers" in record.message]) == 1
    books_balance(tenant)


def test_storage_that_is_away_is_waited_for_i1_i2(marker: str, caplog: pytest.LogCaptureFixture) -> None:
    """Nothing bought is thrown away, and nothing more is claimed until it is well, which is said once."""
    tenant = make_tenant()
    with engine_thread() as thread:
        with replaced_by_a_file(stored("tenants")):
            ids = [submit_generation(tenant, f"{marker} {number}") for number in range(3)]
            wait_until(lambda: len([name for name in spooled() if _has_result(name)]) == 3)
            time.sleep(0.5)
            assert [status(id) for id in ids] == ["running"] * 3
            late = submit_generation(tenant, marker)
            time.sleep(2.5)  # longer than two looks
            assert status(late) == "queued"
            assert thread.engine._state()["fault"] == "the object store takes no answers"
            assert metrics.STORAGE_FAULT._value.get() == 1
        ids.append(late)
        assert wait_ended(*ids) == ["succeeded"] * 4
        assert metrics.STORAGE_FAULT._value.get() == 0
    assert len([record for record in caplog.records if "takes no answers" in record.message]) == 1
    assert [stored_whole(id) for id in ids] == [1] * 4
    assert [generation(id)["attempts"] for id in ids] == [1] * 4
    assert len(bought(marker)) == 4
    assert spooled() == []
    books_balance(tenant)


def test_a_function_that_is_not_there_yet_is_waited_for_i1_i2(marker: str) -> None:
    """New code before its migrations: the settlement and the claim come right by themselves."""
    tenant = make_tenant()
    with engine_thread() as thread:
        id = submit_generation(tenant, f"{marker} [[latency:0.5]]")
        wait_until(lambda: status(id) == "running")
        thread.deafen()
        late = []
        with renamed("generation_finish"), renamed("generation_claim"):
            late.append(submit_generation(tenant, marker))
            wait_until(lambda: any(_has_result(name) for name in spooled()))
            time.sleep(1)
            assert [status(id), status(late[0])] == ["running", "queued"]
        assert wait_ended(id, *late) == ["succeeded"] * 2
    assert [generation(each)["attempts"] for each in (id, *late)] == [1, 1]
    books_balance(tenant)


def test_a_key_that_a_migration_exchanges_meanwhile_fails_no_job_i1_i2(marker: str) -> None:
    """A settlement that waits for the roll-ups finds them with a key that it does not name: the next one names it."""
    tenant = make_tenant()
    with engine_thread():
        id = submit_generation(tenant, f"{marker} [[latency:0.5]]")
        wait_until(lambda: status(id) == "running")
        with rollup_key_with("flagged"):
            assert wait_ended(id) == ["succeeded"]
    assert len(bought(marker)) == 1
    books_balance(tenant)


@contextmanager
def rollup_key_with(more: str) -> Iterator[None]:
    """The roll-ups' key has another column within the block, which begins when a settlement waits for them."""
    settle = (ROOT / "billing/sql/functions/charge_settle.sql").read_text()
    key = re.search(r"ON CONFLICT \((tenant_id, billing_date, hour, .*?)\) DO UPDATE", settle, re.DOTALL)
    assert key is not None
    columns = " ".join(key[1].split())
    waiting = "SELECT 1 FROM pg_locks WHERE relation = 'billing_usagerollup'::regclass AND NOT granted"
    with psycopg.connect(conninfo("owner")) as connection:

        def exchange(columns: str, settle: str) -> None:
            connection.execute(
                f"""ALTER TABLE billing_usagerollup DROP CONSTRAINT billing_usagerollup_pkey,
                    ADD CONSTRAINT billing_usagerollup_pkey PRIMARY KEY ({columns})""".encode()
            )
            connection.execute(settle.encode())
            connection.commit()

        connection.execute("LOCK TABLE billing_usagerollup IN ACCESS EXCLUSIVE MODE")
        wait_until(lambda: bool(rows("owner", waiting)))
        exchange(f"{columns}, {more}", settle.replace(key[1], f"{columns}, {more}"))
        try:
            yield
        finally:
            exchange(columns, settle)


@contextmanager
def renamed(function: str) -> Iterator[None]:
    """The function has another name within the block."""
    with psycopg.connect(conninfo("owner"), autocommit=True) as connection:
        connection.execute(
            SQL("ALTER FUNCTION {} RENAME TO {}").format(Identifier(function), Identifier("aside_" + function))
        )
        try:
            yield
        finally:
            connection.execute(
                SQL("ALTER FUNCTION {} RENAME TO {}").format(Identifier("aside_" + function), Identifier(function))
            )


def _has_result(name: str) -> bool:
    return (Path(django_settings.SPOOL_DIR) / "jobs" / name / "result.json").exists()


def test_a_database_that_is_away_when_the_upstream_names_the_job_is_waited_for(marker: str, settings: Settings) -> None:
    tenant = make_tenant()
    with proxied(settings, "default") as proxy, engine_thread():
        proxy.leave()
        id = submit_generation(tenant, marker)
        wait_until(lambda: status(id) == "running" and len(bought(marker)) == 1)
        time.sleep(1)
        proxy.come_back()
        assert wait_ended(id) == ["succeeded"]
    assert (len(bought(marker)), generation(id)["attempts"]) == (1, 1)
    assert generation(id)["upstream_id"] == bought(marker)[0]["id"]
    books_balance(tenant)


def test_a_database_that_is_away_while_answers_arrive_is_waited_for_i2(marker: str, settings: Settings) -> None:
    tenant = make_tenant()
    with proxied(settings, "default") as proxy, engine_thread():
        ids = [submit_generation(tenant, f"{marker} {number} [[latency:0.7]]") for number in range(3)]
        wait_until(lambda: len(bought(marker)) == 3 and all(generation(id)["upstream_id"] for id in ids))
        proxy.leave()
        wait_until(lambda: len([name for name in spooled() if _has_result(name)]) == 3)
        assert [status(id) for id in ids] == ["running"] * 3
        proxy.come_back()
        assert wait_ended(*ids) == ["succeeded"] * 3
    assert len(bought(marker)) == 3
    assert [stored_whole(id) for id in ids] == [1] * 3
    assert spooled() == []
    books_balance(tenant)


def test_a_database_that_is_away_when_a_job_is_given_back_is_waited_for(settings: Settings) -> None:
    tenant = make_tenant()
    with proxied(settings, "default") as proxy, engine_thread():
        proxy.leave()
        id = submit_generation(tenant, "[[fault:429 retry_after=30 times=1]]")
        wait_until(lambda: status(id) == "running")
        time.sleep(1)
        proxy.come_back()
        wait_until(lambda: status(id) == "queued")
    assert events(id)[-1] == ("queued", "upstream_busy")


def test_an_end_whose_confirmation_is_lost_is_not_repeated_i2(settings: Settings) -> None:
    tenant = make_tenant()
    with proxied(settings, "default") as proxy, engine_thread():
        id = submit_generation(tenant, "[[latency:0.7]]")
        wait_until(lambda: bool(generation(id)["upstream_id"]))
        proxy.lose_answer = True
        assert wait_ended(id) == ["succeeded"]
        wait_until(lambda: spooled() == [])
    assert proxy.lost == 1
    assert stored_whole(id) == 1
    books_balance(tenant)


def test_a_claim_whose_answer_is_lost_does_not_lose_the_job_i1(settings: Settings) -> None:
    """The function has committed: the job runs in the books, under a lease that is renewed, and nobody knows of it."""
    tenant = make_tenant()
    settings.LEASE_SECONDS = 600  # no help from the heartbeat
    with proxied(settings, "system") as proxy, engine_thread() as thread:
        time.sleep(0.3)
        thread.deafen()
        proxy.lose_answer = True
        id = submit_generation(tenant)
        thread.ring()
        wait_until(lambda: proxy.lost == 1)
        assert wait_ended(id) == ["succeeded"]
    assert generation(id)["attempts"] == 2
    books_balance(tenant)


def test_a_job_that_nobody_can_end_is_failed_not_kept_running_i1() -> None:
    """A bug of ours, here a plan that cannot be read, costs the tenant nothing and holds nothing."""
    tenant = make_tenant()
    id = submit_generation(tenant)
    rows("owner", """UPDATE generations_generationcontent SET plan = '{"store": true}' WHERE generation_id = %s""", id)
    with engine_thread():
        assert wait_ended(id) == ["failed"]
    assert generation(id)["error"]["code"] == "internal"
    assert outputs(id) == []
    books_balance(tenant)


def test_a_parcel_that_was_left_is_delivered_before_anything_is_bought_i2(marker: str) -> None:
    """A worker dies with answers in its spool because storage was away; its successor has them, and storage is back."""
    tenant = make_tenant()
    with replaced_by_a_file(stored("tenants")):
        first = EngineThread()
        ids = [submit_generation(tenant, f"{marker} {number}", store=False) for number in range(3)]
        wait_until(lambda: len([name for name in spooled() if _has_result(name)]) == 3)
        first.abandon()
        # the successor starts while storage is still away, and so keeps the jobs
        second = EngineThread()
        time.sleep(1)
        assert [status(id) for id in ids] == ["running"] * 3
        second.stop(patience=0.2)
        assert [status(id) for id in ids] == ["running"] * 3
    with engine_thread():
        assert wait_ended(*ids) == ["succeeded"] * 3
    assert [generation(id)["attempts"] for id in ids] == [1] * 3
    assert [stored_whole(id) for id in ids] == [1] * 3
    assert spooled() == []
    books_balance(tenant)


def test_a_worker_that_stops_gives_back_what_it_did_not_end(marker: str) -> None:
    tenant = make_tenant()
    thread = EngineThread()
    id = submit_generation(tenant, f"{marker} [[latency:3]]")
    wait_until(lambda: bool(generation(id)["upstream_id"]))
    thread.stop(patience=0.2)
    assert (status(id), events(id)[-1]) == ("queued", ("queued", "worker stopped"))
    assert spooled() == []
    with engine_thread():
        assert wait_ended(id) == ["succeeded"]
    # Resumed by its id: not bought again.
    assert (generation(id)["attempts"], len(bought(marker))) == (2, 1)
    books_balance(tenant)


def test_a_worker_that_drains_ends_what_runs_and_claims_nothing(marker: str) -> None:
    tenant = make_tenant()
    thread = EngineThread()
    id = submit_generation(tenant, f"{marker} [[latency:3]]")
    wait_until(lambda: status(id) == "running")
    said = io.StringIO()
    call_command("drain", stdout=said)
    assert ids.encode(ids.GENERATION, id) in said.getvalue()
    assert "running in all" in said.getvalue()
    draining = threading.Thread(target=thread.stop, args=(20,))
    draining.start()
    wait_until(lambda: thread.engine.stopping)
    late = submit_generation(tenant, marker)
    draining.join(30)
    assert [status(id), status(late)] == ["succeeded", "queued"]
    with engine_thread():
        assert wait_ended(late) == ["succeeded"]
    assert [generation(each)["attempts"] for each in (id, late)] == [1, 1]
    books_balance(tenant)
