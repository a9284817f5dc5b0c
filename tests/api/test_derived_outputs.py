"""Smaller pictures over HTTP: addresses and who may open them, validators, refusals, and the original untouched."""

from __future__ import annotations

import hashlib
import io
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from PIL import Image

from tests.api.accounts import Account, Json


@pytest.fixture(scope="module")
def output(reader: Account) -> Json:
    [only] = reader.make(
        response_format={"type": "image", "image_size": "1K", "aspect_ratio": "1:1"}, input="a cat [[c2pa]]"
    )["outputs"]
    return dict(only)


def fetch(account: Account, url: str, **headers: str) -> httpx.Response:
    """Without a key."""
    return account.http.get(url, headers={name.replace("_", "-"): value for name, value in headers.items()})


def size_of(answer: httpx.Response) -> tuple[str, tuple[int, int]]:
    assert answer.status_code == 200, answer.text
    picture = Image.open(io.BytesIO(answer.content))
    assert Image.MIME[str(picture.format)] == answer.headers["content-type"]
    return str(picture.format), picture.size


@pytest.mark.parametrize("format", ["webp", "avif", "jpeg"])
def test_a_smaller_picture(reader: Account, output: Json, format: str) -> None:
    path = f"/api/v1/outputs/{output['id']}/content"
    answer = reader.get(path, params={"format": format, "width": 512})
    assert size_of(answer) == (format.upper(), (512, 512))
    headers = answer.headers
    assert (headers["x-cavendish-derived"], headers["accept-ranges"]) == ("true", "bytes")
    assert headers["etag"] == f'"{hashlib.sha256(answer.content).hexdigest()}"'
    assert headers["cache-control"] == "private, max-age=3600, immutable"
    assert f'<{path}>; rel="canonical"' in headers["link"]
    assert ("x-cavendish-content-credentials" in headers) == (output["provenance"]["c2pa"] == "present")
    again = {"format": format, "width": 512}
    assert reader.get(path, params=again, headers={"If-None-Match": headers["etag"]}).status_code == 304
    part = reader.get(path, params=again, headers={"Range": "bytes=2-9"})
    assert (part.status_code, part.content) == (206, answer.content[2:10])
    assert hashlib.sha256(reader.get(path).content).hexdigest() == output["sha256"]


def test_the_addresses_in_an_output(reader: Account, output: Json) -> None:
    assert [(preview["width"], preview["height"]) for preview in output["previews"]] == [
        (256, 256), (512, 512), (1024, 1024),
    ]  # fmt: skip
    for preview in output["previews"]:
        answer = fetch(reader, preview["url"])
        assert size_of(answer) == ("WEBP", (preview["width"], preview["height"]))
        assert answer.headers["content-type"] == preview["mime_type"]
        assert answer.headers["cache-control"] == "public, max-age=3600, immutable"
        assert answer.headers["access-control-allow-origin"] == "*"
        assert parse_qs(urlsplit(preview["url"]).query)["expires"] == parse_qs(urlsplit(output["url"]).query)["expires"]
    assert output["thumbnail_url"] == output["previews"][1]["url"]
    # Never more pixels than there are.
    assert size_of(fetch(reader, f"{output['url']}&format=jpeg&width=1536")) == ("JPEG", (1024, 1024))


def test_a_signed_address_takes_options_and_a_smaller_picture_opens_nothing_larger(
    reader: Account, output: Json
) -> None:
    original, thumbnail = output["url"], output["thumbnail_url"]
    assert size_of(fetch(reader, f"{original}&width=256"))[1] == (256, 256)
    assert size_of(fetch(reader, original.replace("?", "?format=avif&width=256&")))[0] == "AVIF"
    refused = [
        thumbnail.replace("width=512", "width=1024"),
        thumbnail.replace("format=webp&width=512&", ""),
        f"{thumbnail}&width=1024",
        thumbnail.replace("format=webp&", ""),
        f"{original}&format=webp&width=512&download=1",
    ]
    for url in refused:
        reader.refused(fetch(reader, url), 403, "signature_invalid")


@pytest.mark.parametrize(
    ("query", "pointer", "code"),
    [
        ("format=webp&width=513", "/width", "unknown_value"),
        ("format=webp&width=0512", "/width", "unknown_value"),
        ("width=-1", "/width", "unknown_value"),
        ("width=", "/width", "unknown_value"),
        ("width=٥١٢", "/width", "unknown_value"),
        ("format=webp", "/width", "required"),
        ("format=gif&width=512", "/format", "unknown_value"),
        ("format=&width=512", "/format", "unknown_value"),
        ("format=WEBP&width=512", "/format", "unknown_value"),
        ("format=webp&width=512&width=256", "/width", "repeated"),
    ],
)
def test_other_sizes_and_formats_are_refused(
    reader: Account, output: Json, query: str, pointer: str, code: str
) -> None:
    path = f"/api/v1/outputs/{output['id']}/content?{query}"
    with reader.untouched():
        reader.refused(reader.get(path), 422, "invalid_request", pointer, code)


def test_another_tenant_gets_none(other: Account, output: Json) -> None:
    with other.untouched():
        other.refused(other.get(f"/api/v1/outputs/{output['id']}/content?width=512"), 404, "not_found")


def test_deleting_the_generation_takes_all_of_it(account: Account) -> None:
    made = account.make()
    url = made["outputs"][0]["thumbnail_url"]
    assert fetch(account, url).status_code == 200
    assert any("/derived/" in path for path in account.trace.objects)
    assert account.delete(f"/api/v1/generations/{made['id']}").status_code == 204
    assert not account.trace.objects
    assert fetch(account, url).status_code == 404
