"""Callers of Imagen get pictures of its successor, and are told so."""

from __future__ import annotations

import base64
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import httpx
import pytest
from google import genai
from google.genai import types

from generations.models import GenerationContent
from tests.api.accounts import FLASH, PRO, Account, Json
from tests.compat.content.helpers import size_of
from tests.compat.node import node_modules

__all__ = ["node_modules"]

NAME = "imagen-4.0-generate-001"
WARNING = re.compile(r'299 - "Imagen is shut down: gemini-3\.1-flash-image answered instead of (imagen-[\w.-]+)\. .*"')


def predict(
    account: Account, path: str = f"/v1beta/models/{NAME}", prompt: str = "a cat", **settings: Any
) -> httpx.Response:
    # Imagen has no size below 1K; ours has, and tests are quicker with it.
    body = {"instances": [{"prompt": prompt}], "parameters": {"sampleCount": 1, "sampleImageSize": "512", **settings}}
    return account.post(f"{path}:predict", json=body)


def predictions(answer: httpx.Response) -> list[Json]:
    assert answer.status_code == 200, answer.text
    found: list[Json] = answer.json().get("predictions", [])
    return found


def message_of(answer: httpx.Response) -> str:
    assert answer.status_code == 400, answer.text
    error = answer.json()["error"]
    assert (error["code"], error["status"]) == (400, "INVALID_ARGUMENT")
    return str(error["message"])


@pytest.mark.parametrize(
    "path", ["/v1/models", "/v1beta/models", "/v1alpha/models", "/v1beta1/publishers/google/models"]
)
def test_a_picture_and_who_made_it(account: Account, path: str) -> None:
    answer = predict(account, f"{path}/{NAME}", aspectRatio="16:9")
    [made] = predictions(answer)
    assert list(made) == ["bytesBase64Encoded", "mimeType"]
    assert (size_of(base64.b64decode(made["bytesBase64Encoded"], validate=True)), made["mimeType"]) == (
        (688, 384),
        "image/png",
    )
    found = WARNING.fullmatch(answer.headers["warning"])
    assert found is not None
    assert found[1] == NAME
    assert re.fullmatch(r"@\d{10}", answer.headers["deprecation"])


def test_four_where_nothing_is_said_and_one_seed_each(account: Account) -> None:
    answer = predict(account, sampleCount=None, seed=7, safetySetting="BLOCK_LOW_AND_ABOVE")
    assert len(predictions(answer)) == 4
    with account.books.open():
        made = GenerationContent.objects.filter(tenant_id=account.tenant.id).values_list("request", "generation__model")
        assert sorted(request["generation_config"]["seed"] for request, _ in made) == [7, 8, 9, 10]
        assert {model for _, model in made} == {FLASH}
        assert {setting["threshold"] for request, _ in made for setting in request["safety_settings"]} == {
            "block_low_and_above"
        }


@pytest.mark.parametrize(("size", "side"), [("1k", 1024), ("1K", 1024)])
def test_sizes_as_googles_samples_write_them(account: Account, size: str, side: int) -> None:
    [made] = predictions(predict(account, sampleImageSize=size, aspectRatio="1:1"))
    assert size_of(base64.b64decode(made["bytesBase64Encoded"])) == (side, side)


def test_filtered_pictures_are_missing_or_told_of(account: Account) -> None:
    assert predict(account, prompt="x [[safety]]").json() == {}
    [told] = predictions(predict(account, prompt="x [[safety]]", includeRaiReason=True))
    assert list(told) == ["raiFilteredReason"]


def test_other_failures_are_not_to_be_sent_again(account: Account) -> None:
    answer = predict(account, prompt="x [[no_image]]")
    assert "The model wrote: This is the sandbox's answer in text." in message_of(answer)
    assert WARNING.fullmatch(answer.headers["warning"])


def test_a_fault_that_is_not_charged_is_an_error_of_the_server(account: Account) -> None:
    """The SDKs do not repeat this call, and clients that read statuses do not take it for an answer."""
    body = {"instances": [{"prompt": "x [[failed]]"}], "parameters": {"sampleCount": 1}}
    answer = account.http.post(f"/v1beta/models/{NAME}:predict", headers=account.headers, json=body)
    assert (answer.status_code, answer.json()["error"]["status"]) == (503, "UNAVAILABLE")
    assert account.trace.balance == 100


def test_what_changes_nothing_is_named(account: Account) -> None:
    options = {"mimeType": "image/png", "compressionQuality": 80}
    answer = predict(account, guidanceScale=3, outputOptions=options, enhancePrompt=False, language="auto")
    assert len(predictions(answer)) == 1
    assert " It has no guidanceScale, language and compressionQuality; that was ignored." in answer.headers["warning"]


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"aspectRatio": "7:5"}, 'parameters.aspectRatio: "7:5" is no aspect ratio of gemini-3.1-flash-image'),
        ({"aspectRatio": 0}, "parameters.aspectRatio: aspect_ratio is 0"),
        ({"sampleImageSize": "3K"}, 'parameters.sampleImageSize: "3K" is no image size'),
        ({"sampleCount": 5}, "sampleCount is 5; it takes a whole number from 1 to 4"),
        ({"negativePrompt": "dogs"}, "say in the prompt"),
        ({"personGeneration": "DONT_ALLOW"}, "say it in the prompt"),
        ({"addWatermark": False}, "SynthID"),
        ({"outputOptions": {"mimeType": "image/webp"}}, "parameters.outputOptions.mimeType: "),
        ({"foo": 1}, "There is no such field"),
        ({"numberOfImages": 2}, "did you mean sampleCount?"),
        ({"outputMimeType": "image/png"}, "did you mean outputOptions.mimeType?"),
    ],
)
def test_what_cannot_be_done_is_refused(reader: Account, settings: Json, said: str) -> None:
    with reader.untouched():
        assert said in message_of(predict(reader, **settings))


def test_bodies_keys_and_outsiders(reader: Account) -> None:
    path = f"/v1/models/{NAME}:predict"
    with reader.untouched():
        for instances in (None, [], [{"prompt": ""}], [{"prompt": "x"}] * 2, [{"prompt": "x", "image": {"a": 1}}]):
            message_of(reader.post(path, json={"instances": instances}))
        assert reader.http.post(path, json={}).status_code == 401
        assert predict(reader.key(allowed_models=[PRO])).status_code == 403
        assert reader.get(f"{path}?jobs=gen_1").status_code == 405
        for name in ("a%0ab", "%0a", "a%3Bb", "ü", "a" * 81, ""):
            named = reader.post(f"/v1/models/imagen-{name}:predict", json={"instances": [{"prompt": "x"}]})
            assert named.status_code in {404, 405}, name


@pytest.mark.filterwarnings("ignore")
def test_the_python_sdk(account: Account) -> None:
    """The newest makes pictures of Imagen in its enterprise mode alone."""
    options = types.HttpOptions(base_url=str(account.http.base_url))
    with genai.Client(enterprise=True, api_key=account.secret, http_options=options) as client:
        made = client.models.generate_images(
            model=NAME,
            prompt="a cat",
            config=types.GenerateImagesConfig(
                number_of_images=2, aspect_ratio="3:4", image_size="1K", output_mime_type="image/png"
            ),
        )
    assert made.generated_images is not None
    data = [image.image.image_bytes for image in made.generated_images if image.image]
    assert [size_of(each or b"") for each in data] == [(896, 1200)] * 2


SCRIPT = """
import { GoogleGenAI } from "@google/genai";
const httpOptions = { baseUrl: process.env.BASE };
const ai = new GoogleGenAI({ vertexai: true, apiKey: process.env.KEY, httpOptions });
const config = { numberOfImages: 2, imageSize: "1K" };
const made = await ai.models.generateImages({ model: "imagen-4.0-generate-001", prompt: "a cat", config });
console.log(made.generatedImages.map((each) => each.image.mimeType).join());
"""


def test_the_javascript_sdk(account: Account, node_modules: Path, tmp_path: Path) -> None:
    (tmp_path / "node_modules").symlink_to(node_modules)
    (tmp_path / "x.mjs").write_text(SCRIPT)
    environment = {"KEY": account.secret, "BASE": str(account.http.base_url)}
    done = subprocess.run(
        ["node", "x.mjs"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**environment, "PATH": os.environ["PATH"]},
    )
    assert done.stdout.strip() == "image/png,image/png", done.stderr[-2000:]
