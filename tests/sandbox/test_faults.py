from __future__ import annotations

import json
import time
from typing import Any

import httpx
import pytest

from tests.sandbox.conftest import MODEL, Create, Server
from tests.sandbox.helpers import broken_stream, events, kinds, modalities, pixels


def ask(api: httpx.Client, input: str, **fields: Any) -> httpx.Response:
    return api.post("/v1/interactions", json={"model": MODEL, "input": input, **fields})


@pytest.mark.parametrize(
    ("status", "code"),
    [(400, "invalid_request"), (404, "not_found"), (429, "too_many_requests"), (500, "internal"), (503, "unavailable")],
)
@pytest.mark.parametrize("background", [False, True])
def test_any_status_can_be_had(api: httpx.Client, status: int, code: str, background: bool) -> None:
    answer = ask(api, f"x [[fault:{status} retry_after=2]]", background=background)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert answer.headers["retry-after"] == "2"


def test_times_heals_after_so_many_attempts_of_one_body_and_key(api: httpx.Client, server: Server) -> None:
    prompt = "heals [[fault:503 times=2]]"
    assert [ask(api, prompt).status_code for _ in range(4)] == [503, 503, 200, 200]
    assert ask(api, f"{prompt} other body").status_code == 503
    assert ask(server.client("another-key"), prompt).status_code == 503


def test_faults_may_follow_each_other(api: httpx.Client) -> None:
    prompt = "in a row [[fault:429 times=1]] [[fault:500 times=2]]"
    assert [ask(api, prompt).status_code for _ in range(3)] == [429, 500, 200]


@pytest.mark.parametrize("stream", [False, True])
def test_a_hang_says_nothing_more(api: httpx.Client, stream: bool) -> None:
    with pytest.raises(httpx.ReadTimeout):
        api.post("/v1/interactions", json={"model": MODEL, "input": "[[hang]]", "stream": stream}, timeout=0.4)


def test_a_background_hang_never_ends(create: Create, api: httpx.Client) -> None:
    id = create("x [[fault:hang]]", background=True)["id"]
    assert {api.get(f"/v1/interactions/{id}").json()["status"] for _ in range(3)} == {"in_progress"}


@pytest.mark.parametrize("stream", [False, True])
def test_a_cut_breaks_off_in_the_middle_of_the_picture(api: httpx.Client, stream: bool) -> None:
    body = {"model": MODEL, "input": f"[[cut]] {stream}", "stream": stream}
    received = broken_stream(api, body)
    assert b'"data":"iVBORw0KGgo' in received
    assert not received.endswith(b'"')
    assert b"interaction.completed" not in received


def test_a_cut_heals_after_so_many_deliveries_also_when_fetched(create: Create, api: httpx.Client) -> None:
    id = create("x [[cut times=2]]", background=True)["id"]
    outcomes = []
    for _ in range(3):
        try:
            outcomes.append(api.get(f"/v1/interactions/{id}").json()["status"])
        except httpx.RemoteProtocolError:
            outcomes.append("cut")
    assert outcomes == ["cut", "cut", "completed"]


def test_an_interim_picture_is_not_what_a_cut_hits_in_a_stream(api: httpx.Client) -> None:
    body = {"model": MODEL, "input": "[[cut]] t", "stream": True, "generation_config": {"thinking_level": "high"}}
    received = broken_stream(api, body)
    assert b"thought_signature" in received


@pytest.mark.parametrize("stream", [False, True])
def test_bad_json_is_none(api: httpx.Client, stream: bool) -> None:
    answer = ask(api, f"[[bad_json]] {stream}", stream=stream)
    assert answer.status_code == 200
    data = next(line for line in answer.text.splitlines() if '"image"' in line).removeprefix("data: ")
    with pytest.raises(json.JSONDecodeError):
        json.loads(data)


@pytest.mark.parametrize(("word", "code"), [("safety", "safety"), ("failed", "internal")])
@pytest.mark.parametrize("background", [False, True])
def test_a_failure_after_acceptance_is_200_with_errors(
    create: Create, api: httpx.Client, word: str, code: str, background: bool
) -> None:
    interaction = create(f"abcd [[{word}]]", background=background)
    stored = api.get(f"/v1/interactions/{interaction['id']}").json()
    assert (stored["status"], [error["code"] for error in stored["errors"]]) == ("failed", [code])
    assert [step["type"] for step in stored["steps"]] == ["user_input"]
    usage = stored["usage"]
    assert (usage["total_output_tokens"], usage["total_tokens"]) == (0, usage["total_input_tokens"])
    assert background or interaction["status"] == "failed"


def test_no_image_is_completed_with_text_alone(create: Create) -> None:
    interaction = create("x [[no_image]]", response_format={"type": "image"})
    assert (interaction["status"], kinds(interaction)) == ("completed", ["text"])
    assert modalities(interaction, "output") == {"text": 32}


def test_wrong_size_is_a_real_picture_of_other_pixels(create: Create) -> None:
    interaction = create("x [[wrong_size]]", response_format={"type": "image", "aspect_ratio": "16:9"})
    assert pixels(interaction) == (688, 384)
    assert modalities(interaction, "output") == {"image": 1120}


def test_tokens_can_be_reported_wrongly(create: Create) -> None:
    interaction = create("x [[extra_tokens:450]] [[overrun:77]]")
    assert modalities(interaction, "output") == {"image": 1197, "text": 32}
    assert interaction["usage"]["total_output_tokens"] == 1197 + 32 + 450
    assert interaction["usage"]["total_tokens"] == interaction["usage"]["total_input_tokens"] + 1679


def test_latency_comes_before_the_answer_and_before_a_fault(api: httpx.Client) -> None:
    for prompt, status in (("[[latency:0.4]]", 200), ("[[latency:0.4]] [[500]]", 500)):
        started = time.monotonic()
        assert ask(api, prompt).status_code == status
        assert 0.4 <= time.monotonic() - started < 3


def test_a_cut_stream_can_be_resumed(api: httpx.Client) -> None:
    body = {"model": MODEL, "input": "[[cut times=1]] resume", "stream": True}
    received = broken_stream(api, body)
    whole = [line for line in received.decode().splitlines() if line.startswith("data: ")][:-1]
    seen = [json.loads(line.removeprefix("data: ")) for line in whole]
    id, last = seen[0]["interaction"]["id"], seen[-1]["event_id"]
    rest = events(api.get(f"/v1/interactions/{id}", params={"stream": "true", "last_event_id": last}))
    assert [event["event_type"] for event in rest] == ["step.delta", "step.stop", "interaction.completed"]
