"""OpenAI's pixels as ratios and sizes of our models."""

from __future__ import annotations

import pytest

from cavendish.gemini.catalog import get_model
from generations.compat.openai.sizes import nearest
from tests.api.accounts import FLASH, LITE, OLD, PRO


@pytest.mark.parametrize(
    ("size", "ratio", "image_size"),
    [
        ("256x256", "1:1", "512"),
        ("512x512", "1:1", "512"),
        ("1024x1024", "1:1", "1K"),
        ("1536x1024", "3:2", "1K"),
        ("1024x1536", "2:3", "1K"),
        ("1792x1024", "16:9", "1K"),
        ("1024x1792", "9:16", "1K"),
        ("2048x2048", "1:1", "2K"),
        ("5120x2880", "16:9", "4K"),
        ("4096x1024", "4:1", "2K"),
    ],
)
def test_the_nearest_of_flash(size: str, ratio: str, image_size: str) -> None:
    row = nearest(get_model(FLASH), size)
    assert row is not None
    assert (row.aspect_ratio, row.image_size) == (ratio, image_size)


@pytest.mark.parametrize("id", [FLASH, LITE, PRO, OLD])
def test_every_row_of_the_tables_finds_itself(id: str) -> None:
    model = get_model(id)
    for row in model.resolutions:
        # 792x168 is the guide's 21:9 at 512, which is no 21:9.
        if (row.width, row.height) != (792, 168):
            assert nearest(model, f"{row.width}x{row.height}") == row


@pytest.mark.parametrize(
    "size", ["1024", "1024X1024", "0x10", "1024x1024x3", "-1x5", "1K", "99999999x1", "9000x100", "²x²"]
)
def test_what_is_no_size_of_it(size: str) -> None:
    assert nearest(get_model(FLASH), size) is None


def test_models_without_long_shapes_refuse_them() -> None:
    assert nearest(get_model(PRO), "1024x4096") is None
