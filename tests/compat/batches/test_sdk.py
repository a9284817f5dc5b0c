"""`client.batches` of google-genai, unchanged."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from google import genai
from google.genai import types
from google.genai.errors import ClientError

from generations.compat.gemini.batches.representation import INLINED, operation_json
from generations.models import Batch, BatchStatus
from tests.api.accounts import FLASH, Account, picture
from tests.compat.content.helpers import size_of
from tests.services import Running

CONFIG = {"image_config": {"image_size": "512", "aspect_ratio": "1:1"}}
WIRE = {"imageConfig": {"imageSize": "512", "aspectRatio": "1:1"}}


def request(prompt: str, **fields: Any) -> dict[str, Any]:
    return {"contents": [{"parts": [{"text": prompt}], "role": "user"}], "config": CONFIG, **fields}


def ended(client: Any, job: Any, seconds: float = 40) -> Any:
    until = time.monotonic() + seconds
    while not (job := client.batches.get(name=job.name)).done:
        assert time.monotonic() < until, job
        time.sleep(0.1)
    return job


def test_inline_requests_are_answered_inline(client: Any, account: Account) -> None:
    job = client.batches.create(
        model=FLASH,
        src=[
            request("a cat", metadata={"key": "cat", "for": "me"}),
            {
                "contents": [
                    types.Part.from_bytes(data=picture(), mime_type="image/png"),
                    types.Part(text="the weather in Tokyo"),
                ],
                "config": {**CONFIG, "tools": [{"google_search": {}}], "thinking_config": {"include_thoughts": True}},
            },
            request("x [[fault:safety]]"),
            request("x", config={"image_config": {"image_size": "1k"}}),
            request("x [[fault:failed]]"),
        ],
        config={"display_name": "Inline"},
    )
    assert job.state is types.JobState.JOB_STATE_PENDING
    assert job.model == f"models/{FLASH}"
    job = ended(client, job)
    assert (job.state, job.display_name) == (types.JobState.JOB_STATE_SUCCEEDED, "Inline")
    assert job.end_time is not None
    cat, grounded, unsafe, wrong, failed = job.dest.inlined_responses
    assert cat.metadata == {"key": "cat", "for": "me"}
    made = cat.response.parts[-1].inline_data
    assert size_of(made.data) == (512, 512)
    found = account.get(f"/api/v1/generations/{cat.response.response_id}").json()
    assert account.http.get(found["outputs"][0]["url"]).content == made.data
    assert found["batch_id"] == f"batch_{job.name.removeprefix('batches/')}"
    metadata = grounded.response.candidates[0].grounding_metadata
    assert metadata.search_entry_point.rendered_content.startswith("<")
    assert metadata.grounding_supports
    assert unsafe.response.candidates[0].finish_reason is types.FinishReason.IMAGE_SAFETY
    assert (wrong.response, wrong.error.code) == (None, 3)
    assert "use 1K" in wrong.error.message
    assert "generationConfig.imageConfig.imageSize" in wrong.error.message
    assert failed.error.code == 14


def test_a_file_of_requests_is_answered_by_a_file(client: Any, account: Account, tmp_path: Path) -> None:
    uploaded = client.files.upload(
        file=_lines(
            tmp_path,
            {"key": "cat", "request": {"contents": [{"parts": [{"text": "a cat"}]}], "generation_config": WIRE}},
            {"key": "bad", "request": {"contents": []}},
            {"key": "bytes", "request": {"contents": [{"parts": [{"inlineData": {"data": "?" * 8}}]}]}},
            {"key": "out", "request": {"contents": [{"parts": [{"text": "x [[fault:failed]]"}]}]}},
        ),
        config={"display_name": "Requests", "mime_type": "jsonl"},
    )
    assert uploaded.mime_type == "application/jsonl"
    job = ended(client, client.batches.create(model=FLASH, src=uploaded.name))
    assert job.state is types.JobState.JOB_STATE_SUCCEEDED
    assert job.dest.inlined_responses is None
    results = job.dest.file_name
    lines = {line["key"]: line for line in map(json.loads, client.files.download(file=results).splitlines())}
    assert list(lines) == ["cat", "bad", "bytes", "out"]
    made = types.GenerateContentResponse.model_validate(lines["cat"]["response"])
    assert made.parts
    image = made.parts[-1].inline_data
    assert image is not None
    assert image.data is not None
    assert size_of(image.data) == (512, 512)
    assert lines["bad"]["error"]["code"] == 3
    assert "contents[0].parts[0].inlineData.data: This is not base64" in lines["bytes"]["error"]["message"]
    assert lines["out"]["error"]["code"] == 14
    described = client.files.get(name=results)
    assert (described.state, described.source) == (types.FileState.ACTIVE, types.FileSource.GENERATED)
    target = tmp_path / "results.jsonl"
    client.files.download(file=described, destination=target)
    assert len(target.read_text().splitlines()) == 4


def test_batches_are_listed_canceled_and_deleted(client: Any, account: Account) -> None:
    account.post("/api/v1/batches", json={"items": [{"request": {"model": FLASH, "input": "native"}}]})
    jobs = [client.batches.create(model=FLASH, src=[request("a [[latency:15]]")] * 3) for _ in range(3)]
    listed = [job.name for job in client.batches.list(config={"page_size": 2})]
    assert listed == [job.name for job in reversed(jobs)]
    for job in jobs:
        assert job.name
        client.batches.cancel(name=job.name)
    for job in jobs:  # an item that runs is let end: all are canceled before the first has
        assert ended(client, job).state is types.JobState.JOB_STATE_CANCELLED
    client.batches.delete(name=listed[0])
    with pytest.raises(ClientError) as gone:
        client.batches.get(name=listed[0])
    assert gone.value.code == 404
    assert len(list(client.batches.list())) == 2


def test_many_inline_requests_are_answered_by_a_file() -> None:
    for total, is_file in ((INLINED, False), (INLINED + 1, True)):
        batch = Batch(total=total, status=BatchStatus.COMPLETED, created_at=timezone.now(), finished_at=timezone.now())
        output = operation_json(batch, inlined=[])["metadata"]["output"]
        assert list(output) == ["responsesFile" if is_file else "inlinedResponses"]


def test_what_is_refused_and_how(client: Any, account: Account, other: Account, platform: Running) -> None:
    for model, source, status in (
        ("gemini-nonsense", [request("x")], 404),
        (FLASH, "files/nonsense", 404),
        (FLASH, [], 400),
    ):
        with pytest.raises(ClientError) as refused:
            client.batches.create(model=model, src=source)
        assert refused.value.code == status
    job = client.batches.create(model=FLASH, src=[request("x")])
    with genai.Client(api_key=other.secret, http_options={"base_url": platform.url}) as stranger:
        for ask in (stranger.batches.get, stranger.batches.cancel, stranger.batches.delete):
            with pytest.raises(ClientError) as refused:
                ask(name=job.name or "")
            assert refused.value.code == 404
        name = f"files/batch-{(job.name or '').removeprefix('batches/')}"
        with pytest.raises(ClientError) as refused:
            stranger.files.download(file=name)
        assert refused.value.code == 404
    done = ended(client, job)
    client.batches.cancel(name=job.name or "")
    assert client.batches.get(name=done.name).state is types.JobState.JOB_STATE_SUCCEEDED


def test_who_asks_by_hand_finds_the_answers_in_the_response_as_well(account: Account) -> None:
    body = {
        "batch": {
            "display_name": "By hand",
            "input_config": {"requests": {"requests": [{"request": {"contents": [{"parts": [{"text": "x"}]}]}}]}},
        }
    }
    made = account.post(f"/v1beta/models/{FLASH}:batchGenerateContent", json=body).json()
    until = time.monotonic() + 40
    while not (found := account.get(f"/v1beta/{made['name']}").json()).get("done"):
        assert time.monotonic() < until
        time.sleep(0.1)
    assert found["metadata"]["batchStats"] == {"requestCount": "1", "successfulRequestCount": "1"}
    assert found["response"]["inlinedResponses"] == found["metadata"]["output"]["inlinedResponses"]


def test_nulls_say_nothing_and_unknown_fields_are_named(account: Account) -> None:
    config = {"fileName": None, "requests": {"requests": [{"request": {"contents": [{"parts": [{"text": "x"}]}]}}]}}
    path = f"/v1beta/models/{FLASH}:batchGenerateContent"
    nulls = {"displayName": None, "webhookConfig": None, "inputConfig": config, "foo": None, "priority": "1"}
    made = account.post(path, json={"batch": nulls})
    assert made.status_code == 200, made.text
    account.delete(f"/v1beta/{made.json()['name']}")
    for name, meant in (("display", "did you mean displayName?"), ("service_tier", "known are displayName")):
        refused = account.post(path, json={"batch": {"inputConfig": config, name: "x"}})
        assert refused.status_code == 400
        assert meant in refused.json()["error"]["message"]


def _lines(folder: Path, *lines: dict[str, Any]) -> str:
    path = folder / "requests.jsonl"
    path.write_text("\n".join(json.dumps(line) for line in lines))
    return str(path)
