"""The same POST twice with one Idempotency-Key at the addresses of Google's and OpenAI's libraries."""

from __future__ import annotations

import json
import secrets
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from tests.api.accounts import FLASH, SMALL, Account, picture
from tests.compat.test_joining import BODIES, OPENAI, TWO

INTERACTIONS = "/v1/interactions"


def post(account: Account, path: str, key: str, **options: Any) -> httpx.Response:
    return account.post(path, headers={"Idempotency-Key": key}, **options)


def replayed(answer: httpx.Response) -> bool:
    return bool(answer.headers.get("idempotent-replayed") == "true")


@pytest.fixture
def key() -> str:
    return secrets.token_hex(8)


@pytest.mark.parametrize("path", BODIES)
def test_the_pictures_are_made_once(account: Account, key: str, path: str) -> None:
    first, second = (post(account, path, key, json=BODIES[path]) for _ in range(2))
    assert (first.status_code, second.status_code) == (200, 200), second.text
    assert (replayed(first), replayed(second)) == (False, True)
    assert first.headers["content-type"] == second.headers["content-type"]
    assert first.content == second.content
    assert account.trace.generations == (2 if path in TWO else 1)


@pytest.mark.parametrize("path", BODIES)
def test_at_the_same_instant_too(account: Account, key: str, path: str) -> None:
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: post(account, path, key, json=BODIES[path]), range(4)))
    assert sum(answer.status_code == 200 and not replayed(answer) for answer in answers) == 1
    for answer in answers:
        assert answer.status_code in {200, 409}
        if answer.status_code == 409:
            assert 1 <= int(answer.headers["retry-after"]) <= 8
            assert "error" in answer.json()
    assert account.trace.generations == (2 if path in TWO else 1)


def test_a_stream_replays_from_its_first_event(account: Account, key: str) -> None:
    body = {"model": FLASH, "input": "a cat", "response_format": SMALL, "stream": True}
    first, second = (post(account, INTERACTIONS, key, json=body) for _ in range(2))
    assert replayed(second)
    events = [[line for line in one.text.splitlines() if line.startswith("event:")] for one in (first, second)]
    assert events[0] == events[1]
    assert len(events[0]) > 2
    assert account.trace.generations == 1


def test_another_body_is_refused_in_words_after_which_no_library_tries_again(account: Account, key: str) -> None:
    post(account, INTERACTIONS, key, json={"model": FLASH, "input": "a cat", "background": True})
    other = post(account, INTERACTIONS, key, json={"model": FLASH, "input": "a dog", "background": True})
    assert (other.status_code, other.json()["error"]["code"]) == (422, "invalid_request")
    assert "Idempotency-Key" in other.json()["error"]["message"]
    content = f"/v1beta/models/{FLASH}:generateContent"
    other = post(account, content, key, json={"contents": [{"parts": [{"text": "a dog"}]}]})
    assert (other.status_code, other.json()["error"]["status"]) == (422, "INVALID_ARGUMENT")
    post(account, OPENAI, f"{key}o", json=BODIES[OPENAI])
    other = post(account, OPENAI, f"{key}o", json={**BODIES[OPENAI], "prompt": "a dog"})
    assert (other.status_code, other.json()["error"]["code"]) == (422, "idempotency_key_reused")


def test_a_form_with_pictures(account: Account, key: str) -> None:
    data = picture()
    fields = {"model": FLASH, "prompt": "a cat", "n": "2"}
    answers = [
        post(account, "/openai/v1/images/edits", key, data=fields, files={"image": ("x.png", data, "image/png")})
        for _ in range(2)
    ]
    assert [(answer.status_code, replayed(answer)) for answer in answers] == [(200, False), (200, True)], answers[
        1
    ].text
    assert answers[0].content == answers[1].content
    assert account.trace.generations == 2


def test_a_key_says_more_than_equal_bytes(account: Account) -> None:
    """Two keys are two jobs, also where the first one's connection broke."""
    body = json.dumps(BODIES[INTERACTIONS]).encode()
    headers = {**account.headers, "Idempotency-Key": "one"}
    with httpx.Client(base_url=str(account.http.base_url), timeout=0.35) as client, pytest.raises(httpx.ReadTimeout):
        client.post(INTERACTIONS, content=body, headers=headers)
    assert not replayed(post(account, INTERACTIONS, "two", content=body))
    assert account.trace.generations == 2
    assert replayed(post(account, INTERACTIONS, "one", content=body))
    assert account.trace.generations == 2


def test_tokens_are_counted_and_an_upload_begins_once(account: Account, key: str) -> None:
    path = f"/v1beta/models/{FLASH}:countTokens"
    first, second = (post(account, path, key, json={"contents": [{"parts": [{"text": "a cat"}]}]}) for _ in range(2))
    assert (first.json(), replayed(second)) == (second.json(), True)
    start = {"X-Goog-Upload-Protocol": "resumable", "X-Goog-Upload-Command": "start", "Idempotency-Key": f"{key}u"}
    urls = []
    for _ in range(2):
        begun = account.post("/upload/v1beta/files", json={"file": {"name": f"files/n{key}"}}, headers=start)
        assert begun.status_code == 200, begun.text
        urls.append(begun.headers["x-goog-upload-url"])
    data = picture()
    names = []
    for url in urls:
        sent = account.http.post(
            url, content=data, headers={"X-Goog-Upload-Command": "upload, finalize", "X-Goog-Upload-Offset": "0"}
        )
        assert sent.status_code == 200, sent.text
        names.append(sent.json()["file"]["uri"])
    assert names[0] == names[1]
    assert account.trace.files == 1
