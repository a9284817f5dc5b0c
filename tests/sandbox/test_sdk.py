"""The official SDK, unchanged, against the sandbox. Its return types are unions with streams, hence `Any`."""

from __future__ import annotations

import base64
import time
from pathlib import Path
from typing import Any

import pytest
from google import genai
from google.genai import errors, types
from google.genai._interactions import BadRequestError, InternalServerError, NotFoundError, RateLimitError

from cavendish.gemini.catalog import models
from tests.sandbox.conftest import MODEL, Server
from tests.sandbox.helpers import decoded, png


def test_create_gives_text_and_picture(sdk: Any) -> None:
    interaction = sdk.interactions.create(model=MODEL, input="A nano banana")
    assert interaction.status == "completed"
    assert len(interaction.output_text or "") == 128
    assert interaction.output_image is not None
    assert decoded(base64.b64decode(interaction.output_image.data or "")).size == (1024, 1024)


def test_a_grounded_edit_of_an_earlier_turn(sdk: Any) -> None:
    first = sdk.interactions.create(model=MODEL, input="A chart")
    interaction = sdk.interactions.create(
        model=MODEL,
        input=[
            {"type": "text", "text": "In Spanish"},
            {"type": "image", "data": png(90, 160), "mime_type": "image/png"},
        ],
        previous_interaction_id=first.id,
        response_format={"type": "image", "mime_type": "image/jpeg", "image_size": "2K"},
        tools=[{"type": "google_search", "search_types": ["web_search", "image_search"]}],
        generation_config={"thinking_level": "high"},
    )
    search = ["google_search_call", "google_search_result"]
    assert [step.type for step in interaction.steps or []] == ["thought", *search, *search, "model_output"]
    assert interaction.output_image is not None
    image = decoded(base64.b64decode(interaction.output_image.data or ""))
    assert (image.format, image.size) == ("JPEG", (1536, 2752))
    assert interaction.usage is not None
    assert interaction.usage.total_thought_tokens == 600


def test_a_stream_ends_by_itself(sdk: Any) -> None:
    events = list(sdk.interactions.create(model=MODEL, input="x", stream=True))
    assert [event.event_type for event in events][-2:] == ["step.stop", "interaction.completed"]
    pictures = [
        event.delta.data for event in events if event.event_type == "step.delta" and event.delta.type == "image"
    ]
    assert [decoded(base64.b64decode(data or "")).size for data in pictures] == [(1024, 1024)]


def test_background_get_cancel_and_delete(sdk: Any) -> None:
    interaction = sdk.interactions.create(model=MODEL, input="x [[latency:0.2]]", background=True)
    assert interaction.status == "in_progress"
    deadline = time.monotonic() + 5
    while (stored := sdk.interactions.get(id=interaction.id)).status == "in_progress":
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert stored.output_image is not None
    resumed = list(sdk.interactions.get(id=interaction.id, stream=True, last_event_id="ev_7"))
    assert [event.event_type for event in resumed] == ["step.stop", "interaction.completed"]
    hanging = sdk.interactions.create(model=MODEL, input="x [[hang]]", background=True)
    assert sdk.interactions.cancel(id=hanging.id).status == "cancelled"
    sdk.interactions.delete(id=interaction.id)
    with pytest.raises(NotFoundError):
        sdk.interactions.get(id=interaction.id)


def test_errors_arrive_as_their_classes(sdk: Any) -> None:
    with pytest.raises(BadRequestError, match="supports: 512, 1K, 2K, 4K"):
        sdk.interactions.create(model=MODEL, input="x", response_format={"type": "image", "image_size": "1k"})
    with pytest.raises(errors.ClientError) as missing:
        sdk.models.get(model="gemini-none")
    assert (missing.value.code, missing.value.status) == (404, "NOT_FOUND")


def test_the_sdk_retries_what_heals(sdk: Any) -> None:
    interaction = sdk.interactions.create(model=MODEL, input="x [[fault:503 times=1]] [[fault:429 times=2]]")
    assert interaction.status == "completed"


def test_lasting_faults_raise(server: Server) -> None:
    options = types.HttpOptions(base_url=server.url, retry_options=types.HttpRetryOptions(attempts=1))
    with genai.Client(api_key="once", http_options=options) as client:
        with pytest.raises(RateLimitError):
            client.interactions.create(model=MODEL, input="[[429]]")
        with pytest.raises(InternalServerError):
            client.interactions.create(model=MODEL, input="[[500]]")


def test_files_go_up_and_are_used(sdk: Any, tmp_path: Path) -> None:
    path = tmp_path / "cat.png"
    path.write_bytes(base64.b64decode(png(300, 200)))
    file = sdk.files.upload(file=path, config={"display_name": "cat"})
    assert file.name is not None
    assert (file.display_name, file.mime_type, file.size_bytes) == ("cat", "image/png", path.stat().st_size)
    assert sdk.files.get(name=file.name).uri == file.uri
    assert file.name in [listed.name for listed in sdk.files.list()]
    interaction = sdk.interactions.create(
        model=MODEL,
        input=[{"type": "image", "uri": file.uri, "mime_type": file.mime_type}, {"type": "text", "text": "edit"}],
    )
    assert interaction.output_image is not None
    assert decoded(base64.b64decode(interaction.output_image.data or "")).size == (1264, 848)
    sdk.files.delete(name=file.name)
    assert file.name not in [listed.name for listed in sdk.files.list()]


def test_a_large_file_goes_up_in_chunks(sdk: Any, tmp_path: Path) -> None:
    path = tmp_path / "large.mp4"
    path.write_bytes(b"\x01" * 20_000_000)
    assert sdk.files.upload(file=path).size_bytes == 20_000_000


def test_models_are_listed(sdk: Any) -> None:
    names = [model.name for model in sdk.models.list()]
    assert names == [f"models/{model.id}" for model in models()]
    assert list(sdk.models.list(config={"query_base": False})) == []
    assert sdk.models.get(model="gemini-3-pro-image").thinking is True


async def test_the_asynchronous_client_works_too(sdk: Any) -> None:
    interaction = await sdk.aio.interactions.create(model=MODEL, input="x")
    assert interaction.output_image is not None
    await sdk.aio.aclose()
