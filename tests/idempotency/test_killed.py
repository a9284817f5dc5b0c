"""A web server that is killed in the middle of submits: sent again with the same keys, each is one job."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from tests.crash.sites import FLASH, Site, until
from tests.services import Running

pytestmark = pytest.mark.slow
COUNT = 200


def submit(client: httpx.Client, number: int) -> httpx.Response | None:
    """None when the connection broke."""
    body = {"model": FLASH, "input": f"a cat {number}"}
    try:
        return client.post("/api/v1/generations", json=body, headers={"Idempotency-Key": f"k{number}"})
    except httpx.TransportError:
        return None


def submit_until_accepted(client: httpx.Client, number: int) -> httpx.Response:
    until_at = time.monotonic() + 60
    while True:
        answer = submit(client, number)
        if answer is not None and answer.status_code == 202:
            return answer
        assert answer is None or answer.status_code in {409, 503}, answer.text
        assert time.monotonic() < until_at
        time.sleep(0.2)


def test_submits_that_are_sent_again_after_the_web_server_was_killed(own_platform: Running) -> None:
    site = Site(own_platform)
    # One client for all: making one takes longer than a submit.
    with site.client() as client, ThreadPoolExecutor(12) as threads:
        sent = [threads.submit(submit, client, number) for number in range(COUNT)]
        until(lambda: site.sql("SELECT count(*) AS n FROM generations_generation")[0]["n"] >= 4)
        site.kill("web")
        answers = [one.result() for one in sent]
    assert None in answers  # else nothing was cut
    before = site.sql("SELECT count(*) AS n FROM generations_generation")[0]["n"]

    until(lambda: httpx.get(f"{own_platform.url}/healthz", timeout=5).status_code == 200)
    with site.client() as client, ThreadPoolExecutor(4) as threads:
        again = list(threads.map(lambda number: submit_until_accepted(client, number), range(COUNT)))

    rows = site.sql("SELECT count(*) AS n FROM generations_generation")
    assert rows[0]["n"] == COUNT
    assert len({answer.json()["id"] for answer in again}) == COUNT
    assert sum(answer.headers.get("idempotent-replayed") == "true" for answer in again) == before
    for first, second in zip(answers, again, strict=True):
        assert first is None or first.json()["id"] == second.json()["id"]
