"""A worker that freezes beyond its lease, and what stays secret meanwhile (I2, I9)."""

from __future__ import annotations

import json
import os
import secrets
import signal
import time
from collections.abc import Callable, Iterator
from uuid import UUID

import pytest
import redis

from cavendish.db import ids
from tests.crash.sites import Site, until
from tests.services import Running, harness

pytestmark = pytest.mark.slow
UPSTREAM_KEY = f"AIza{secrets.token_hex(16)}"


@pytest.fixture
def site() -> Iterator[Site]:
    """Short leases, and an upstream with a key of its own, as Google is."""
    running = Running(
        {
            "LEASE_SECONDS": "4",
            "GEMINI_API_KEYS": UPSTREAM_KEY,
            "GEMINI_BASE_URL": harness().start_sandbox(),
            "GEMINI_BACKGROUND_MODELS": "*",
            "GEMINI_READ_TIMEOUT": "15",
        }
    )
    site = Site(running)
    site.sandbox = harness().folders.data_dir / "sandbox"
    yield site
    running.remove()


def test_a_frozen_workers_answer_is_fenced_or_taken_once_and_nothing_leaks_i2_i9(site: Site) -> None:
    # both workers hold jobs; one freezes until its lease is over and somebody else has its jobs
    frozen = [site.post(f"[[latency:9]] {n}", tenant=n % 2) for n in range(6)]
    until(lambda: site.resumable(*frozen))
    victim = holder(site, frozen)
    mine = [id for id in frozen if site.generation(id)["worker"] == victim[1]]
    os.kill(victim[0], signal.SIGSTOP)
    try:
        until(lambda: all(site.generation(id)["attempts"] == 2 for id in mine), 30)
        site.ended(frozen)
    finally:
        os.kill(victim[0], signal.SIGCONT)
    # it wakes up, finds its lease gone and its answers late, and goes on working
    logs = site.data / "logs"
    dropped = "taken over; its late answer is dropped"
    until(lambda: sum(log.read_text().count(dropped) for log in logs.glob("worker-*.log")) == len(mine), 20)
    assert mine
    site.holds(attempts={id: {2} for id in mine}, bought=6)

    # jobs that fail, with words that nobody may find again
    for words in ("[[safety]]", "[[no_image]]", "[[fault:400]]", "[[cut times=1]]", "[[bad_json times=1]]"):
        site.post(words)
    with site.client() as client:
        wrong = {"model": "no-such-model", "input": f"{site.marker} [[latency:1]]"}
        assert client.post("/api/v1/generations", json=wrong).status_code == 422
        broken = client.post("/api/v1/generations", content=f'{{"input": "{site.marker}'.encode())
        assert broken.status_code == 400
        for answer in (broken.text, client.post("/api/v1/generations", json=wrong).text):
            assert site.marker not in answer
    site.ended(site.jobs)
    for id in site.jobs:
        with site.client() as client:
            shown = client.get(f"/api/v1/generations/{ids.encode(ids.GENERATION, id)}").json()
        assert site.marker not in str(shown.get("error"))
    # a doorbell lies in the broker while nobody hears it; first jobs are handed to those who have just renewed a lease
    with site.frozen("worker"):
        unheard = [site.post()]
        while not any(b"doorbell" in value for _, value in broker(site)):
            assert len(unheard) < 20
            time.sleep(1)
            unheard.append(site.post())
        leaks(site)
    site.ended(unheard)
    # PostgreSQL writes its log when it dies and recovers, too
    site.kill("PostgreSQL")
    until(lambda: site.generation(unheard[0])["status"] == "succeeded")
    time.sleep(1)
    leaks(site)


def holder(site: Site, wanted: list[UUID]) -> tuple[int, UUID]:
    """The process of a worker that runs one of these, and its lease."""
    workers = site.sql(
        """SELECT w.id, w.name FROM generations_worker w JOIN generations_generation g ON g.worker = w.id
           WHERE g.id = ANY (%s) LIMIT 1""",
        wanted,
    )
    slot = workers[0]["name"].rpartition(":")[2]
    return site.pids(slot)[0], workers[0]["id"]


def leaks(site: Site) -> None:
    """I9: prompts, keys and picture bytes are in no log and nowhere in the broker."""
    secret = [site.marker.encode(), UPSTREAM_KEY.encode(), b"\x89PNG", b"iVBORw0KGgo"]
    secret += [
        tenant[name].encode() for tenant in site.running.ready["tenants"] for name in ("api_key", "test_api_key")
    ]
    logs = [path for path in site.data.glob("logs/*") if path.is_file()]
    assert {"postgresql.log", "web.log", "worker-1.log"} <= {path.name for path in logs}
    # what `up` prints for its operator holds the keys on purpose
    for path in [*logs, *site.data.glob("valkey/**/*")]:
        if path.is_file() and path.name != "valkey.conf":
            content = path.read_bytes()
            assert [word for word in secret if word in content] == [], path
    for key, value in broker(site):
        assert [word for word in secret if word in key + value] == []


def broker(site: Site) -> Iterator[tuple[bytes, bytes]]:
    """Everything that the broker holds, in plain: a dump would be compressed."""
    url = json.loads((site.data / "connection.json").read_text())["VALKEY_URL"]
    client = redis.Redis.from_url(url)
    read: dict[str, Callable[[bytes], object]] = {
        "string": client.get,
        "hash": client.hgetall,
        "list": lambda key: client.lrange(key, 0, -1),
        "set": client.smembers,
        "zset": lambda key: client.zrange(key, 0, -1),
    }
    try:
        for key in client.scan_iter():
            kind = client.type(key)
            yield key, str(read[kind.decode() if isinstance(kind, bytes) else kind](key)).encode()
    finally:
        client.close()
