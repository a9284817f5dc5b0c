"""What an outage costs the logs: a few lines, and nobody is paged for what mends itself."""

from __future__ import annotations

import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from uuid import UUID

import pytest

from tests.crash.sites import Site, until
from tests.services import Running

pytestmark = pytest.mark.slow
FROZEN_SECONDS = 12.0


@pytest.fixture
def site() -> Iterator[Site]:
    running = Running({"WORKERS": "1", "LEASE_SECONDS": "8", "HANG_SECONDS": "60"})
    yield Site(running)
    running.remove()


def test_a_frozen_service_costs_each_log_thirty_lines_at_most(site: Site) -> None:
    logs = {name: site.data / "logs" / f"{name}.log" for name in ("web", "worker-1", "scheduler")}
    for part in ("Valkey", "PostgreSQL"):
        before = {name: _lines(path) for name, path in logs.items()}
        running = [site.post(f"[[latency:6]] {number}") for number in range(8)]
        until(partial(_all_run, site, running))
        with site.frozen(part):
            time.sleep(FROZEN_SECONDS)
        site.ended(running, timeout=60)
        for name, path in logs.items():
            said = [line for line in path.read_text().splitlines()[before[name] :] if "cavendish.access" not in line]
            # Each job says twice how it went: that is no noise.
            noise = [line for line in said if " INFO " not in line]
            assert len(noise) <= (30 if name == "worker-1" else 60), (part, name, noise)
            assert not any(line.startswith("Traceback") for line in noise), (part, name, noise)
    started = logs["worker-1"].read_text() + logs["web"].read_text()
    assert "No engine runs in this process" not in started
    assert "No directory at" not in started


def _all_run(site: Site, jobs: list[UUID]) -> bool:
    return all(site.generation(id)["status"] == "running" for id in jobs)


def _lines(path: Path) -> int:
    return len(path.read_text().splitlines())
