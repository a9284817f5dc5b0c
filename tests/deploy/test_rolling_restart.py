"""A new version under load: every web process and worker is replaced behind the shipped nginx, and nobody notices.

`ROLLING=1` takes the example's own times and sends a thousand requests, for some minutes; without it the times are
short, and keep their order: a process is unready for longer than nginx keeps an idle connection to it.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.crash.sites import Site, until
from tests.deploy.fleet import WEB, WORKER, Load, Process
from tests.deploy.nginx import NGINX, nginx
from tests.deploy.servers import sandbox
from tests.services import Running

LONG = bool(os.environ.get("ROLLING"))
pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
CLIENTS, PACE = (5, 0.1) if LONG else (4, 0.25)
REQUESTS, PICTURES, PICTURE_SECONDS = (1000, 6, 8) if LONG else (120, 3, 4)
IDLE_SECONDS, UNREADY_SECONDS = (8, 9) if LONG else (1, 2)


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    """A platform without workers, whose upstream has a key of its own and takes no background mode, as Google's."""
    if not NGINX:
        pytest.skip("There is no nginx on this machine: a rolling restart behind it was not tried.")
    with sandbox(tmp_path) as address:
        running = Running(
            {"WORKERS": "0", "GEMINI_API_KEYS": f"AIza{secrets.token_hex(16)}", "GEMINI_BASE_URL": address}
        )
        yield running
        running.remove()


def test_nobody_notices_that_every_process_is_replaced(running: Running, tmp_path: Path) -> None:
    site = Site(running)
    environment = {**running.environment, "UNREADY_SECONDS": str(UNREADY_SECONDS)}
    webs = [Process(WEB, environment, tmp_path) for _ in range(2)]
    workers = [Process(WORKER, environment, tmp_path, CAVENDISH_WORKER_NAME=f"rolling-{name}") for name in "ab"]
    everything = [*workers, *webs]
    load = Load("", running.ready["tenants"][1]["test_api_key"], enough=REQUESTS, pace=PACE)
    try:
        for process in everything:
            process.until_ready()
        with nginx(tmp_path, [web.port for web in webs], idle_seconds=IDLE_SECONDS) as load.url:
            load.start(CLIENTS)
            # A picture of Google's models is bought again when its call is cut off.
            pictures = [site.post(f"[[latency:{PICTURE_SECONDS}]]") for _ in range(PICTURES)]
            until(lambda: all(site.generation(id)["status"] == "running" for id in pictures), 20, "their start")
            for process in everything:
                process.replace()
            load.end()
        assert load.wrong == []
        assert load.answered.total() >= REQUESTS, load.answered
        site.ended(pictures)
        assert {site.generation(id)["attempts"] for id in pictures} == {1}
        site.holds(attempts={id: {1} for id in pictures})
    finally:
        load.is_over.set()
        for process in everything:
            process.stop()
