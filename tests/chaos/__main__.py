"""`make chaos MINUTES=10`: chaos on a platform of its own, then every promise is checked. Exits with 1 if one broke."""

from __future__ import annotations

import argparse
import secrets
import shutil
import sys
import tempfile
import threading
import time
from contextlib import ExitStack
from decimal import Decimal
from pathlib import Path

import httpx
import psutil

from tests.chaos.acts import ACTS, HANG_SECONDS, breaking, filling, moving, wreak
from tests.chaos.disks import Disks
from tests.chaos.elsewhere import Elsewhere, is_there
from tests.chaos.load import Load
from tests.chaos.promises import PROMISES, SHOWN, Aftermath, described, is_calm, statuses
from tests.crash.sites import Site
from tests.deploy.servers import rabbitmq
from tests.services import Running
from tests.template import template_copy

CLIENTS = 10
CALM_SECONDS = 150
"""Within which all that was accepted has to end: leases, retries and deadlines take less."""


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


class Scale:
    """The most memory that any worker had, looked at twice a second."""

    def __init__(self, site: Site) -> None:
        self.most = 0
        self._site, self._over = site, threading.Event()
        self._thread = threading.Thread(target=self._weigh, daemon=True)
        self._thread.start()

    def _weigh(self) -> None:
        while not self._over.wait(0.5):
            try:
                for pid in self._site.pids("worker"):
                    self.most = max(self.most, psutil.Process(pid).memory_info().rss)
            except (psutil.Error, OSError, ValueError):
                continue

    def stop(self) -> int:
        self._over.set()
        self._thread.join()
        return self.most


def budgets(running: Running) -> None:
    """Hard limits that some of the jobs run into, so that I3 has something to say."""
    for tenant in running.ready["tenants"]:
        body = {"scope": "tenant", "period": "month", "metric": "money", "limit": str(Decimal(1000)), "hard": True}
        headers = {"Authorization": f"Bearer {tenant['api_key']}"}
        httpx.post(f"{running.url}/api/v1/budgets", json=body, headers=headers, timeout=20).raise_for_status()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(10**6))
    parser.add_argument("--clients", type=int, default=CLIENTS)
    parser.add_argument("--broker", choices=("valkey", "rabbitmq"), default="valkey")
    parser.add_argument("--only", default="", help="acts whose names contain this")
    arguments = parser.parse_args()
    say(f"Chaos for {arguments.minutes:g} minutes, {arguments.clients} clients, --seed {arguments.seed}")
    with ExitStack() as stack:
        return _chaos(arguments, stack)


def _chaos(arguments: argparse.Namespace, stack: ExitStack) -> int:
    scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="cavendish-chaos-")))
    scratch.chmod(0o711)  # the account that runs PostgreSQL passes
    settings = {"WEB_PROCESSES": "2", "WORKERS": "2", "HANG_SECONDS": str(HANG_SECONDS), "GENERATION_DEADLINE": "120"}
    acts = dict(ACTS)
    if arguments.broker == "rabbitmq":
        server = stack.enter_context(rabbitmq(scratch))
        settings["BROKER_URL"] = server.url
        acts |= breaking(server)
    disks = Disks(scratch / "data")
    if stack.enter_context(disks.mounted()):
        acts |= filling(disks)
    else:
        say("Nothing can be mounted here: no disk will be full.")
    template_copy(disks.data_dir)
    running = Running(settings, data_dir=disks.data_dir)
    stack.callback(running.remove)
    budgets(running)
    urls = [running.url]
    if is_there():
        machine = stack.enter_context(Elsewhere.beside(running, scratch))
        urls.append(machine.url)
        acts |= moving(machine)
    else:
        say("There is no libfaketime here: no clock will be wrong.")
    site, marker = Site(running), f"m{secrets.token_hex(8)}"
    scale = Scale(site)
    load = Load(urls, running.ready["tenants"], marker=marker, seed=arguments.seed, clients=arguments.clients)
    load.start()
    wanted = {name: act for name, act in acts.items() if arguments.only in name}
    done = wreak(site, wanted, seconds=arguments.minutes * 60, seed=arguments.seed, say=say)
    load.stop()
    began = time.monotonic()
    while not is_calm(site) and time.monotonic() - began < CALM_SECONDS:
        time.sleep(0.5)
    calm = time.monotonic() - began
    say(f"\n{sum(done.values())} acts of {len(done)} kinds. Calm {calm:.0f} s after the last client.")
    first = statuses(site)
    time.sleep(3)
    say(f"{len(first)} generations, {len(load.told.accepted)} of them told to a client; {described(site)}")
    say(f"What clients met: {dict(load.told.away.most_common())}\n")
    failed = judge(Aftermath(site, load.told, marker, first, scale.stop()))
    if failed:
        say(f"The logs are kept in {logs_kept(running, scratch)}")
    return failed


def logs_kept(running: Running, scratch: Path) -> Path:
    """Copies what the platform, and the machine beside it, have written to a folder that stays, and returns that."""
    kept = Path(tempfile.mkdtemp(prefix="cavendish-chaos-logs-"))
    shutil.copytree(running.data_dir / "logs", kept, dirs_exist_ok=True)
    for path in (running.output, *scratch.glob("*.log")):
        shutil.copy(path, kept)
    return kept


def judge(after: Aftermath) -> int:
    failed = 0
    for name, check in PROMISES.items():
        broken = check(after)
        failed += bool(broken)
        say(f"{'BROKEN' if broken else 'kept':8}{name}" + (f": {len(broken)}" if broken else ""))
        for line in broken[:SHOWN]:
            say(f"          {line}")
    say(f"\nThe largest worker had {after.worker_bytes / 1024**2:.0f} MB.")
    say("Every promise was kept." if not failed else f"{failed} promises were broken.")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
