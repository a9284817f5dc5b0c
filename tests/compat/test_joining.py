"""A POST that is sent again after its connection broke joins the job of the first; two side by side are two jobs."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from cavendish.messaging import resubmissions, valkey
from tests.api.accounts import FLASH, SMALL, Account, picture
from tests.compat.node import run_node

INTERACTIONS = "/v1/interactions"
CONTENT = f"/v1beta/models/{FLASH}:generateContent"
PREDICT = "/v1beta/models/imagen-4.0-generate-001:predict"
OPENAI = "/openai/v1/images/generations"
EDITS = "/openai/v1/images/edits"
CHAT = "/openai/v1/chat/completions"
SLOW = "a cat [[latency:0.8]]"
BODIES: dict[str, dict[str, Any]] = {
    INTERACTIONS: {"model": FLASH, "input": SLOW, "response_format": SMALL},
    CONTENT: {
        "contents": [{"parts": [{"text": SLOW}]}],
        "generationConfig": {"imageConfig": {"imageSize": "512"}, "responseModalities": ["IMAGE"]},
    },
    CONTENT.replace("generateContent", "streamGenerateContent") + "?alt=sse": {
        "contents": [{"parts": [{"text": SLOW}]}],
        "generationConfig": {"imageConfig": {"imageSize": "512"}},
    },
    PREDICT: {"instances": [{"prompt": SLOW}], "parameters": {"sampleCount": 2}},
    OPENAI: {"model": FLASH, "prompt": SLOW, "n": 2},
    CHAT: {
        "model": FLASH,
        "messages": [{"role": "user", "content": SLOW}],
        "n": 2,
        "image_config": {"image_size": "512"},
    },
    f"{CHAT}?": {"model": FLASH, "messages": [{"role": "user", "content": SLOW}], "stream": True},
}
TWO = {PREDICT, OPENAI, CHAT}


def post(account: Account, path: str, body: bytes, *, timeout: float = 60) -> httpx.Response:
    headers = {**account.headers, "Content-Type": "application/json"}
    with httpx.Client(base_url=str(account.http.base_url), timeout=timeout) as client:
        return client.post(path, content=body, headers=headers)


def hang_up(account: Account, path: str, body: bytes, after: float = 0.35) -> None:
    """Sends it, and closes the connection before the answer; returns once the platform has seen that."""
    with pytest.raises(httpx.ReadTimeout):
        post(account, path, body, timeout=after)
    time.sleep(0.15)


def body_of(path: str, **changes: Any) -> bytes:
    return json.dumps({**BODIES[path], **changes}).encode()


@pytest.mark.parametrize("path", BODIES)
def test_a_post_that_is_sent_again_joins_the_jobs_of_the_first(account: Account, path: str) -> None:
    body = body_of(path)
    hang_up(account, path, body)
    made = account.trace.generations
    assert made == (2 if path in TWO else 1)

    answer = post(account, path, body)

    assert answer.status_code == 200, answer.text
    after = account.trace
    assert after.generations == made
    assert after.held == 0
    # It was answered, so the same once more is a wish of its own.
    assert post(account, path, body).status_code == 200
    assert account.trace.generations == 2 * made


def test_a_form_is_joined_too_whatever_its_boundary(account: Account) -> None:
    form = {"model": FLASH, "prompt": SLOW, "size": "512x512"}
    files = {"image": ("x.png", picture(), "image/png")}
    with httpx.Client(base_url=str(account.http.base_url), headers=account.headers, timeout=60) as client:
        with pytest.raises(httpx.ReadTimeout):
            client.post(EDITS, data=form, files=files, timeout=0.6)
        time.sleep(0.15)
        assert client.post(EDITS, data=form, files=files).status_code == 200
        assert account.trace.generations == 1
        other = {"image": ("x.png", picture(63), "image/png")}
        assert client.post(EDITS, data=form, files=other).status_code == 200
    assert account.trace.generations == 2


def test_it_may_break_more_than_once_and_after_the_job_has_ended(account: Account) -> None:
    body = body_of(INTERACTIONS, input="a cat [[latency:2]]")
    hang_up(account, INTERACTIONS, body)
    hang_up(account, INTERACTIONS, body)
    time.sleep(1.5)
    assert post(account, INTERACTIONS, body).json()["status"] == "completed"
    assert account.trace.generations == 1


def test_two_side_by_side_are_two_jobs(account: Account) -> None:
    body = body_of(INTERACTIONS)
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda _: post(account, INTERACTIONS, body), range(2)))
    assert len({answer.json()["id"] for answer in answers}) == 2
    assert account.trace.generations == 2


def test_two_that_broke_are_joined_by_one_each(account: Account) -> None:
    body = body_of(INTERACTIONS)
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda _: hang_up(account, INTERACTIONS, body), range(2)))
        answers = list(pool.map(lambda _: post(account, INTERACTIONS, body), range(3)))
    assert len({answer.json()["id"] for answer in answers}) == 3
    assert account.trace.generations == 3


def test_another_body_address_or_key_joins_nothing(account: Account) -> None:
    body = body_of(INTERACTIONS)
    hang_up(account, INTERACTIONS, body)
    assert post(account, INTERACTIONS, body + b" ").status_code == 200
    assert post(account, "/v1beta/interactions", body).status_code == 200
    assert post(account.key(), INTERACTIONS, body).status_code == 200
    assert account.trace.generations == 4
    assert post(account, INTERACTIONS, body).status_code == 200
    assert account.trace.generations == 4


def test_a_deleted_job_is_joined_by_nobody(account: Account) -> None:
    body = body_of(INTERACTIONS)
    hang_up(account, INTERACTIONS, body)
    [made] = account.get("/api/v1/generations").json()["data"]
    time.sleep(0.8)
    assert account.delete(f"/api/v1/generations/{made['id']}").status_code == 204
    assert post(account, INTERACTIONS, body).json()["id"] != made["id"]


def test_a_stream_that_broke_is_joined_from_its_first_event(account: Account) -> None:
    body = body_of(INTERACTIONS, stream=True)
    headers = {**account.headers, "Content-Type": "application/json"}
    with (
        httpx.Client(base_url=str(account.http.base_url), timeout=30) as client,
        client.stream("POST", INTERACTIONS, content=body, headers=headers) as stream,
    ):
        first = next(stream.iter_lines())
    time.sleep(0.15)

    again = post(account, INTERACTIONS, body).text

    assert again.startswith(first)
    assert again.endswith("data: [DONE]\n\n")
    assert account.trace.generations == 1


def test_in_the_background_an_answer_that_went_out_is_an_answer(account: Account) -> None:
    body = body_of(INTERACTIONS, background=True)
    answers = [post(account, INTERACTIONS, body).json() for _ in range(2)]
    assert {answer["status"] for answer in answers} == {"in_progress"}
    assert account.trace.generations == 2


def test_the_javascript_sdk_that_times_out_and_tries_again_spends_once(
    account: Account, node_modules: Path, tmp_path: Path
) -> None:
    """It repeats after a timeout of its own, five requests in all (docs/wire.md, Repetitions)."""
    script = tmp_path / "retry.mjs"
    script.write_text(
        f"""
        import {{ GoogleGenAI }} from "@google/genai";
        const ai = new GoogleGenAI({{}});
        const made = await ai.interactions.create(
            {{ model: "{FLASH}", input: "a cat [[latency:2]]", response_format: {json.dumps(SMALL)} }},
            {{ timeout: 900, maxRetries: 4 }},
        );
        console.log(made.id, made.status);
        """
    )
    said = run_node(script, node_modules, account)
    assert said.split()[1] == "completed"
    assert account.trace.generations == 1


def test_a_minute_is_the_end_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    now = time.time()
    resubmissions.note("r" * 64, "gen_1")
    resubmissions.note("r" * 64, "gen_2")
    monkeypatch.setattr(time, "time", lambda: now + 59)
    assert resubmissions.take("r" * 64) == "gen_1"
    monkeypatch.setattr(time, "time", lambda: now + 61)
    assert resubmissions.take("r" * 64) is None


def test_without_valkey_the_process_remembers(monkeypatch: pytest.MonkeyPatch) -> None:
    away = redis.Redis(port=1, socket_connect_timeout=0.1, retry=Retry(NoBackoff(), 0))
    for client in (away, None):
        monkeypatch.setattr(valkey, "client", lambda client=client: client)
        resubmissions.note("q" * 64, "gen_1")
        resubmissions.note("q" * 64, "gen_2")
        taken = [resubmissions.take("q" * 64) for _ in range(3)]
        assert taken == ["gen_1", "gen_2", None]
