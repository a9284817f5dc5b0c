"""A running platform moves from one machine to many, is upgraded under load, and is restored elsewhere.

With what stands in deploy/README.md ("From one machine to many"), with Debian's PostgreSQL, PgBouncer, RabbitMQ and
nginx, and an S3 server from npm. What an operator types is a command here, in the same order.

It starts some thirty processes, so it waits to be asked for: MOVE=1 make test T=tests/deploy/test_move.py
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest

from cavendish.up.ports import LOCAL, free_port
from tests.crash.sites import until
from tests.deploy.fleet import SCHEDULER, WEB, WORKER, Load, Process
from tests.deploy.nginx import NGINX, nginx
from tests.deploy.servers import EPMD, INITDB, RABBITMQ, PostgreSQL, missing, postgresql, rabbitmq, sandbox, valkey
from tests.services import ROOT, Running, clean_environment
from tests.storage.other import LOGIN, s3rver
from tests.up.pooler import PGBOUNCER, pgbouncer

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(900),
    pytest.mark.skipif(not os.environ.get("MOVE"), reason="Set MOVE=1 to move a platform to many machines."),
]
PROGRAMS = {
    "nginx-light": NGINX,
    "pgbouncer": PGBOUNCER,
    "postgresql": INITDB,
    "rabbitmq-server": RABBITMQ.exists() and EPMD,
}
logger = logging.getLogger(__name__)
FLASH = "gemini-3.1-flash-image"
CODE = ("accounts", "billing", "generations", "platform")
CLIENTS = 4


@pytest.fixture
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, Any]]:
    """The services that the platform moves to."""
    if lacking := missing(PROGRAMS):
        pytest.skip(f"Not on this machine: {lacking}. A move to many machines was not tried.")
    with ExitStack() as stack:
        enter, folder = stack.enter_context, tmp_path_factory.mktemp
        database = enter(postgresql())
        verified = f"server_tls_sslmode = verify-full\nserver_tls_ca_file = {database.proof.file}"
        yield {
            "database": database,
            "urls": enter(pgbouncer(database.urls(), settings=verified)),
            "broker": enter(rabbitmq(folder("rabbitmq"))).url,
            "valkey": enter(valkey(folder("valkey"))),
            "store": enter(s3rver(folder("s3"), "pictures", "elsewhere")),
            "sandbox": enter(sandbox(folder("sandbox"))),
        }


def example(name: str) -> dict[str, str]:
    """The settings of an example file in deploy/."""
    lines = (ROOT / "deploy" / name).read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if re.match(r"[A-Z_]+=", line))


def manage(environment: Mapping[str, str], *arguments: str) -> str:
    """What a command prints, run as an operator does it beside the units."""
    command = [sys.executable, str(ROOT / "manage.py"), *arguments]
    done = subprocess.run(command, env=dict(environment), capture_output=True, text=True, check=False, timeout=200)
    assert done.returncode == 0, f"{arguments}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
    return done.stdout


class Tenant:
    """A tenant's client, which does not know where the platform runs."""

    def __init__(self, url: str, key: str) -> None:
        self.http = httpx.Client(
            base_url=url,
            headers={"Authorization": f"Bearer {key}"},
            timeout=60,
            verify=False,
            # None is kept: platforms come and go.
            limits=httpx.Limits(max_keepalive_connections=0),
        )

    def post(self, words: str, **headers: str) -> dict[str, Any]:
        answer = self.http.post("/api/v1/generations", json={"model": FLASH, "input": words}, headers=headers)
        assert answer.status_code in {200, 202}, answer.text
        made: dict[str, Any] = answer.json()
        return made

    def job(self, id: str) -> dict[str, Any]:
        made: dict[str, Any] = self.http.get(f"/api/v1/generations/{id}").json()
        return made

    def pictures(self, ids: list[str]) -> dict[str, str]:
        """The hash of each job's picture, fetched by its signed address."""
        found = {}
        for id in ids:
            (output,) = self.job(id)["outputs"]
            content = self.http.get(output["url"])
            assert content.status_code == 200, content.text
            found[id] = hashlib.sha256(content.content).hexdigest()
            assert found[id] == output["sha256"]
        return found


def next_release(folder: Path) -> dict[str, str]:
    """What a process needs to run the next release's code: this one's, and a migration that this one does not have."""
    for name in CODE:
        shutil.copytree(ROOT / name, folder / name)
    migrations = folder / "platform" / "cavendish" / "above" / "schedule" / "migrations"
    last = max(path.stem for path in migrations.glob("0*.py"))
    (migrations / "9999_note.py").write_text(f'''
from django.db import migrations

class Migration(migrations.Migration):
    dependencies = [("schedule", "{last}")]
    operations = [migrations.RunSQL("ALTER TABLE schedule_scheduledtask ADD COLUMN note text", "")]
''')
    return {"PYTHONPATH": f"{folder}:{folder / 'platform'}"}


def test_a_platform_moves_is_upgraded_under_load_and_comes_back_elsewhere(
    servers: Mapping[str, Any], tmp_path: Path
) -> None:
    began, database = time.monotonic(), servers["database"]
    assert isinstance(database, PostgreSQL)

    def step(name: str) -> None:
        logger.info("%6.1f s  %s", time.monotonic() - began, name)

    # 1. One machine, with work behind it and before it.
    one = Running({"WORKERS": "1", "STOP_SECONDS": "2"})
    key = one.ready["tenants"][0]["api_key"]
    tenant = Tenant(one.url, key)
    ids = [tenant.post(f"a boat, {number}", Prefer="wait=30")["id"] for number in range(3)]
    before = tenant.pictures(ids)
    waiting = tenant.post("[[latency:20]] a boat that takes its time")["id"]
    until(lambda: tenant.job(waiting)["status"] == "running", 20, "a job that runs")
    step("one machine")

    # 2. It stops; what ran is in the queue again. It starts where no client looks, without workers, for the backup.
    one.stop()
    one.env |= {"WORKERS": "0", "PORT": "0"}
    one.start()
    backup = tmp_path / "backup"
    one.manage("backup", str(backup))
    one.stop()
    step("backup")

    # 3. The services' addresses in the example file, and the restore into them.
    port = free_port(0)
    secret = json.loads((backup / "secrets.json").read_text())["SECRET_KEY"]
    shared = {
        **clean_environment(),
        **example("cavendish.env.example"),
        **{name: url for name, url in servers["urls"].items() if name != "DATABASE_OWNER_URL"},
        **LOGIN,
        "DATABASE_POOLER": "transaction",
        "BASE_URL": f"https://{LOCAL}:{port}",
        "ALLOWED_HOSTS": LOCAL,
        "SECRET_KEY": secret,
        "BROKER_URL": servers["broker"],
        "VALKEY_URL": servers["valkey"],
        "STORAGE_URL": f"s3://pictures/prefix?endpoint_url={servers['store']}&region_name=us-east-1",
        "SANDBOX_URL": servers["sandbox"],
        "EMAIL_HOST": "",
        # The order of the shipped times, and less of them.
        "UNREADY_SECONDS": "2",
    }
    machines = [{**shared, "CAVENDISH_DATA_DIR": str(tmp_path / name)} for name in ("a", "b")]
    owner = {"DATABASE_OWNER_URL": servers["urls"]["DATABASE_OWNER_URL"]}
    manage({**machines[0], **owner}, "restore", str(backup))
    manage(machines[0], "check", "--deploy", "--fail-level", "WARNING")
    step("restored into PostgreSQL and the bucket")

    # 4. Two of each process behind nginx.
    fleet: list[Process] = []
    load = Load(f"https://{LOCAL}:{port}", one.ready["tenants"][1]["test_api_key"], pace=0.2)
    try:
        workers = [Process(WORKER, machine, tmp_path) for machine in machines]
        schedulers = [Process(SCHEDULER, machine, tmp_path) for machine in machines]
        webs = [Process(WEB, machine, tmp_path) for machine in machines]
        fleet += [*workers, *schedulers, *webs]
        for process in fleet:
            process.until_ready()
        step("two of each")
        with nginx(tmp_path, [web.port for web in webs], port=port, idle_seconds=1):
            tenant = Tenant(load.url, key)
            assert tenant.pictures(ids) == before
            until(lambda: tenant.job(waiting)["status"] == "succeeded", 60, "the job that was running at the move")
            assert tenant.post("a boat, afterwards", Prefer="wait=30")["status"] == "succeeded"
            step("moved")

            # 5. The next release: migrate beneath the old processes, then replace one after the other.
            load.start(CLIENTS)
            release = next_release(tmp_path / "next")
            manage({**machines[0], **owner, **release}, "migrate", "--database", "owner", "--no-input")
            for process in fleet:
                process.replace(**release)
            load.end()
            assert load.wrong == []
            assert {"read", "job", "wait", "events", "stream"} == set(load.answered), load.answered
            step(f"upgraded under {load.answered.total()} requests")

            # 6. Why did a job fail?
            failed = tenant.post("[[fault:503 times=9]] a boat", Prefer="wait=50")
            until(lambda: tenant.job(failed["id"])["status"] == "failed", 60, "the job that fails")
            said = manage(machines[1], "job", failed["id"])
            assert "upstream_unavailable" in said.splitlines()[0]
            assert "503" in said
            step("a failed job explained")

            # 7. A backup of many machines, restored into another database and bucket, where it runs.
            known = [*ids, waiting]
            pictures = tenant.pictures(known)
            again = tmp_path / "again"
            manage({**machines[0], **owner, **release}, "backup", str(again))
            assert "Nothing differs" in manage(machines[0], "reconcile")
        step("backup of many")
    finally:
        load.is_over.set()
        for process in fleet:
            process.stop()
    try:
        database.create("elsewhere")
        elsewhere = {
            **machines[0],
            **{name: url for name, url in database.urls("elsewhere").items() if name != "DATABASE_OWNER_URL"},
            **release,
            "DATABASE_POOLER": "none",
            "CAVENDISH_DATA_DIR": str(tmp_path / "elsewhere"),
            "STORAGE_URL": f"s3://elsewhere/?endpoint_url={servers['store']}&region_name=us-east-1",
        }
        manage({**elsewhere, "DATABASE_OWNER_URL": database.url("owner", "elsewhere")}, "restore", str(again))
        assert "Nothing differs" in manage(elsewhere, "reconcile", "--hashes")
        fleet = [Process(WEB, elsewhere, tmp_path)]
        fleet[0].until_ready()
        with nginx(tmp_path, [fleet[0].port] * 2, port=port):
            assert Tenant(load.url, key).pictures(known) == pictures
        step("restored elsewhere")
    finally:
        fleet[0].stop()
        one.remove()
