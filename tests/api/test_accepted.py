"""The first answer to a request is built from what was sent; it must be what reading the job shows."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.models import Tenant
from tests.api.accounts import FLASH, SMALL, Account, Json, image

PATH = "/api/v1/generations"
HANG = "a cat [[hang]]"
BODIES: dict[str, Json] = {
    "plain": {"input": "a cat"},
    "metadata": {"input": "a cat", "metadata": {"longest-of-all": "1", "b": "é", "a": "x", "ab": ""}},
    "settings": {
        "input": "a cat", "response_format": SMALL, "deadline": 77.5, "store": False,
        "generation_config": {"temperature": 1.0, "top_p": 0.25, "seed": 7},
    },
    "system": {
        "input": [{"type": "text", "text": "a cat"}, {"type": "text", "text": "a dog"}], "system_instruction": "Draw."
    },
    "picture": {"input": [{"type": "text", "text": "a cat"}, image()]},
}  # fmt: skip


def assert_same(shown: Json, read: Json) -> None:
    """But for what changes from one moment to the next: links are signed anew, and the estimate shrinks."""
    first, second = dict(shown), dict(read)
    assert abs(first.pop("estimated_seconds") - second.pop("estimated_seconds")) <= 1
    for one in (first, second):
        assert one.pop("page_url").startswith("http")
    assert first == second


@pytest.fixture
def full(account: Account) -> Any:
    """A tenant whose only place is taken, so its next jobs wait."""
    with account.books.open():
        Tenant.objects.filter(id=account.tenant.id).update(concurrency_limit=1)
    first = account.post(PATH, json={"model": FLASH, "input": HANG, "deadline": 120}, headers={"Prefer": "wait=1"})
    assert first.json()["status"] == "running"
    made: list[Json] = []
    yield made
    for one in [first.json(), *made]:
        account.post(f"{PATH}/{one['id']}/cancel")


@pytest.mark.parametrize("name", BODIES)
def test_what_waits_is_answered_as_it_is_read(account: Account, full: list[Json], name: str) -> None:
    for place in (1, 2):
        answer = account.post(PATH, json={"model": FLASH, **BODIES[name]})
        shown = answer.json()
        full.append(shown)
        read = account.get(answer.headers["location"]).json()
        assert (answer.status_code, shown["status"], shown["queue_position"]) == (202, "queued", place)
        assert list(shown) == list(read)
        assert list(shown["metadata"]) == list(read["metadata"])
        assert_same(shown, read)


def test_what_runs_at_once_is_answered_as_it_is_read(account: Account) -> None:
    answer = account.post(PATH, json={"model": FLASH, "input": HANG, "deadline": 120})
    shown = answer.json()
    read = account.get(answer.headers["location"]).json()
    account.post(f"{PATH}/{shown['id']}/cancel")
    assert (shown["status"], shown["attempts"], shown["queue_position"]) == ("running", 1, None)
    assert_same(shown, read)


def test_variants_are_answered_as_they_are_read(account: Account, full: list[Json]) -> None:
    answer = account.post(PATH, json={"model": FLASH, "input": "a cat", "n": 3})
    shown = answer.json()["data"]
    full.extend(shown)
    read = account.get(answer.headers["location"]).json()["data"]
    assert [one["queue_position"] for one in shown] == [1, 2, 3]
    assert sorted(shown, key=lambda one: one["id"]) == shown
    by_id = {one["id"]: one for one in read}
    assert len(by_id) == 3
    for one in shown:
        assert_same(one, by_id[one["id"]])


def test_a_turn_is_answered_as_it_is_read(account: Account) -> None:
    before = account.make()
    turn = {"model": FLASH, "input": "now [[hang]]", "previous_generation_id": before["id"], "deadline": 120}
    answer = account.post(PATH, json=turn)
    shown, read = answer.json(), account.get(answer.headers["location"]).json()
    account.post(f"{PATH}/{shown['id']}/cancel")
    assert shown["previous_generation_id"] == before["id"]
    assert_same(shown, read)


def test_a_repetition_is_answered_as_the_job_stands(account: Account, full: list[Json]) -> None:
    headers = {"Idempotency-Key": "accepted-once"}
    first = account.post(PATH, json={"model": FLASH, "input": "a cat"}, headers=headers).json()
    full.append(first)
    again = account.post(PATH, json={"model": FLASH, "input": "a cat"}, headers=headers).json()
    assert_same(first, again)


def test_a_test_jobs_first_answer_is_as_it_is_read(account: Account) -> None:
    other = account.key(livemode=False)
    answer = other.post(PATH, json={"model": FLASH, "input": HANG, "deadline": 60})
    shown = answer.json()
    read = other.get(answer.headers["location"]).json()
    other.post(f"{PATH}/{shown['id']}/cancel")
    assert shown["livemode"] is False
    assert_same(shown, read)
