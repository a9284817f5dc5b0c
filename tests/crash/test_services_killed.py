"""PostgreSQL, Valkey, storage, the web server and the whole platform go away while jobs run (I1, I2)."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import httpx
import pytest

from cavendish.db import ids
from tests.crash.sites import FLASH, Site, until

pytestmark = pytest.mark.slow


def test_services_that_die_cost_no_job_i1_i2(site: Site) -> None:
    # Valkey is killed: jobs are accepted, and found without doorbells
    running = [site.post("[[latency:2]]", tenant=n % 2) for n in range(4)]
    until(lambda: site.resumable(*running))
    site.kill("Valkey")
    began = time.monotonic()
    accepted = [site.post(tenant=n % 2) for n in range(6)]
    assert site.ended([*running, *accepted], 15) + time.monotonic() - began < 15

    # Valkey is frozen: it takes connections and answers nothing
    until(lambda: site.pids("Valkey"))
    time.sleep(1)
    with site.frozen("Valkey"):
        frozen, took = [], []
        for number in range(2):
            began = time.monotonic()
            frozen.append(site.post(tenant=number))
            took.append(time.monotonic() - began)
        assert max(took) < 3  # 2 at most, and what a busy machine adds
        site.ended(frozen, 15)

    # PostgreSQL is killed while the upstream works: the answers wait in the spool
    waiting = [site.post("[[latency:2]]", tenant=n % 2) for n in range(6)]
    until(lambda: site.resumable(*waiting))
    site.kill("PostgreSQL")
    site.ended(waiting)

    # storage is away while answers arrive
    with site.storage_away():
        kept = [site.post("[[latency:0.5]]", tenant=n % 2) for n in range(4)]
        until(lambda: all(site.spooled(id) for id in kept))
        time.sleep(0.5)
        assert {site.generation(id)["status"] for id in kept} == {"running"}
    site.ended(kept)

    # doorbells that nobody needs
    site.running.manage("shell", "-c", "from generations.tasks import ring\nfor _ in range(300): ring()")
    doubled = [site.post(tenant=n % 2) for n in range(4)]
    site.ended(doubled)

    # each was bought once, though PostgreSQL went away in between
    site.holds(bought=len(site.jobs))


def test_web_and_the_whole_platform_go_and_come_back_i1_i2(site: Site) -> None:
    # the web server is killed while clients wait for their answers
    with ThreadPoolExecutor(8) as threads:
        waits = [threads.submit(ask, site, n) for n in range(8)]
        posted = "SELECT id FROM generations_generation WHERE status = 'running' AND upstream_id <> ''"
        until(lambda: len(site.sql(posted)) == 8)
        site.kill("web")
        assert [wait.result() for wait in waits] == [None] * 8  # the clients are told by a cut connection
    site.jobs += [row["id"] for row in site.sql("SELECT id FROM generations_generation")]
    until(lambda: httpx.get(f"{site.running.url}/healthz", timeout=5).status_code == 200)
    site.ended(site.jobs)
    with site.client() as client:
        shown = client.get("/api/v1/generations").json()["data"]
    assert [(job["status"], job["attempts"]) for job in shown] == [("succeeded", 1)] * 4

    # the whole platform is stopped while jobs run, some of them longer than the stop waits
    short = [site.post("[[latency:3]]", tenant=n % 2) for n in range(3)]
    long = [site.post("[[latency:25]]", tenant=n % 2) for n in range(3)]
    until(lambda: site.resumable(*short, *long))
    assert site.running.stop() < 30
    site.running.start()
    statuses = {id: site.generation(id)["status"] for id in short}
    assert set(statuses.values()) == {"succeeded"}  # they ended in the time that a stop gives
    site.ended(long)
    site.holds(attempts={id: {2} for id in long}, bought=len(site.jobs))


def ask(site: Site, number: int) -> UUID | None:
    """None when the connection broke."""
    body = {"model": FLASH, "input": f"{site.marker} waits {number} [[latency:4]]"}
    try:
        with site.client(number % 2) as client:
            answer = client.post("/api/v1/generations", json=body, headers={"Prefer": "wait=30"})
    except httpx.TransportError:
        return None
    return ids.decode(ids.GENERATION, answer.json()["id"])
