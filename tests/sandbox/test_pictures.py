from __future__ import annotations

import asyncio
import json
import struct
import zlib
from io import BytesIO
from pathlib import Path

import pytest
from c2pa import Reader

from cavendish.gemini.catalog import models
from cavendish.sandbox.errors import ApiError
from cavendish.sandbox.media import picture_size
from cavendish.sandbox.padding import pad
from cavendish.sandbox.pictures import Recipe, Studio, draw
from generations.request.media import MAX_PIXELS
from tests.sandbox.helpers import decoded

FORMATS = {"image/png": "PNG", "image/jpeg": "JPEG"}


def recipe(
    text: str = "a banana", width: int = 640, height: int = 480, mime_type: str = "image/png", **more: object
) -> Recipe:
    return Recipe(text, "label", str(more.pop("seed", "seed")), width, height, mime_type, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("mime_type", FORMATS)
def test_every_size_of_the_catalog_can_be_drawn_exactly(mime_type: str) -> None:
    sizes = {(row.width, row.height) for model in models() for row in model.resolutions if row.image_size != "4K"}
    for width, height in sorted(sizes):
        image = decoded(draw(recipe(width=width, height=height, mime_type=mime_type)))
        assert (image.size, image.format) == ((width, height), FORMATS[mime_type])


@pytest.mark.parametrize("size", [(4096, 4096), (12288, 1536), (1536, 12288)])
def test_a_4k_picture_has_exact_pixels(size: tuple[int, int]) -> None:
    assert decoded(draw(recipe(width=size[0], height=size[1]))).size == size


def test_the_same_recipe_draws_the_same_bytes_and_another_seed_others() -> None:
    assert draw(recipe()) == draw(recipe())
    assert draw(recipe(seed="other")) != draw(recipe())
    assert draw(recipe("a pear")) != draw(recipe())


@pytest.mark.parametrize("text", ["香蕉在餐厅里", "🍌" * 50, "", " \n\t", "x" * 5000, "\u202e\x00\x07 control"])
def test_no_text_breaks_the_drawing(text: str) -> None:
    for width, height in ((792, 168), (192, 1536), (1024, 1024)):
        assert decoded(draw(recipe(text, width, height))).size == (width, height)


def test_the_mark_is_in_the_file() -> None:
    assert decoded(draw(recipe())).info["Software"] == "Cavendish sandbox"
    assert decoded(draw(recipe(mime_type="image/jpeg"))).info["comment"] == b"Cavendish sandbox"


@pytest.mark.parametrize("mime_type", FORMATS)
@pytest.mark.parametrize("more", [0, 12, 13, 65_537, 65_538, 1_048_588, 1_048_589, 24_000_000])
def test_padding_gives_the_exact_size_and_the_same_picture(mime_type: str, more: int) -> None:
    plain = draw(recipe(mime_type=mime_type))
    padded = b"".join(pad(plain, mime_type, len(plain) + more))
    assert len(padded) == len(plain) + more
    assert decoded(padded).tobytes() == decoded(plain).tobytes()


def test_padding_never_makes_a_file_smaller() -> None:
    plain = draw(recipe())
    assert b"".join(pad(plain, "image/png", 100)) == plain


def test_padding_is_no_false_sign_of_credentials() -> None:
    padded = b"".join(pad(draw(recipe()), "image/png", 3_000_000))
    assert b"c2pa" not in padded
    assert b"jumb" not in padded


@pytest.mark.parametrize("mime_type", FORMATS)
async def test_content_credentials_are_valid_and_stay_the_same(mime_type: str, tmp_path: Path) -> None:
    signed = recipe(mime_type=mime_type, c2pa=True, bytes=100_000)
    first, again = Studio(tmp_path), Studio(tmp_path)
    raw = b"".join(await first.picture(signed))
    assert b"".join(await again.picture(signed)) == raw
    with Reader(mime_type, BytesIO(raw)) as reader:
        report = json.loads(reader.json())
    assert report["validation_state"] == "Valid"
    assert [issue["code"] for issue in report["validation_status"]] == ["signingCredential.untrusted"]
    assert decoded(raw).size == (640, 480)
    first.close()
    again.close()


async def test_drawing_together_and_again_draws_once(tmp_path: Path) -> None:
    studio = Studio(tmp_path)
    pictures = await asyncio.gather(*(studio.picture(recipe()) for _ in range(8)))
    assert {id(picture) for picture in pictures} == {id(pictures[0])}
    assert await studio.picture(recipe()) is pictures[0]
    studio.close()


@pytest.mark.parametrize(("height", "taken"), [(9_000, True), (MAX_PIXELS // 20_000, True), (10_001, False)])
def test_pictures_may_be_as_large_as_the_platform_takes(height: int, taken: bool) -> None:
    """180 million pixels are more than Pillow's own bound."""
    header = b"IHDR" + struct.pack(">IIBBBBB", 20_000, height, 8, 2, 0, 0, 0)
    png = (
        b"\x89PNG\r\n\x1a\n\0\0\0\r" + header + struct.pack(">I", zlib.crc32(header)) + b"\0\0\0\0IDAT\x35\xaf\x06\x1e"
    )
    if taken:
        assert picture_size(BytesIO(png)) == (20_000, height)
    else:
        with pytest.raises(ApiError):
            picture_size(BytesIO(png))
