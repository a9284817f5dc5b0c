"""Machines whose clocks are minutes apart: what counts is PostgreSQL's, and what is signed is good everywhere."""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from cavendish.db import ids
from tests.chaos.elsewhere import Elsewhere, is_there
from tests.crash.sites import FLASH, Site
from tests.services import Running

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not is_there(), reason="There is no libfaketime here: no clock can be wrong."),
]
APART = 540


@pytest.fixture(scope="module", params=[1, -1], ids=["web ahead", "web behind"])
def machines(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Site, Elsewhere]]:
    """A platform, and another machine of it, whose web and worker are off by as much, to opposite sides."""
    running, ahead = Running({"LEASE_SECONDS": "10"}), request.param * APART
    try:
        folder: Path = tmp_path_factory.mktemp("elsewhere")
        with Elsewhere.beside(running, folder, web_ahead=ahead, worker_ahead=-ahead) as machine:
            yield Site(running), machine
    finally:
        running.remove()


def post(url: str, key: str, prompt: str, **headers: str) -> httpx.Response:
    asked = {"Authorization": f"Bearer {key}", **headers}
    body = {"model": FLASH, "input": prompt, "deadline": 40}
    return httpx.post(f"{url}/api/v1/generations", json=body, headers=asked, timeout=60)


def test_jobs_keep_lease_and_deadline(machines: tuple[Site, Elsewhere]) -> None:
    site, machine = machines
    (tenant, *_) = site.running.ready["tenants"]
    jobs = [
        post(url, tenant["api_key"], f"{site.marker} [[latency:12]]").json()["id"]
        for url in (site.running.url, machine.url) * 10
    ]
    ids_made = [ids.decode(ids.GENERATION, job) for job in jobs]
    site.ended([id for id in ids_made if id], 40)
    ended = site.sql("SELECT status, attempts FROM generations_generation WHERE id = ANY (%s)", ids_made)
    assert [(row["status"], row["attempts"]) for row in ended] == [("succeeded", 1)] * len(jobs)
    worked = machine.worker.log.read_text()
    assert any(f"{job} ended" in worked for job in jobs)
    assert not all(f"{job} ended" in worked for job in jobs)


def test_a_request_repeated_at_another_machine_is_one(machines: tuple[Site, Elsewhere]) -> None:
    site, machine = machines
    elsewhere = machine.url
    key, name = site.running.ready["tenants"][0]["api_key"], secrets.token_hex(8)
    first, again = (
        post(url, key, "a boat", **{"Idempotency-Key": name, "Prefer": "wait=30"})
        for url in (elsewhere, site.running.url)
    )
    assert (first.status_code, again.status_code) == (200, 200)
    assert again.json()["id"] == first.json()["id"]
    assert again.headers["idempotent-replayed"] == "true"


def test_what_one_signs_the_other_opens(machines: tuple[Site, Elsewhere]) -> None:
    site, machine = machines
    elsewhere = machine.url
    key = site.running.ready["tenants"][0]["api_key"]
    bearer = {"Authorization": f"Bearer {key}"}
    for signer, opener in ((site.running.url, elsewhere), (elsewhere, site.running.url)):
        (output,) = post(signer, key, "a boat", Prefer="wait=30").json()["outputs"]
        address = httpx.URL(output["url"])
        content = httpx.get(f"{opener}{address.raw_path.decode()}").content
        assert hashlib.sha256(content).hexdigest() == output["sha256"]
        made = httpx.post(f"{signer}/api/v1/stream-tokens", headers=bearer).json()
        with httpx.stream("GET", f"{opener}/api/v1/events?token={made['token']}") as stream:
            assert stream.status_code == 200, stream.read()


def test_a_key_that_is_revoked_at_one_ends_at_all(machines: tuple[Site, Elsewhere]) -> None:
    site, machine = machines
    elsewhere = machine.url
    bearer = {"Authorization": f"Bearer {site.running.ready['tenants'][0]['api_key']}"}
    for here, there in ((site.running.url, elsewhere), (elsewhere, site.running.url)):
        made = httpx.post(f"{here}/api/v1/keys", json={"name": "short"}, headers=bearer).json()
        own = {"Authorization": f"Bearer {made['secret']}"}
        for url in (here, there):
            assert httpx.get(f"{url}/api/v1/models", headers=own).status_code == 200
        httpx.post(f"{here}/api/v1/keys/{made['id']}/revoke", headers=bearer).raise_for_status()
        time.sleep(1)
        assert [httpx.get(f"{url}/api/v1/models", headers=own).status_code for url in (here, there)] == [401, 401]
