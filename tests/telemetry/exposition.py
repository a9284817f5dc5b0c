"""What `/metrics` of a running platform says, by the kind of the process."""

from __future__ import annotations

import re
from pathlib import Path

import httpx
from prometheus_client.parser import text_string_to_metric_families

from tests.services import Running

PAGE = Path(__file__).parents[2] / "docs" / "metrics.md"
KINDS = ("web", "worker", "scheduler")

Samples = dict[str, list[tuple[dict[str, str], float]]]


def texts(running: Running) -> dict[str, str]:
    """Returns the text of one process of each kind."""
    urls = running.ready["metrics_urls"]
    # As `up` starts them: web, the workers, the scheduler.
    return {kind: httpx.get(url).text for kind, url in zip(KINDS, (urls[0], urls[1], urls[-1]), strict=True)}


def sums(running: Running) -> str:
    """Returns the text of all processes, one after the other."""
    return "\n".join(httpx.get(url).text for url in running.ready["metrics_urls"])


def families(text: str) -> set[str]:
    """Returns the names of our metrics, as they are declared."""
    names = re.findall(r"^# TYPE (cavendish_\w+) (\w+)$", text, re.MULTILINE)
    return {name.removesuffix("_total") if kind == "counter" else name for name, kind in names}


def samples(text: str) -> Samples:
    """Returns the samples of our metrics, by their full names."""
    found: Samples = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            found.setdefault(sample.name, []).append((dict(sample.labels), sample.value))
    return found


def value(text: str, name: str, **labels: str) -> float:
    """Returns the sum of the samples that have these labels among theirs."""
    return sum(value for own, value in samples(text).get(name, ()) if labels.items() <= own.items())


def documented() -> dict[str, set[str]]:
    """Returns the kinds of processes that have each metric, as the page says."""
    rows = re.findall(r"^\| `(cavendish_\w+)` \| ([a-z, ]+) \|", PAGE.read_text(), re.MULTILINE)
    return {name: set(KINDS) if where == "all" else set(where.split(", ")) for name, where in rows}
