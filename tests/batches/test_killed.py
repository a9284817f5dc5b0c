"""A scheduler killed in the middle of feeding: nothing is lost, and nothing comes twice."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest

from cavendish.up.children import dies_with_parent
from generations.models import Batch
from tests.batches.helpers import counts, fed, held
from tests.factories import make_batch, make_tenant
from tests.generations.helpers import rows, wallet
from tests.services import ROOT

ITEMS = 150


@pytest.mark.usefixtures("quiet")
def test_killed_feeders_make_each_job_once() -> None:
    tenant = make_tenant(balance=1000)
    batch = make_batch(tenant, *["a cat"] * ITEMS)
    kills = 0
    while fed(batch) < ITEMS:
        process = scheduler()
        try:
            until(batch, min(fed(batch) + 60, ITEMS), process)
        finally:
            process.send_signal(signal.SIGKILL)
            process.wait()
        kills += 1
        # the dead one's lease would run out by itself
        rows("owner", "UPDATE generations_batch SET feed_after = now() WHERE id = %s", batch.id)
    assert kills > 1
    assert counts(batch) == {"in_progress": ITEMS}
    made = rows("owner", "SELECT batch_index FROM generations_generation WHERE batch_id = %s ORDER BY 1", batch.id)
    assert [row["batch_index"] for row in made] == list(range(ITEMS))
    assert held(batch) == ITEMS
    [said] = rows(
        "owner",
        """SELECT sum(amount) AS amount FROM billing_hold h JOIN generations_generation g ON g.id = h.generation_id
           WHERE g.batch_id = %s""",
        batch.id,
    )
    assert wallet(tenant)["held"] == said["amount"]


def scheduler() -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, str(ROOT / "manage.py"), "scheduler"],
        env={**os.environ, "BATCH_AHEAD": "1000"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        preexec_fn=dies_with_parent(signal.SIGKILL),
    )


def until(batch: Batch, enough: int, process: subprocess.Popen[bytes]) -> None:
    over = time.monotonic() + 60
    while fed(batch) < enough:
        assert process.poll() is None
        assert time.monotonic() < over
        time.sleep(0.02)
