"""The `openai` library as its users call it, told our address and a tenant's key."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

import openai
import pytest

from tests.api.accounts import FLASH, PRO, Account, open_account, picture
from tests.compat.content.helpers import size_of


@pytest.fixture
def client(account: Account) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(api_key=account.secret, base_url=f"{account.http.base_url}/openai/v1") as made:
        yield made


def test_generate_and_edit(client: openai.OpenAI, account: Account) -> None:
    made = client.images.generate(model=FLASH, prompt="a cat", size="512x512", n=2)
    assert made.data is not None
    data = [base64.b64decode(image.b64_json or "") for image in made.data]
    assert [size_of(each) for each in data] == [(512, 512)] * 2
    assert made.usage is not None
    assert made.usage.output_tokens == 2 * 747
    edited = client.images.edit(
        model=FLASH, prompt="Blue", image=[("a.png", data[0]), ("b.png", picture())], size="256x256"
    )
    assert edited.data is not None
    assert edited.data[0].b64_json
    assert account.trace.generations == 3


def test_streams(client: openai.OpenAI) -> None:
    events = list(client.images.generate(model=FLASH, prompt="a cat", size="512x512", n=2, stream=True))
    assert [event.type for event in events] == ["image_generation.completed"] * 2
    assert [size_of(base64.b64decode(event.b64_json)) for event in events] == [(512, 512)] * 2
    edited = client.images.edit(
        model=PRO, prompt="Blue", image=("ü 猫.png", picture()), stream=True, partial_images=2, size="1024x1024"
    )
    *partial, last = edited
    assert (last.type, {event.type for event in partial} <= {"image_edit.partial_image"}) == (
        "image_edit.completed",
        True,
    )
    with pytest.raises(openai.APIError, match="safety"):
        list(client.images.generate(model=FLASH, prompt="x [[safety]]", size="512x512", stream=True))


def test_chats(client: openai.OpenAI, account: Account) -> None:
    google = client.with_options(base_url=f"{account.http.base_url}/v1beta/openai/")
    config = {"modalities": ["image", "text"], "image_config": {"image_size": "512"}}
    asked: Any = [{"role": "user", "content": "a cat"}]
    answer = google.chat.completions.create(model=FLASH, messages=asked, extra_body=config)
    message: Any = answer.choices[0].message
    head, _, data = message.images[0]["image_url"]["url"].partition(",")
    assert (head, size_of(base64.b64decode(data))[0]) == ("data:image/png;base64", 512)
    assert answer.usage is not None
    asked += [message.model_dump(exclude_none=True), {"role": "user", "content": "Now blue"}]
    with client.chat.completions.stream(model=FLASH, messages=asked, stream_options={"include_usage": True}) as stream:
        for _ in stream:
            pass
        final = stream.get_final_completion()
    assert final.choices[0].finish_reason == "stop"
    assert final.usage is not None
    details: Any = final.usage.prompt_tokens_details
    assert details.image_tokens == 258
    with pytest.raises(openai.APIError, match="upstream"):
        list(
            client.chat.completions.create(
                model=FLASH, messages=[{"role": "user", "content": "[[failed]]"}], stream=True
            )
        )


def test_a_failure_of_the_upstream_is_not_repeated(client: openai.OpenAI, account: Account) -> None:
    """The library would send it twice more; the answer says that it should not."""
    with pytest.raises(openai.InternalServerError) as failed:
        client.images.generate(model=FLASH, prompt="x [[failed]]", size="512x512")
    assert (failed.value.status_code, failed.value.code) == (503, "upstream_unavailable")
    with pytest.raises(openai.InternalServerError):
        client.chat.completions.create(model=FLASH, messages=[{"role": "user", "content": "[[failed]]"}])
    assert account.trace.generations == 2


def test_models(client: openai.OpenAI) -> None:
    assert PRO in {model.id for model in client.models.list()}
    assert client.models.retrieve(PRO).owned_by == "google"
    with pytest.raises(openai.NotFoundError):
        client.models.retrieve("gpt-image-1")


def test_errors_are_its_classes_and_make_one_job(client: openai.OpenAI, account: Account) -> None:
    with pytest.raises(openai.BadRequestError) as blocked:
        client.images.generate(model=FLASH, prompt="x [[safety]]", size="512x512")
    assert blocked.value.code == "content_policy_violation"
    assert account.trace.generations == 1
    with pytest.raises(openai.BadRequestError) as wrong:
        client.images.generate(model=FLASH, prompt="x", size="wide")
    assert wrong.value.param == "size"
    with pytest.raises(openai.NotFoundError):
        client.images.generate(model="dall-e-3", prompt="x")
    poor = open_account(account.books, account.http, balance=0)
    with pytest.raises(openai.PermissionDeniedError) as broke:
        client.with_options(api_key=poor.secret).images.generate(model=FLASH, prompt="x")
    assert broke.value.type == "insufficient_quota"
    with pytest.raises(openai.AuthenticationError):
        client.with_options(api_key="cvd_live_nothing").images.generate(model=FLASH, prompt="x")
