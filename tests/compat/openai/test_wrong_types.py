"""Whatever stands in a field, the answer is a problem that names it, never an error of ours."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from cavendish.gemini.catalog import get_model
from cavendish.http.problems import Problem
from generations.compat.imagen.translation import Translation as OfImagen
from generations.compat.openai.translation import Translation as OfOpenAI
from tests.api.accounts import FLASH

VALUES: list[Any] = [0, -1, 1.5, True, "", "x", [], ["x"], {}, {"x": 1}, 10**40, "\ud800", [[]], [None]]
OPENAI = [
    "model", "prompt", "n", "size", "response_format", "output_format", "quality", "background", "style", "moderation",
    "output_compression", "stream", "partial_images", "mask", "tools", "user", "input_fidelity", "image", "extra",
]  # fmt: skip
IMAGEN = [
    "sampleCount", "aspectRatio", "sampleImageSize", "imageSize", "seed", "safetySetting", "outputOptions", "language",
    "guidanceScale", "negativePrompt", "personGeneration", "addWatermark", "includeRaiReason", "enhancePrompt", "extra",
]  # fmt: skip


def refused(read: Callable[[], object]) -> Problem | None:
    """Any other exception goes through."""
    try:
        read()
    except Problem as problem:
        return problem
    return None


@pytest.mark.parametrize("name", OPENAI)
@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_openai(name: str, value: Any) -> None:
    problem = refused(lambda: OfOpenAI().parse({"model": FLASH, "prompt": "x", name: value}))
    if problem is not None:
        assert problem.status in {400, 404, 422}
        assert {error.pointer for error in problem.errors} == {f"/{name}"}


@pytest.mark.parametrize("name", IMAGEN)
@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_imagen(name: str, value: Any) -> None:
    body = {"instances": [{"prompt": "x"}], "parameters": {name: value}}
    problem = refused(lambda: OfImagen(get_model(FLASH)).parse(body))
    if problem is not None:
        assert problem.status == 422
        assert all(error.pointer.startswith(f"/parameters/{name}") for error in problem.errors)


@pytest.mark.parametrize("name", ["instances", "parameters", "labels", "extra"])
@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_imagen_around(name: str, value: Any) -> None:
    problem = refused(lambda: OfImagen(get_model(FLASH)).parse({"instances": [{"prompt": "x"}], name: value}))
    assert problem is None or (problem.status == 422 and problem.errors)
