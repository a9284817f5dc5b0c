"""`/metrics` of every kind of process: each metric is on the page, and counts what it says."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

from tests.api.accounts import Account, Books
from tests.telemetry.exposition import documented, families, samples, sums, texts, value


def eventually(check: Callable[[], bool], seconds: float = 20) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if check():
            return True
        time.sleep(0.25)
    return check()


def test_each_metric_is_on_the_page_and_each_of_the_page_is_there(books: Books) -> None:
    page = documented()
    assert eventually(lambda: "cavendish_task_ended_timestamp_seconds{" in texts(books.running)["scheduler"])
    for kind, text in texts(books.running).items():
        assert families(text) - set(page) == set(), kind
        assert {name for name, where in page.items() if kind in where} - families(text) == set(), kind


def test_a_job_is_counted_from_its_request_to_its_settlement(account: Account, books: Books) -> None:
    before = sums(books.running)
    account.make(input="a metered cat")
    account.get("/v1beta/models")
    after = sums(books.running)

    def more(name: str, **labels: str) -> float:
        return value(after, name, **labels) - value(before, name, **labels)

    route = {"route": "api/v1/generations", "method": "POST"}
    assert more("cavendish_requests_total", **route) == 1
    assert more("cavendish_request_seconds_count", **route) == 1
    assert more("cavendish_requests_total", route="v1beta/models", status="200") == 1
    assert more("cavendish_accept_seconds_count") == 1
    assert more("cavendish_hold_seconds_count") == 1
    assert more("cavendish_claimed_jobs_total", tier="interactive") == 1
    assert more("cavendish_ended_jobs_total", status="succeeded", code="") == 1
    assert more("cavendish_job_seconds_count") == more("cavendish_settle_seconds_count") == 1
    assert more("cavendish_upstream_calls_total", status="200", key="sandbox") >= 1
    assert more("cavendish_upstream_seconds_count") >= 1
    assert more("cavendish_storage_seconds_count", operation="keep") == 1
    assert more("cavendish_worker_jobs") == 0


def test_the_scheduler_says_how_all_stands(books: Books) -> None:
    workers = len(books.running.ready["metrics_urls"]) - 2
    assert eventually(lambda: value(texts(books.running)["scheduler"], "cavendish_capacity_jobs") == 1000 * workers)
    text = texts(books.running)["scheduler"]
    assert value(text, "cavendish_workers") == workers
    assert {labels["tier"] for labels, _ in samples(text)["cavendish_queue_oldest_seconds"]} == {"interactive", "batch"}
    assert time.time() - value(text, "cavendish_state_timestamp_seconds") < 15
    assert value(text, "cavendish_task_seconds_count", task="sweep") > 0


def test_every_process_says_what_it_relies_on(books: Books) -> None:
    for text in texts(books.running).values():
        assert {labels["part"]: up for labels, up in samples(text)["cavendish_part_up"]} == {
            "postgresql": 1, "valkey": 1, "storage": 1, "spool": 1, "sandbox": 1
        }  # fmt: skip
        assert value(text, "cavendish_spool_free_bytes") > 0
        assert value(text, "cavendish_pool_connections") > 0
        assert re.search(r'^cavendish_build_info\{version="\d[^"]*"\} 1\.0$', text, re.MULTILINE)
