"""`n`: several generations of one request, together or not at all."""

from __future__ import annotations

import time
from decimal import Decimal
from typing import Any

import httpx
import pytest

from tests.api.accounts import FLASH, SMALL, Account, Books, image, open_account

PATH, QUOTES = "/api/v1/generations", "/api/v1/quotes"
BODY = {"model": FLASH, "input": "a cat", "response_format": SMALL}


def ids_of(shown: dict[str, Any]) -> list[str]:
    return [each["id"] for each in shown["data"]]


def test_each_variant_is_a_job_of_its_own_and_one_answer_shows_all(account: Account) -> None:
    answer = account.post(PATH, json={**BODY, "n": 3}, headers={"Prefer": "wait=60"})
    shown = answer.json()
    assert (answer.status_code, answer.headers["preference-applied"]) == (200, "wait=60")
    assert [each["status"] for each in shown["data"]] == ["succeeded"] * 3
    assert {each["group_id"] for each in shown["data"]} == {shown["group_id"]}
    assert len({each["outputs"][0]["id"] for each in shown["data"]}) == 3
    assert [each["charge"]["status"] for each in shown["data"]] == ["charged"] * 3
    assert ids_of(shown) == sorted(ids_of(shown))
    listed = account.get(answer.headers["location"]).json()
    assert sorted(ids_of(listed)) == ids_of(shown)
    assert account.get(f"{PATH}/{ids_of(shown)[0]}").json() == shown["data"][0]
    assert account.make(n=1)["group_id"] is None


@pytest.mark.parametrize(("seed", "seeds"), [(7, [7, 8, 9]), (2**31 - 2, [2**31 - 2, 2**31 - 1, -(2**31)])])
def test_one_seed_makes_as_many_pictures(account: Account, seed: int, seeds: list[int]) -> None:
    config = {"seed": seed, "temperature": 1}
    answer = account.post(PATH, json={**BODY, "n": 3, "generation_config": config}, headers={"Prefer": "wait=60"})
    made = answer.json()["data"]
    assert len({each["outputs"][0]["sha256"] for each in made}) == 3
    assert [each["request"]["generation_config"] for each in made] == [{**config, "seed": own} for own in seeds]
    again = account.make(generation_config={**config, "seed": seeds[1]}, response_format=SMALL, input="a cat")
    assert again["outputs"][0]["sha256"] == made[1]["outputs"][0]["sha256"]


def test_who_does_not_wait_gets_all_as_they_were_accepted(account: Account) -> None:
    answer = account.post(PATH, json={**BODY, "input": "x [[latency:3]]", "n": 2})
    assert answer.status_code == 202
    shown = answer.json()
    assert [each["status"] in {"queued", "running"} for each in shown["data"]] == [True, True]
    over = account.post(PATH, json={**BODY, "input": "x [[latency:3]]", "n": 2}, headers={"Prefer": "wait=1"})
    assert (over.status_code, len(over.json()["data"])) == (202, 2)


def test_the_slowest_is_waited_for(account: Account) -> None:
    """Each call draws its own latency, so one of the variants ends last; the answer comes then."""
    answer = account.post(PATH, json={**BODY, "input": "x [[latency:1.5]]", "n": 4}, headers={"Prefer": "wait=60"})
    assert answer.status_code == 200
    assert {each["status"] for each in answer.json()["data"]} == {"succeeded"}


@pytest.mark.parametrize("n", [0, 9, -1, 1.5, "2", True, [2]])
def test_another_number_is_refused(account: Account, n: Any) -> None:
    for path in (PATH, QUOTES):
        with account.untouched():
            refused = account.post(path, json={**BODY, "n": n})
            assert refused.status_code == 422
            assert [error["pointer"] for error in refused.json()["errors"]] == ["/n"]


def test_all_are_held_or_none(books: Books, http: httpx.Client) -> None:
    quote = open_account(books, http).post(QUOTES, json=BODY).json()
    one = Decimal(quote["worst_case"]["amount"])
    poor = open_account(books, http, balance=str(3 * one))
    with poor.untouched():
        poor.refused(poor.post(PATH, json={**BODY, "n": 4}), 402, "insufficient_balance")
    accepted = poor.post(PATH, json={**BODY, "n": 3})
    assert accepted.status_code == 202
    assert sum(Decimal(each["charge"]["amount"]) for each in accepted.json()["data"]) <= 3 * one


def test_an_item_of_a_batch_has_no_variants_and_is_not_quoted_with_them(account: Account) -> None:
    answer = account.post(f"{QUOTES}?tier=batch", json={**BODY, "n": 2})
    account.refused(answer, 422, "invalid_request", "/n", "not_supported", "one generation")


def test_a_quote_is_of_all_together(account: Account) -> None:
    one, four = (account.post(QUOTES, json={**BODY, "n": n}).json() for n in (1, 4))
    assert (one["n"], four["n"]) == (1, 4)
    for name in ("expected", "worst_case"):
        assert Decimal(four[name]["amount"]) == 4 * Decimal(one[name]["amount"])
        assert four[name]["tokens"] == 4 * one[name]["tokens"]
        assert sum(Decimal(line["amount"]) for line in four[name]["lines"]) == Decimal(four[name]["amount"])
        assert [line["kind"] for line in four[name]["lines"]] == [line["kind"] for line in one[name]["lines"]]


def test_limits_count_each(books: Books, http: httpx.Client) -> None:
    narrow = open_account(books, http, queue_limit=2, concurrency_limit=1)
    with narrow.untouched():
        narrow.refused(narrow.post(PATH, json={**BODY, "n": 8}), 429, "queue_full")
    limited = open_account(books, http, images_per_minute=5)
    for path in (PATH, QUOTES):
        limited.refused(limited.post(path, json={**BODY, "n": 6}), 403, "too_many_images")
    assert limited.post(PATH, json={**BODY, "n": 4}).status_code == 202
    refused = limited.post(PATH, json={**BODY, "n": 2})
    assert (refused.status_code, refused.json()["code"]) == (429, "rate_limited")
    assert limited.post(PATH, json={**BODY, "n": 1}).status_code == 202


def test_more_than_a_key_may_ever_have_at_once_is_no_matter_of_waiting(account: Account) -> None:
    narrow = account.key(jobs_in_flight=2)
    with account.untouched():
        for path in (PATH, QUOTES):
            answer = narrow.post(path, json={**BODY, "n": 3})
            narrow.refused(answer, 422, "invalid_request", "/n", "out_of_range", "2 generations")
            assert "retry-after" not in answer.headers
    assert narrow.post(PATH, json={**BODY, "n": 2}).status_code == 202


def test_a_repeated_request_gets_the_same_variants(account: Account) -> None:
    headers = {"Idempotency-Key": "variants-1", "Prefer": "wait=60"}
    first, again = (account.post(PATH, json={**BODY, "n": 2}, headers=headers) for _ in range(2))
    assert again.headers["idempotent-replayed"] == "true"
    assert ids_of(again.json()) == ids_of(first.json())
    assert again.headers["location"] == first.headers["location"]
    assert account.trace.generations == 2


def test_what_the_request_brought_stays_until_the_last_variant_is_erased(account: Account) -> None:
    body = {**BODY, "input": [{"type": "text", "text": "x"}, image()], "n": 2}
    first, last = ids_of(account.post(PATH, json=body, headers={"Prefer": "wait=60"}).json())
    assert account.trace.files == 1
    assert account.delete(f"{PATH}/{first}").status_code == 204
    assert account.trace.files == 1
    assert account.delete(f"{PATH}/{last}").status_code == 204
    assert (account.trace.files, account.trace.objects) == (0, frozenset())


def test_groups_are_found_by_their_own_tenant_only(account: Account, other: Account) -> None:
    shown = account.post(PATH, json={**BODY, "n": 2}).json()
    path = f"{PATH}?group_id={shown['group_id']}"
    assert len(account.get(path).json()["data"]) == 2
    assert other.get(path).json()["data"] == []
    other.refused(other.get(f"{PATH}?group_id=x"), 422, "invalid_request", "/group_id", "unknown_value")


def test_an_item_of_a_batch_makes_one(account: Account) -> None:
    made = account.post("/api/v1/batches", json={"items": [{"request": {**BODY, "n": 2}}]}).json()
    for _ in range(100):
        (item,) = account.get(f"/api/v1/batches/{made['id']}/items").json()["data"]
        if item["status"] == "failed":
            break
        time.sleep(0.1)
    assert item["error"]["errors"][0]["pointer"] == "/request/n"
