"""Interactions through the official Python SDK: create, get, cancel, delete, in the background."""

from __future__ import annotations

import base64
import io
import time
from typing import Any

import httpx
import pytest
from google.genai import _interactions as sdk
from PIL import Image

from cavendish.gemini.catalog import models
from tests.api.accounts import FLASH, SMALL, Account, picture

SEARCH = {"type": "google_search"}


def opened(data: str | None) -> Image.Image:
    assert data
    image = Image.open(io.BytesIO(base64.b64decode(data, validate=True)))
    image.load()
    return image


def make(client: Any, prompt: Any = "A cat", **fields: Any) -> Any:
    return client.interactions.create(**{"model": FLASH, "input": prompt, "response_format": SMALL, **fields})


def ended(client: Any, made: Any) -> Any:
    deadline = time.monotonic() + 30
    while made.status == "in_progress" and time.monotonic() < deadline:
        time.sleep(0.1)
        made = client.interactions.get(made.id)
    return made


def test_text_and_picture(client: Any) -> None:
    made = client.interactions.create(model=FLASH, input="A nano banana dish")
    assert (made.object, made.status, made.model) == ("interaction", "completed", FLASH)
    assert made.id.startswith("gen_")
    assert opened(made.output_image.data).size == (1024, 1024)
    assert made.output_image.mime_type == "image/png"
    assert made.output_text.startswith("Here is your picture")
    assert [step.type for step in made.steps] == ["model_output"]
    assert made.usage.total_tokens == made.usage.total_input_tokens + made.usage.total_output_tokens
    by_kind = {part.modality: part.tokens for part in made.usage.output_tokens_by_modality}
    assert by_kind["image"] == 1120
    assert made.created <= made.updated


def test_an_interaction_is_a_generation(client: Any, account: Account) -> None:
    made = make(client, labels={"order": "7"})
    native = account.get(f"/api/v1/generations/{made.id}").json()
    assert (native["status"], native["metadata"], native["charge"]["status"]) == (
        "succeeded",
        {"order": "7"},
        "charged",
    )
    assert made.labels == {"order": "7"}
    bytes_of = account.get(native["outputs"][0]["url"]).content
    assert base64.b64decode(made.output_image.data) == bytes_of


@pytest.mark.parametrize(
    "given",
    [
        "A cat",
        {"type": "text", "text": "A cat"},
        [{"type": "text", "text": "A cat"}],
        [{"text": "A cat"}],
        [{"type": "user_input", "content": [{"type": "text", "text": "A cat"}]}],
        ({"type": "text", "text": "A"}, {"type": "text", "text": "cat"}),
    ],
)
def test_every_shape_of_input(client: Any, given: Any) -> None:
    assert make(client, given).status == "completed"


def test_a_picture_with_the_wrong_type_is_corrected(client: Any) -> None:
    data = base64.b64encode(picture(300, 200)).decode()
    blocks = [{"type": "text", "text": "edit"}, {"type": "image", "data": data, "mime_type": "image/jpeg"}]
    made = client.interactions.create(model=FLASH, input=blocks)
    assert opened(made.output_image.data).size == (1264, 848)


def test_turns(client: Any) -> None:
    first = make(client)
    wide = {"type": "image", "mime_type": "image/jpeg", "aspect_ratio": "16:9", "image_size": "2K"}
    second = make(client, "Now wide", previous_interaction_id=first.id, response_format=wide)
    assert second.previous_interaction_id == first.id
    image = opened(second.output_image.data)
    assert (image.size, image.format) == ((2752, 1536), "JPEG")


def test_a_conversation_sent_back_whole(client: Any) -> None:
    """Steps of an answer, with their thoughts' signatures, are input for the next request."""
    first = make(client, generation_config={"thinking_level": "high"}, tools=[SEARCH])
    kept = client.interactions.get(first.id)
    steps = [step.model_dump(exclude_none=True) for step in kept.steps]
    again = {"type": "user_input", "content": [{"type": "text", "text": "In blue"}]}
    assert make(client, [*steps, again]).status == "completed"


def test_search(client: Any) -> None:
    made = client.interactions.create(model=FLASH, input="weather", tools=[SEARCH])
    assert [step.type for step in made.steps] == ["google_search_call", "google_search_result", "model_output"]
    assert made.steps[1].result[0].search_suggestions.startswith("<")
    notes = [note for block in made.steps[2].content if block.type == "text" for note in block.annotations]
    assert {note.type for note in notes} == {"url_citation"}


def test_thoughts(client: Any) -> None:
    made = make(client, generation_config={"thinking_level": "high"})
    thought, output = made.steps
    assert [block.type for block in thought.summary] == ["text", "image"]
    assert thought.signature
    assert opened(output.content[-1].data).size == (512, 512)
    assert made.output_image.data != thought.summary[1].data


def test_get_shows_the_input_too(client: Any) -> None:
    data = base64.b64encode(picture()).decode()
    made = make(client, [{"type": "text", "text": "edit"}, {"type": "image", "data": data, "mime_type": "image/png"}])
    kept = client.interactions.get(made.id)
    assert [step.type for step in kept.steps] == ["user_input", "model_output"]
    assert [block.type for block in kept.steps[0].content] == ["text", "image"]
    assert kept.steps[0].content[1].data == data
    assert kept.output_image.data == made.output_image.data
    assert kept.input is None
    repeated = client.interactions.get(made.id, include_input=True).input
    assert repeated[0].content[1].data == data


def test_background(client: Any) -> None:
    began = time.monotonic()
    made = make(client, "A cat [[latency:1]]", background=True)
    assert made.status == "in_progress"
    assert time.monotonic() - began < 1
    assert made.output_image is None
    done = ended(client, made)
    assert (done.id, done.status) == (made.id, "completed")
    assert opened(done.output_image.data).size == (512, 512)


def test_cancel(client: Any) -> None:
    made = make(client, "A cat [[latency:20]]", background=True)
    time.sleep(0.3)
    assert client.interactions.cancel(made.id).status == "cancelled"
    assert client.interactions.get(made.id).status == "cancelled"
    assert client.interactions.cancel(made.id).status == "cancelled"
    whole = make(client)
    assert client.interactions.cancel(whole.id).status == "completed"


def test_delete(client: Any) -> None:
    made = make(client)
    client.interactions.delete(made.id)
    for call in (client.interactions.get, client.interactions.delete, client.interactions.cancel):
        with pytest.raises(sdk.NotFoundError):
            call(made.id)


def test_a_running_interaction_is_not_deleted(client: Any) -> None:
    """409 would be tried again for half a minute."""
    made = make(client, "A cat [[latency:20]]", background=True)
    with pytest.raises(sdk.BadRequestError, match=r"running|queued"):
        client.interactions.delete(made.id)
    client.interactions.cancel(made.id)


def test_what_is_not_stored_is_answered_once(client: Any) -> None:
    made = make(client, store=False)
    assert opened(made.output_image.data).size == (512, 512)
    with pytest.raises(sdk.NotFoundError):
        client.interactions.get(made.id)
    with pytest.raises(sdk.BadRequestError, match="store"):
        make(client, previous_interaction_id=made.id)
    with pytest.raises(sdk.BadRequestError, match="store"):
        make(client, store=False, background=True)


def test_a_failure_after_acceptance_is_an_answer(client: Any, account: Account) -> None:
    made = make(client, "A cat [[safety]]")
    assert (made.status, made.output_image) == ("failed", None)
    assert [error.code for error in made.errors] == ["safety_blocked"]
    assert account.trace.held == 0


@pytest.mark.parametrize("version", ["v1", "v1beta", "v1alpha"])
def test_every_version_is_the_same_api(client: Any, account: Account, version: str) -> None:
    body = {"model": FLASH, "input": "A cat", "response_format": SMALL}
    answer = account.http.post(f"/{version}/interactions?key={account.secret}", json=body)
    assert (answer.status_code, answer.json()["status"]) == (200, "completed")
    assert answer.headers["content-type"] == "application/json"
    kept = account.http.get(f"/{version}/interactions/{answer.json()['id']}?stream=false", headers=google(account))
    assert kept.json()["steps"][-1] == answer.json()["steps"][-1]
    listed = account.http.get(f"/{version}/models", headers=google(account)).json()
    assert "nextPageToken" not in listed
    assert [model["name"] for model in listed["models"]] == [f"models/{model.id}" for model in models()]


def google(account: Account) -> dict[str, str]:
    return {"x-goog-api-key": account.secret}


def test_models(client: Any, account: Account) -> None:
    names = [model.name for model in client.models.list()]
    assert names == [f"models/{model.id}" for model in models()]
    pages = client.models.list(config={"page_size": 2})
    assert len(pages.page) == 2
    assert [model.name for model in pages] == names
    for query, name in (("pageToken=nothing", "pageToken"), ("pageSize=x", "pageSize")):
        refused = account.http.get(f"/v1beta/models?{query}", headers=google(account))
        assert (refused.status_code, name in refused.json()["error"]["message"]) == (400, True)
    model = client.models.get(model=FLASH)
    assert model.input_token_limit
    assert model.output_token_limit
    assert list(client.models.list(config={"query_base": False})) == []


def test_another_tenants_interaction_is_not_there(client: Any, other: Account) -> None:
    made = make(client)
    path = f"/v1/interactions/{made.id}"
    answers: list[httpx.Response] = [
        other.http.get(path, headers=google(other)),
        other.http.get(f"{path}?stream=true", headers=google(other)),
        other.http.post(f"{path}/cancel", headers=google(other)),
        other.http.delete(path, headers=google(other)),
        other.http.get("/v1/interactions/gen_" + "0" * 32, headers=google(other)),
    ]
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.content for answer in answers}) == 1
