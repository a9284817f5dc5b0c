"""The `openai` library as its users call it, told our address and a tenant's key."""

from __future__ import annotations

import base64
from collections.abc import Iterator

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
