"""Streamed interactions: the order of events, their first moment, and going on where a connection broke."""

from __future__ import annotations

import base64
import json
import time
from typing import Any

from tests.api.accounts import FLASH, SMALL, Account

Json = dict[str, Any]
BODY = {"model": FLASH, "input": "A cat", "response_format": SMALL, "stream": True}


def events(account: Account, method: str, path: str, **options: Any) -> tuple[list[Json], list[float], bool]:
    """The events, when each came, and whether the stream was ended by [DONE]."""
    found, times, done, began = [], [], False, time.monotonic()
    headers = {"x-goog-api-key": account.secret}
    with account.http.stream(method, path, headers=headers, **options) as answer:
        assert answer.status_code == 200, answer.read()
        assert answer.headers["content-type"] == "text/event-stream"
        for line in answer.iter_lines():
            if line == "data: [DONE]":
                done = True
            elif line.startswith("data: "):
                found.append(json.loads(line[6:]))
                times.append(time.monotonic() - began)
    return found, times, done


def kinds(found: list[Json]) -> list[str]:
    return [event["event_type"] for event in found]


def test_through_the_sdk(client: Any) -> None:
    stream = client.interactions.create(
        model=FLASH,
        input="A cat",
        stream=True,
        tools=[{"type": "google_search"}],
        generation_config={"thinking_level": "high"},
    )
    seen: list[tuple[str, str]] = []
    for event in stream:
        inner = getattr(event, "delta", None) or getattr(event, "step", None)
        seen.append((event.event_type, getattr(inner, "type", "")))
    assert seen == [
        ("interaction.created", ""),
        ("interaction.status_update", ""),
        ("step.start", "thought"),
        ("step.delta", "thought_summary"),
        ("step.delta", "thought_summary"),
        ("step.delta", "thought_signature"),
        ("step.stop", ""),
        ("step.start", "google_search_call"),
        ("step.delta", "google_search_call"),
        ("step.stop", ""),
        ("step.start", "google_search_result"),
        ("step.delta", "google_search_result"),
        ("step.stop", ""),
        ("step.start", "model_output"),
        ("step.delta", "text"),
        ("step.delta", "text_annotation_delta"),
        ("step.delta", "image"),
        ("step.stop", ""),
        ("interaction.completed", ""),
    ]


def test_the_first_events_come_at_once_and_the_rest_at_the_end(account: Account) -> None:
    found, times, done = events(account, "POST", "/v1/interactions", json={**BODY, "input": "A cat [[latency:1.5]]"})
    assert kinds(found) == [
        "interaction.created",
        "interaction.status_update",
        "step.start",
        "step.delta",
        "step.stop",
        "interaction.completed",
    ]
    assert done
    assert times[1] < 1.0
    assert times[2] > 1.4
    assert [event["event_id"] for event in found] == [f"ev_{number}" for number in range(1, 7)]
    assert found[0]["interaction"]["status"] == "in_progress"
    assert found[-1]["interaction"]["status"] == "completed"
    assert found[-1]["interaction"]["usage"]["total_tokens"] > 0
    assert base64.b64decode(found[3]["delta"]["data"]).startswith(b"\x89PNG")


def test_a_broken_stream_goes_on_behind_any_event(account: Account) -> None:
    whole, _, _ = events(account, "POST", "/v1/interactions", json=BODY)
    path = f"/v1/interactions/{whole[0]['interaction']['id']}"
    for number in range(len(whole) + 1):
        params = {"stream": "true", **({"last_event_id": f"ev_{number}"} if number else {})}
        rest, _, done = events(account, "GET", path, params=params)
        assert done
        assert [event["event_id"] for event in rest] == [event["event_id"] for event in whole[number:]]
        assert [event for event in rest if event["event_type"] == "step.delta"] == [
            event for event in whole[number:] if event["event_type"] == "step.delta"
        ]
    for odd in ("nonsense", "ev_", "ev_x", "9" * 40):
        answer = account.get(path, params={"stream": "true", "last_event_id": odd})
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, "invalid_request")
        assert "such as ev_3" in answer.json()["error"]["message"]


def test_a_running_interaction_is_followed(client: Any, account: Account) -> None:
    made = client.interactions.create(model=FLASH, input="A cat [[latency:1]]", response_format=SMALL, background=True)
    assert made.status == "in_progress"
    path = f"/v1/interactions/{made.id}?stream=true"
    followed, times, done = events(account, "GET", path)
    assert done
    assert kinds(followed)[0] == "interaction.created"
    assert kinds(followed)[-1] == "interaction.completed"
    assert times[0] < times[-1] - 0.3
    through_sdk = client.interactions.get(made.id, stream=True, last_event_id="ev_5")
    assert [event.event_type for event in through_sdk] == ["interaction.completed"]


def test_one_behind_the_first_events_waits_for_the_rest(client: Any, account: Account) -> None:
    made = client.interactions.create(model=FLASH, input="A cat [[latency:1]]", response_format=SMALL, background=True)
    found, _, done = events(account, "GET", f"/v1/interactions/{made.id}?stream=true&last_event_id=ev_2")
    assert (kinds(found)[0], kinds(found)[-1], done) == ("step.start", "interaction.completed", True)


def test_a_failure_is_an_event(account: Account) -> None:
    found, _, done = events(account, "POST", "/v1/interactions", json={**BODY, "input": "A cat [[safety]]"})
    assert done
    assert kinds(found)[-2:] == ["error", "interaction.completed"]
    assert found[-2]["error"]["code"] == "safety_blocked"
    assert found[-2]["error"]["message"]
    assert found[-1]["interaction"]["status"] == "failed"


def test_what_is_wrong_from_the_start_is_a_status(account: Account) -> None:
    headers = {"x-goog-api-key": account.secret}
    answer = account.http.post("/v1/interactions", json={**BODY, "model": "nope"}, headers=headers)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "invalid_request")
