"""Rate limits over HTTP: who is refused, what it costs, and what every answer says."""

from __future__ import annotations

import re
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from accounts.models import ApiKey, Tenant
from tests.api.accounts import FLASH, LITE, SMALL, Account, Books, open_account

MODELS = "/api/v1/models"
# Where the machine stands still for a quarter of a second, the platform counts for itself for three, from zero.
pytestmark = pytest.mark.flaky(reruns=1)
POLICY = re.compile(r'"((?:key|tenant)-(?:requests|images))";q=(\d+);w=60(;qu="images")?')
STATE = re.compile(r'"((?:key|tenant)-(?:requests|images))";r=(\d+)(?:;t=(\d+))?')


def left(answer: httpx.Response) -> dict[str, int]:
    """What is left by the headers, which have to be lists of structured fields."""
    policies = answer.headers["ratelimit-policy"].split(", ")
    states = answer.headers["ratelimit"].split(", ")
    remaining: dict[str, int] = {}
    for policy, state in zip(policies, states, strict=True):
        quota, rest = POLICY.fullmatch(policy), STATE.fullmatch(state)
        assert quota, policy
        assert rest, state
        assert quota[1] == rest[1]
        assert (quota[3] is not None) == quota[1].endswith("images")
        assert int(rest[2]) <= int(quota[2])
        # nothing is due where nothing is taken
        assert (rest[3] is None) == (rest[2] == quota[2])
        remaining[rest[1]] = int(rest[2])
    return remaining


def test_every_answer_says_what_is_left(account: Account) -> None:
    key = account.key(requests_per_minute=50, images_per_minute=20)
    first = key.get(MODELS)
    assert list(left(first)) == ["key-requests", "key-images", "tenant-requests", "tenant-images"]
    assert left(first)["key-requests"] == 49
    for answer in (
        key.get("/api/v1/generations/gen_x"),
        key.submit(model="nope"),
        key.ask("PUT", MODELS),
        key.get("/v1beta/models"),
        key.post("/v1beta/interactions", json={}),
        key.get("/openai/v1/models"),
        key.get("/v1beta/files/none"),
    ):
        assert left(answer)["key-requests"] > 0, answer.request.url
    assert left(key.get(MODELS)) == {
        "key-requests": 41,
        "key-images": 20,
        "tenant-requests": 6000 - 9,
        "tenant-images": 6000,
    }


def test_no_key_no_headers(http: httpx.Client, account: Account) -> None:
    for headers in ({}, {"Authorization": "Bearer cvd_live_x"}):
        answer = http.get(MODELS, headers=headers)
        assert answer.status_code == 401
        assert "ratelimit" not in answer.headers


def test_requests_over_the_limit_are_refused_and_counted_nowhere(account: Account) -> None:
    narrow = account.key(requests_per_minute=3)
    answers = [narrow.get(MODELS) for _ in range(6)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429, 429, 429]
    problem = account.refused(answers[3], 429, "rate_limited", None, None, "This key may send 3 requests a minute")
    assert problem["violated_policies"] == ["key-requests"]
    assert 55 <= int(answers[3].headers["retry-after"]) <= 61
    assert left(answers[5])["key-requests"] == 0
    # another key of the tenant has all but the three that were served
    assert left(account.get(MODELS))["tenant-requests"] == 6000 - 4


def test_all_keys_of_a_tenant_share_its_limit_and_test_keys_count_apart(books: Books, http: httpx.Client) -> None:
    account = open_account(books, http, requests_per_minute=4)
    other, testing = account.key(), account.key(livemode=False)
    statuses = [who.get(MODELS).status_code for who in (account, other, account, other, account, other)]
    assert statuses == [200, 200, 200, 200, 429, 429]
    problem = account.refused(account.get(MODELS), 429, "rate_limited", None, None, "The live keys of this tenant")
    assert problem["violated_policies"] == ["tenant-requests"]
    assert left(testing.get(MODELS))["tenant-requests"] == 3


def test_zero_is_no_limit(books: Books, http: httpx.Client) -> None:
    account = open_account(books, http, requests_per_minute=0, images_per_minute=0)
    answer = account.get(MODELS)
    assert answer.status_code == 200
    assert "ratelimit" not in answer.headers


def test_the_limit_is_met_exactly_by_many_at_once(account: Account) -> None:
    narrow = account.key(requests_per_minute=37)
    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(lambda _: narrow.get(MODELS).status_code, range(80)))
    assert statuses.count(200) == 37
    assert statuses.count(429) == 43


def test_pictures_count_when_they_are_accepted(account: Account) -> None:
    narrow = account.key(images_per_minute=5, requests_per_minute=100)
    assert left(narrow.submit(model="nope"))["key-images"] == 5
    assert left(narrow.submit(max_images=1))["key-images"] == 4
    assert left(narrow.submit(max_images=3))["key-images"] == 1
    with account.untouched():
        refused = narrow.submit(max_images=2)
        problem = account.refused(refused, 429, "rate_limited", None, None, "may ask for 5 pictures a minute")
        assert problem["violated_policies"] == ["key-images"]
        # neither the picture that would have fitted nor the request is gone
        assert left(refused) == {**left(narrow.get(MODELS)), "key-requests": 97, "tenant-requests": 5997}
        never = narrow.submit(max_images=6, wait=0)
        account.refused(never, 422, "invalid_request")
    assert narrow.submit(max_images=1, wait=0).status_code == 202
    # there is no room for a picture, but these ask for none
    account.refused(narrow.submit(model="nope"), 422, "invalid_request")
    assert narrow.submit(response_format={"type": "text"}, wait=0).status_code == 202
    assert left(narrow.get(MODELS))["key-images"] == 0


def test_more_pictures_than_a_minute_allows_are_never_allowed(account: Account) -> None:
    narrow = account.key(images_per_minute=2)
    with account.untouched():
        answer = narrow.submit(max_images=3)
        account.refused(answer, 403, "too_many_images", "/max_images", "out_of_range", "2")
    assert left(narrow.get(MODELS))["key-images"] == 2


def test_a_key_may_have_only_so_many_jobs_in_flight(account: Account) -> None:
    narrow = account.key(jobs_in_flight=2, requests_per_minute=50)
    slow = "x [[latency:3]]"
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: narrow.submit(input=slow, wait=0), range(6)))
    assert sorted(answer.status_code for answer in answers) == [202, 202, 429, 429, 429, 429]
    refused = next(answer for answer in answers if answer.status_code == 429)
    problem = account.refused(refused, 429, "jobs_in_flight")
    assert problem["limit"] == 2
    assert refused.headers["retry-after"] == "5"
    after = left(narrow.get(MODELS))
    assert after["key-requests"] == 50 - 3
    assert account.submit(wait=0).status_code == 202
    for answer in answers:
        if answer.status_code == 202:
            account.post(f"/api/v1/generations/{answer.json()['id']}/cancel")
    assert narrow.submit(wait=0).status_code == 202


def test_the_waiting_layers_own_question_is_free(account: Account) -> None:
    narrow = account.key(requests_per_minute=10)
    answer = narrow.submit(input="x [[latency:2]]")
    assert answer.json()["status"] == "succeeded"
    # as it is at the end of the wait
    assert re.search(r'"key-requests";r=9;t=(58|59)', answer.headers["ratelimit"])
    assert left(answer)["key-requests"] == 9
    assert left(narrow.get(MODELS))["key-requests"] == 8


def test_a_changed_limit_is_in_force_within_a_second(account: Account) -> None:
    narrow = account.key(requests_per_minute=2)
    assert [narrow.get(MODELS).status_code for _ in range(3)] == [200, 200, 429]
    with account.books.open():
        ApiKey.objects.filter(prefix=narrow.secret[:21], tenant_id=account.tenant.id).update(requests_per_minute=5)
        Tenant.objects.filter(id=account.tenant.id).update(requests_per_minute=1000)
    time.sleep(1)
    answer = narrow.get(MODELS)
    assert answer.status_code == 200
    assert left(answer) == {"key-requests": 2, "tenant-requests": 997, "tenant-images": 6000}


def errors(http: httpx.Client, secret: str) -> list[tuple[httpx.Response, dict[str, Any]]]:
    google = {"x-goog-api-key": secret}
    answers = (
        http.get("/v1beta/models", headers=google),
        http.post("/v1beta/interactions", headers=google, json={"model": FLASH, "input": "x"}),
        http.post(f"/v1beta/models/{LITE}:generateContent", headers=google, json={}),
        http.get("/openai/v1/models", headers={"Authorization": f"Bearer {secret}"}),
    )
    return [(answer, answer.json()["error"]) for answer in answers]


def test_every_dialect_refuses_in_its_own_words(http: httpx.Client, account: Account) -> None:
    narrow = account.key(requests_per_minute=1)
    assert narrow.get(MODELS).status_code == 200
    listed, interaction, content, openai = errors(http, narrow.secret)
    for answer, _ in (listed, interaction, content, openai):
        assert answer.status_code == 429
        assert 1 <= int(answer.headers["retry-after"]) <= 8
        assert left(answer)["key-requests"] == 0
    assert (listed[1]["code"], listed[1]["status"]) == (429, "RESOURCE_EXHAUSTED")
    assert content[1]["status"] == "RESOURCE_EXHAUSTED"
    assert interaction[1]["code"] == "too_many_requests"
    assert "1 request a minute" in interaction[1]["message"]
    assert (openai[1]["type"], openai[1]["code"]) == ("rate_limit_error", "rate_limit_exceeded")


def test_several_pictures_of_one_request_are_admitted_together(http: httpx.Client, account: Account) -> None:
    narrow = account.key(images_per_minute=3, requests_per_minute=50)
    body = {"model": FLASH, "prompt": "a cat", "size": "1024x1024"}
    with account.untouched():
        answer = narrow.post("/openai/v1/images/generations", json={**body, "n": 4})
        assert answer.status_code == 403, answer.text
    assert left(narrow.get(MODELS))["key-images"] == 3
    assert narrow.submit(response_format=SMALL).status_code == 200
    with account.untouched():
        answer = narrow.post("/openai/v1/images/generations", json={**body, "n": 3})
        assert answer.status_code == 429, answer.text
    assert left(narrow.get(MODELS)) | {"tenant-requests": 0, "tenant-images": 0} == {
        "key-images": 2, "key-requests": 46, "tenant-requests": 0, "tenant-images": 0,
    }  # fmt: skip
    pair = narrow.post("/openai/v1/images/generations", json={**body, "n": 2})
    assert pair.status_code == 200, pair.text
    assert left(narrow.get(MODELS))["key-images"] == 0
