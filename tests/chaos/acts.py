"""What happens to the platform. Each act heals what it did itself; what dies is the platform's to heal."""

from __future__ import annotations

import contextlib
import json
import random
import signal
import time
from collections import Counter
from collections.abc import Callable, Mapping

import psycopg
import redis

from tests.chaos.disks import PLACES, Disks
from tests.chaos.elsewhere import Elsewhere, WrongClock
from tests.crash.sites import Site, until
from tests.deploy.servers import RabbitMQ
from tests.outages import replaced_by_a_file

CHILDREN = ("web", "worker", "scheduler", "sandbox", "fork-server", "Valkey", "PostgreSQL")
HANG_SECONDS = 8
"""The platform's own for this: a child that is frozen for longer is replaced."""

MOVED_SECONDS = 600

Act = Callable[[Site, random.Random], None]


def kill(name: str) -> Act:
    return lambda site, rng: site.kill(name)


def freeze(name: str, least: float, most: float) -> Act:
    def act(site: Site, rng: random.Random) -> None:
        with site.frozen(name):
            time.sleep(rng.uniform(least, most))

    return act


def one_of(kind: str, site: Site, rng: random.Random) -> str:
    """Of the web processes or the workers one, by its name; where the acts before ended all of them, of the next."""

    def running() -> list[str]:
        children = json.loads((site.data / "children.json").read_text())
        return [name for name, _, _ in children if name.startswith(f"{kind}-")]

    until(running, 60, f"a {kind} that runs")
    return rng.choice(running())


def kill_one(kind: str) -> Act:
    return lambda site, rng: site.kill(one_of(kind, site, rng))


def terminate_one_worker(site: Site, rng: random.Random) -> None:
    """As in a roll-out: it drains, and `up` starts another one."""
    site.signal(one_of("worker", site, rng), signal.SIGTERM)


def cut_postgresql(site: Site, rng: random.Random) -> None:
    site.sql(
        """SELECT pg_terminate_backend(pid) FROM pg_stat_activity
           WHERE pid <> pg_backend_pid() AND usename LIKE 'cavendish%%'"""
    )


def cut_valkey(site: Site, rng: random.Random) -> None:
    client = _valkey(site)
    for kind in ("normal", "pubsub"):
        client.client_kill_filter(_type=kind, skipme=True)


def flush_valkey(site: Site, rng: random.Random) -> None:
    _valkey(site).flushall()


def _valkey(site: Site) -> redis.Redis:
    url = json.loads((site.data / "connection.json").read_text())["VALKEY_URL"]
    return redis.Redis.from_url(url, socket_timeout=5)


def take_the_spool(site: Site, rng: random.Random) -> None:
    with replaced_by_a_file(site.data / "spool" / "jobs"):
        time.sleep(rng.uniform(1, 4))


def take_the_objects(site: Site, rng: random.Random) -> None:
    with site.storage_away():
        time.sleep(rng.uniform(1, 4))


def fill(disks: Disks, *names: str) -> Act:
    def act(site: Site, rng: random.Random) -> None:
        with disks.full(*names):
            time.sleep(rng.uniform(2, 5))

    return act


def move_clock(clock: WrongClock) -> Act:
    """Forwards or back, by less than signed addresses and deadlines live; the next time it is another one."""
    return lambda site, rng: clock.move(rng.uniform(-MOVED_SECONDS, MOVED_SECONDS))


def filling(disks: Disks) -> dict[str, Act]:
    acts = {f"fill the disk of {name}": fill(disks, name) for name in PLACES}
    return {**acts, "fill every disk": fill(disks, *PLACES)}


def moving(machine: Elsewhere) -> dict[str, Act]:
    return {f"move the clock of another machine's {name}": move_clock(clock) for name, clock in machine.clocks.items()}


def breaking(server: RabbitMQ) -> dict[str, Act]:
    return {
        "kill RabbitMQ": lambda site, rng: server.kill(),
        "empty RabbitMQ": lambda site, rng: server.empty(),
    }


ACTS: dict[str, Act] = {
    **{f"kill {name}": kill(name) for name in CHILDREN},
    **{f"freeze {name}": freeze(name, 1, 5) for name in CHILDREN},
    "freeze web until it is replaced": freeze("web", HANG_SECONDS + 6, HANG_SECONDS + 8),
    "kill one worker": kill_one("worker"),
    "kill one web process": kill_one("web"),
    "terminate one worker": terminate_one_worker,
    "cut all connections to PostgreSQL": cut_postgresql,
    "cut all connections to Valkey": cut_valkey,
    "flush Valkey": flush_valkey,
    "take the spool away": take_the_spool,
    "take the objects away": take_the_objects,
}


def wreak(
    site: Site, acts: Mapping[str, Act], *, seconds: float, seed: int, say: Callable[[str], None]
) -> Counter[str]:
    """One act after the other until the time is over, each kind once before any twice; returns what was done."""
    rng, done = random.Random(seed), Counter[str]()
    began = time.monotonic()
    left: list[str] = []
    while time.monotonic() - began < seconds:
        if not left:
            left = rng.sample(sorted(acts), len(acts))
        name = left.pop()
        # What is away at the moment cannot be asked, and a child between two lives cannot be killed.
        with contextlib.suppress(psycopg.Error, redis.RedisError, AssertionError, FileNotFoundError, OSError):
            say(f"{time.monotonic() - began:6.1f} s  {name}")
            acts[name](site, rng)
            done[name] += 1
        time.sleep(rng.uniform(0.5, 3))
    return done
