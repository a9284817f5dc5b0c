"""The same POST twice with one Idempotency-Key on the native API: one effect, one answer."""

from __future__ import annotations

import json
import secrets
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from accounts.models import IdempotencyKey
from cavendish.db.ids import decode
from tests.api.accounts import FLASH, SMALL, Account, picture

GENERATIONS = "/api/v1/generations"
BODY = {"model": FLASH, "input": "a cat", "response_format": SMALL}
SLOW = {**BODY, "input": "a cat [[latency:1]]"}


def post(account: Account, path: str, key: str, **options: Any) -> httpx.Response:
    headers = {"Idempotency-Key": key, **options.pop("headers", {})}
    return account.post(path, headers=headers, **options)


def replayed(answer: httpx.Response) -> bool:
    return bool(answer.headers.get("idempotent-replayed") == "true")


@pytest.fixture
def key() -> str:
    return secrets.token_hex(8)


def test_a_generation_is_accepted_once(account: Account, key: str) -> None:
    first = post(account, GENERATIONS, key, json=BODY)
    second = post(account, GENERATIONS, key, json=BODY)
    assert (first.status_code, second.status_code) == (202, 202)
    assert (replayed(first), replayed(second)) == (False, True)
    assert first.json()["id"] == second.json()["id"]
    assert first.headers["location"] == second.headers["location"]
    assert account.trace.generations == 1


def test_a_replay_waits_as_the_first_would(account: Account, key: str) -> None:
    first = post(account, GENERATIONS, key, json=SLOW)
    second = post(account, GENERATIONS, key, json=SLOW, headers={"Prefer": "wait=30"})
    assert (second.status_code, second.json()["status"], replayed(second)) == (200, "succeeded", True)
    assert first.json()["id"] == second.json()["id"]


def test_submits_at_the_same_instant_make_one_job(account: Account, key: str) -> None:
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: post(account, GENERATIONS, key, json=BODY), range(8)))
    accepted = [answer for answer in answers if answer.status_code == 202]
    refused = [answer for answer in answers if answer.status_code != 202]
    assert len({answer.json()["id"] for answer in accepted}) == 1
    assert sum(not replayed(answer) for answer in accepted) == 1
    for answer in refused:
        assert (answer.status_code, answer.json()["code"]) == (409, "idempotency_in_progress")
        assert int(answer.headers["retry-after"]) >= 1
    assert account.trace.generations == 1
    assert replayed(post(account, GENERATIONS, key, json=BODY))


def test_another_body_or_address_is_refused(account: Account, key: str) -> None:
    post(account, GENERATIONS, key, json=BODY, headers={"Prefer": "wait=30"})
    with account.untouched():
        account.refused(post(account, GENERATIONS, key, json=SLOW), 422, "idempotency_key_reused")
        account.refused(post(account, f"{GENERATIONS}?x=1", key, json=BODY), 422, "idempotency_key_reused")
        account.refused(post(account, "/api/v1/quotes", key, json=BODY), 422, "idempotency_key_reused")


@pytest.mark.parametrize("value", ["", "x" * 256, "a\tb", b"\xc2\x85"])
def test_a_key_that_is_none_is_refused(account: Account, value: str | bytes) -> None:
    with account.untouched():
        answer = account.post(GENERATIONS, json=BODY, headers={"Idempotency-Key": value})
        account.refused(answer, 400, "idempotency_key_invalid")


@pytest.mark.parametrize("value", ["x" * 255, "ключ".encode(), b"\xff"])
def test_any_other_key_is_taken(account: Account, value: str | bytes) -> None:
    answer = account.post(GENERATIONS, json=BODY, headers={"Idempotency-Key": value})
    assert answer.status_code == 202


def test_a_refused_request_is_judged_anew(account: Account, key: str) -> None:
    wrong = {**BODY, "model": "no-such-model"}
    first = post(account, GENERATIONS, key, json=wrong)
    assert first.status_code == post(account, GENERATIONS, key, json=wrong).status_code == 422
    assert not replayed(post(account, GENERATIONS, key, json=BODY))
    assert account.trace.generations == 1


def test_what_is_to_be_tried_again_is_not_kept(account: Account, key: str) -> None:
    limited = account.key(jobs_in_flight=0)
    first = post(limited, GENERATIONS, key, json=BODY)
    assert first.status_code in {429, 403}
    again = post(account, GENERATIONS, key, json=BODY)
    assert (again.status_code, replayed(again)) == (202, False)


def test_keys_are_a_tenants_own_and_a_modes_own(account: Account, other: Account, key: str) -> None:
    answers = [post(one, GENERATIONS, key, json=BODY) for one in (account, other, account.key(livemode=False))]
    assert [answer.status_code for answer in answers] == [202] * 3
    assert not any(map(replayed, answers))
    assert len({answer.json()["id"] for answer in answers}) == 3
    # another key of the same tenant and mode
    shared = post(account.key(), GENERATIONS, key, json=BODY)
    assert (shared.json()["id"], replayed(shared)) == (answers[0].json()["id"], True)


def test_a_key_is_created_once_and_its_secret_is_shown_once(account: Account, key: str) -> None:
    body = {"name": "Second", "scopes": ["read"]}
    first = post(account, "/api/v1/keys", key, json=body)
    second = post(account, "/api/v1/keys", key, json=body)
    assert (first.status_code, second.status_code, replayed(second)) == (201, 201, True)
    secret = first.json()["secret"]
    assert second.json() == {name: value for name, value in first.json().items() if name != "secret"}
    assert first.headers["location"] == second.headers["location"]
    assert second.headers["cache-control"] == "no-store"
    with account.books.open():
        rows = IdempotencyKey.objects.filter(tenant=account.tenant)
        assert [(row.made, row.answer) for row in rows] == [([decode("key", first.json()["id"]).hex], None)]  # type: ignore[union-attr]
        assert secret not in str(list(rows.values()))


def test_a_rotation_happens_once(account: Account, key: str) -> None:
    made = account.post("/api/v1/keys", json={"name": "Second", "scopes": ["read"]}).json()
    path = f"/api/v1/keys/{made['id']}/rotate"
    first, second = (post(account, path, key, json={}) for _ in range(2))
    assert (first.status_code, second.status_code) == (200, 200), second.text
    assert "secret" in first.json()
    assert "secret" not in second.json()


def test_an_upload_is_one_file_whatever_its_forms_boundary(account: Account, key: str) -> None:
    data = picture()
    answers = [
        post(account, "/api/v1/files", key, files={"file": ("x.png", data, "image/png")}) for _ in range(2)
    ]  # httpx makes a boundary for each
    assert answers[0].request.headers["content-type"] != answers[1].request.headers["content-type"]
    assert [(answer.status_code, replayed(answer)) for answer in answers] == [(201, False), (201, True)]
    assert answers[0].json() == answers[1].json()
    assert account.trace.files == 1
    another = post(account, "/api/v1/files", key, files={"file": ("x.png", picture(32), "image/png")})
    account.refused(another, 422, "idempotency_key_reused")


def test_a_batch_is_accepted_once(account: Account, key: str) -> None:
    body = {"items": [{"key": "a", "request": BODY}]}
    first, second = (post(account, "/api/v1/batches", key, json=body) for _ in range(2))
    assert (first.status_code, second.status_code, replayed(second)) == (201, 201, True), first.text
    assert first.json()["id"] == second.json()["id"]
    path = f"/api/v1/batches/{first.json()['id']}/cancel"
    assert [replayed(post(account, path, f"{key} cancel")) for _ in range(2)] == [False, True]


def test_a_quote_is_repeated_as_it_was(account: Account, key: str) -> None:
    first, second = (post(account, "/api/v1/quotes", key, json=BODY) for _ in range(2))
    assert (first.status_code, second.status_code, replayed(second)) == (200, 200, True)
    assert first.json() == second.json()


def test_a_cancel_is_answered_again(account: Account, key: str) -> None:
    made = account.post(GENERATIONS, json={**BODY, "input": "a cat [[latency:5]]"}).json()
    path = f"{GENERATIONS}/{made['id']}/cancel"
    first, second = (post(account, path, key) for _ in range(2))
    assert first.status_code in {200, 202}
    assert (second.status_code, replayed(second)) == (200, True)
    assert second.json()["status"] == "canceled"


def test_a_budget_and_an_invitation_are_made_once(account: Account, key: str) -> None:
    budget = {"scope": "tenant", "period": "month", "metric": "images", "limit": 5}
    invitation = {"email": f"{key}@example.com", "role": "viewer"}
    for path, body in (("/api/v1/budgets", budget), ("/api/v1/invitations", invitation)):
        first, second = (post(account, path, f"{key}{path}", json=body) for _ in range(2))
        assert (first.status_code, second.status_code, replayed(second)) == (201, 201, True), second.text
        assert first.json() == second.json()


def test_without_a_key_two_are_two(account: Account) -> None:
    answers = [account.post(GENERATIONS, content=json.dumps(BODY)) for _ in range(2)]
    assert len({answer.json()["id"] for answer in answers}) == 2
    assert not any(map(replayed, answers))


def test_other_methods_do_not_look_at_it(account: Account) -> None:
    assert account.get(GENERATIONS, headers={"Idempotency-Key": "x" * 300}).status_code == 200
