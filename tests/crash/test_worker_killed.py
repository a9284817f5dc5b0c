"""kill -9 of all workers in each phase of a job: it ends once, is charged once and is not bought again (I1, I2, I7)."""

from __future__ import annotations

import io
import os
import time
from pathlib import Path
from uuid import UUID

import pytest
from PIL import Image

from cavendish.db import ids
from tests.crash.sites import Site, until

pytestmark = pytest.mark.slow


def test_killed_in_each_phase_a_job_ends_once_i1_i2_i7(site: Site) -> None:
    """The phases follow one another on one platform; each is made to last by what it needs, not by a switch in us."""
    attempts: dict[UUID, set[int]] = {}

    # claimed, the request not yet sent: its picture comes out of a pipe that nobody fills
    file_id, stored = upload(site)
    whole = stored.read_bytes()
    stored.unlink()
    os.mkfifo(stored)
    sending = site.post(input=[{"type": "text", "text": site.marker}, {"type": "image", "file_id": file_id}])
    until(lambda: site.generation(sending)["status"] == "running")
    time.sleep(0.3)
    site.kill("worker")
    stored.unlink()
    stored.write_bytes(whole)
    attempts[sending] = {2}
    site.ended([sending])
    assert site.bought() == 1

    # waiting for the upstream
    waiting = [site.post("[[latency:3]]", tenant=n % 2) for n in range(4)]
    until(lambda: site.resumable(*waiting))
    site.kill("worker")
    attempts |= {id: {2} for id in waiting}
    site.ended(waiting)
    assert site.bought() == 5

    # a picture streams
    streaming = site.post("[[bytes:150000000]]")
    until(lambda: any((site.data / "spool" / "jobs").glob(f"{streaming.hex}-1/*")))
    with site.frozen("sandbox"):
        assert not site.spooled(streaming)
        site.kill("worker")
    attempts[streaming] = {2}
    site.ended([streaming])

    # the answer lies in the spool, storage is away, also while the next workers start
    # (claimed before: while a store is away nothing is)
    spooled = [site.post("[[latency:1.5]]", tenant=n % 2) for n in range(4)]
    until(lambda: site.resumable(*spooled))
    with site.storage_away():
        until(lambda: all(site.spooled(id) for id in spooled))
        site.kill("worker")
        time.sleep(2)
    site.ended(spooled)

    # stored, PostgreSQL does not answer
    settling = [site.post("[[latency:1.5]]", tenant=n % 2) for n in range(4)]
    until(lambda: site.resumable(*settling))
    with site.frozen("PostgreSQL"):
        kept = site.data / "objects" / "tenants"
        until(lambda: all(any(kept.glob(f"*/outputs/{id.hex}/*")) for id in settling))
        time.sleep(0.2)
        site.kill("worker")
    site.ended(settling)

    # settled, Valkey does not take the word: who waits is told by the poll
    with site.client() as client:
        told = site.post("[[latency:1]]")
        until(lambda: site.resumable(told))
        with site.frozen("Valkey"):
            until(lambda: site.generation(told)["status"] == "succeeded")
            site.kill("worker")
        # a client that comes now waits for the end by the poll alone
        answer = client.get(f"/api/v1/generations/{ids.encode(ids.GENERATION, told)}")
    assert answer.json()["status"] == "succeeded"

    site.holds(attempts=attempts, bought=len(site.jobs))


def upload(site: Site) -> tuple[str, Path]:
    """A file of the first tenant: its id, and where its bytes lie."""
    picture = io.BytesIO()
    Image.effect_noise((600, 400), 60).convert("RGB").save(picture, "PNG")
    with site.client() as client:
        answer = client.post("/api/v1/files", files={"file": ("a.png", picture.getvalue(), "image/png")})
    assert answer.status_code == 201, answer.text
    id = str(answer.json()["id"])
    (row,) = site.sql("SELECT storage_key FROM generations_file WHERE id = %s", ids.decode(ids.FILE, id))
    return id, site.data / "objects" / row["storage_key"]
