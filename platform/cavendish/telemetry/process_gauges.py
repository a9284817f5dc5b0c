"""What is looked at when somebody asks for a process's metrics: its pools, its spool, and what it relies on."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db.backends.postgresql.base import DatabaseWrapper
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from cavendish.db.pool import open_pools
from cavendish.telemetry import metrics
from cavendish.telemetry.health import parts_states

__all__ = ["CONTENT_TYPE_LATEST", "exposition"]

LOOK_SECONDS = 10.0
"""How long a look at the spool's folders holds good."""


class _Pools(Collector):
    def describe(self) -> Iterable[Metric]:
        return []  # or the registry would look now

    def collect(self) -> Iterable[Metric]:
        connections = GaugeMetricFamily(
            "cavendish_pool_connections",
            "Connections to PostgreSQL of this process, by the role that they act as; idle ones are free.",
            labels=["pool", "state"],
        )
        waiting = GaugeMetricFamily(
            "cavendish_pool_waiting", "Who waits for a connection of the pool.", labels=["pool"]
        )
        sums: dict[str, list[int]] = {}
        for name, stats in _pool_stats():
            pool = sums.setdefault(name, [0, 0, 0])
            idle = stats.get("pool_available", 0)
            pool[0] += max(stats.get("pool_size", 0) - idle, 0)
            pool[1] += idle
            pool[2] += stats.get("requests_waiting", 0)
        for name, (used, idle, asking) in sums.items():
            connections.add_metric([name, "used"], used)
            connections.add_metric([name, "idle"], idle)
            waiting.add_metric([name], asking)
        return [connections, waiting]


def _pool_stats() -> Iterator[tuple[str, dict[str, int]]]:
    pools: dict[str, Any] = getattr(DatabaseWrapper, "_connection_pools", {})
    for alias, pool in list(pools.items()):
        yield alias, pool.get_stats()
    for pool in open_pools():
        yield pool.name, pool.get_stats()


class _Spool(Collector):
    """Walks the folders of unsettled answers, which are few; at most every LOOK_SECONDS."""

    def __init__(self) -> None:
        self._looked_at = float("-inf")
        self._kept: list[Metric] = []

    def describe(self) -> Iterable[Metric]:
        return []

    def collect(self) -> Iterable[Metric]:
        if time.monotonic() - self._looked_at > LOOK_SECONDS:
            self._kept = self._look(Path(settings.SPOOL_DIR))
            self._looked_at = time.monotonic()
        return self._kept

    def _look(self, spool: Path) -> list[Metric]:
        size, parcels = _bytes_and_parcels(spool / "jobs")
        try:
            free = shutil.disk_usage(spool).free
        except OSError:
            free = 0
        return [
            GaugeMetricFamily("cavendish_spool_bytes", "Bytes of answers that are not settled yet.", size),
            GaugeMetricFamily("cavendish_spool_parcels", "Complete answers that are not settled yet.", parcels),
            GaugeMetricFamily("cavendish_spool_free_bytes", "Bytes that are free on the spool's disk.", free),
        ]


def _bytes_and_parcels(jobs: Path) -> tuple[int, int]:
    size = parcels = 0
    for folder, _, files in os.walk(jobs):
        for file in files:
            parcels += file == "result.json"
            try:
                size += (Path(folder) / file).stat().st_size
            except OSError:  # settled since the folder was read
                continue
    return size, parcels


REGISTRY.register(_Pools())
REGISTRY.register(_Spool())


def exposition() -> bytes:
    """Returns everything that this process counts, in Prometheus's text form."""
    for part, state in parts_states().items():
        if state != "not configured":
            metrics.PART_UP.labels(part).set(state == "ok")
    return generate_latest()
