from __future__ import annotations

import base64
import gzip
import json
import threading
import time
from typing import Any

import httpx
import pytest

from tests.sandbox.conftest import MODEL, Create
from tests.sandbox.helpers import blocks, events, pixels

BODY: dict[str, Any] = {"model": MODEL, "input": "A stream", "stream": True}
FULL = {"generation_config": {"thinking_level": "high"}, "tools": [{"type": "google_search"}]}


def post(api: httpx.Client, **fields: Any) -> list[dict[str, Any]]:
    answer = api.post("/v1/interactions", json={**BODY, **fields})
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/event-stream")
    return events(answer)


def shape(event: dict[str, Any]) -> str:
    kind = str(event["event_type"])
    return f"{kind} {event['delta']['type']}" if kind == "step.delta" else kind


def test_events_come_in_googles_order(api: httpx.Client) -> None:
    received = post(api)
    assert [shape(event) for event in received] == [
        "interaction.created",
        "interaction.status_update",
        "step.start",
        *["step.delta text"] * 3,
        "step.delta image",
        "step.stop",
        "interaction.completed",
    ]
    assert [event["event_id"] for event in received] == [f"ev_{number}" for number in range(1, 10)]
    assert received[0]["interaction"]["status"] == "in_progress"
    assert received[2]["step"] == {"type": "model_output"}
    assert received[-1]["interaction"]["status"] == "completed"
    assert received[-1]["interaction"]["usage"]["total_output_tokens"] == 1152
    assert "steps" not in received[-1]["interaction"]


def test_thoughts_and_searches_come_before_the_output(api: httpx.Client) -> None:
    deltas = [shape(event) for event in post(api, **FULL) if event["event_type"] == "step.delta"]
    assert deltas == [
        *["step.delta thought_summary"] * 2,
        "step.delta thought_signature",
        "step.delta google_search_call",
        "step.delta google_search_result",
        *["step.delta text"] * 3,
        "step.delta text_annotation_delta",
        "step.delta image",
    ]


def test_a_stream_carries_what_the_document_carries(api: httpx.Client) -> None:
    received = post(api, **FULL)
    id = received[0]["interaction"]["id"]
    stored = api.get(f"/v1/interactions/{id}").json()
    deltas = [event["delta"] for event in received if event["event_type"] == "step.delta"]
    text, picture = blocks(stored)
    assert "".join(delta["text"] for delta in deltas if delta["type"] == "text") == text["text"]
    assert [delta for delta in deltas if delta["type"] == "image"] == [picture]
    thought = next(step for step in stored["steps"] if step["type"] == "thought")
    assert [delta["content"] for delta in deltas if delta["type"] == "thought_summary"] == thought["summary"]
    assert received[-1]["interaction"]["usage"] == stored["usage"]


@pytest.mark.parametrize("after", [0, 1, 2, 5, 9, 50])
def test_a_stream_resumes_after_any_event(api: httpx.Client, after: int) -> None:
    whole = post(api)
    id = whole[0]["interaction"]["id"]
    params = {"stream": "true"} | ({"last_event_id": f"ev_{after}"} if after else {})
    assert events(api.get(f"/v1/interactions/{id}", params=params)) == whole[after:]


def test_a_wrong_event_id_is_refused(api: httpx.Client, create: Create) -> None:
    params = {"stream": "true", "last_event_id": "nonsense"}
    assert api.get(f"/v1/interactions/{create('x')['id']}", params=params).status_code == 400


def test_a_stream_is_live(api: httpx.Client) -> None:
    started = time.monotonic()
    arrived: dict[str, float] = {}
    with api.stream("POST", "/v1/interactions", json={**BODY, "input": "live [[latency:0.5]]"}) as answer:
        for line in answer.iter_lines():
            if line.startswith("event: "):
                arrived.setdefault(line, time.monotonic() - started)
    assert arrived["event: interaction.created"] < 0.4
    assert 0.5 <= arrived["event: step.start"] < 3


def test_a_cancelled_stream_ends_with_its_status(api: httpx.Client, create: Create) -> None:
    id = create("x [[hang]]", background=True)["id"]
    cancel = threading.Timer(0.2, api.post, (f"/v1/interactions/{id}/cancel",))
    cancel.start()
    received = events(api.get(f"/v1/interactions/{id}", params={"stream": "true"}))
    cancel.join()
    assert [shape(event) for event in received[2:]] == ["interaction.status_update", "interaction.completed"]
    assert received[-1]["interaction"]["status"] == "cancelled"


def test_a_failed_stream_says_so(api: httpx.Client) -> None:
    received = post(api, input="x [[safety]]")
    assert [shape(event) for event in received[2:]] == ["interaction.status_update", "interaction.completed"]
    last = received[-1]["interaction"]
    assert (last["status"], last["errors"][0]["code"]) == ("failed", "safety")
    assert last["usage"]["total_output_tokens"] == 0


def test_answers_can_be_zipped_and_escaped(api: httpx.Client) -> None:
    plain = api.post("/v1/interactions", json={**BODY, "stream": False, "input": "z"}).json()
    with api.stream(
        "POST", "/v1/interactions", json={**BODY, "stream": False, "input": "z [[gzip]] [[escapes]]"}
    ) as answer:
        assert answer.headers["content-encoding"] == "gzip"
        raw = gzip.decompress(b"".join(answer.iter_raw()))
    assert rb"\/" in raw
    assert b'{"data":' in raw
    assert pixels(json.loads(raw)) == pixels(plain)


def test_a_large_picture_has_its_exact_size(api: httpx.Client) -> None:
    answer = api.post("/v1/interactions", json={**BODY, "stream": False, "input": "big [[bytes:24000000]]"})
    assert int(answer.headers["content-length"]) == len(answer.content)
    assert len(base64.b64decode(blocks(answer.json())[-1]["data"])) == 24_000_000
