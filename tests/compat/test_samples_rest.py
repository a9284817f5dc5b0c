"""Every REST sample of the guide, run by bash and curl against a running platform."""

from __future__ import annotations

import base64
import io
import json
import os
import re
import subprocess
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from PIL import Image

from tests.api.accounts import Account
from tests.compat.guide import Expected, as_base64, numbers, sample
from tests.services import Running

AT_ONCE = 4
GOOGLE = "https://generativelanguage.googleapis.com"
EXPECTED: Mapping[int, Expected] = {
    3: Expected(),
    6: Expected("3:2"),
    9: Expected(),
    12: Expected("16:9", "2K", format="JPEG"),
    15: Expected("5:4", "2K"),
    18: Expected("16:9", format="JPEG"),
    21: Expected(),
    24: Expected("16:9"),
    27: Expected(format="JPEG"),
    34: Expected(),
    37: Expected("16:9"),
    40: Expected(),
    43: Expected(),
    46: Expected(),
    49: Expected(),
    52: Expected("3:2"),
    55: Expected("16:9"),
    58: Expected("3:2"),
    61: Expected("3:2"),
    64: Expected("3:2"),
    70: Expected("3:2"),
    73: Expected("3:2"),
    77: Expected(),
    80: Expected("16:9", "2K"),
}
BROKEN = {67: "The body is not JSON: a bracket closes that none opened"}
"""Samples that no platform can run. 67 closes a brace that it never opened."""

CONTINUED = {12: 9}
"""12 goes on from an interaction that it names by a placeholder: the one of 9."""
PICTURE = as_base64((150, 100))
"""A PNG for every <BASE64…>, also where the sample calls it image/jpeg: this API corrects that without a word."""


@pytest.fixture(scope="module")
def ran(platform: Running, sampler: Account) -> dict[int, dict[str, Any]]:
    environment = {**os.environ, "GEMINI_API_KEY": sampler.secret}

    def run(number: int, previous: str = "") -> tuple[int, dict[str, Any]]:
        script = sample(number).read_text()
        assert GOOGLE in script
        script = script.replace(GOOGLE, platform.url).replace("<PREVIOUS_INTERACTION_ID>", previous)
        script = re.sub(r"<BASE64_[A-Z0-9_]*>", PICTURE, script)
        done = subprocess.run(
            ["bash", "-c", script], env=environment, capture_output=True, text=True, timeout=60, check=False
        )
        assert done.returncode == 0, done.stderr
        return number, json.loads(done.stdout)

    first = [number for number in numbers(".sh") if number not in CONTINUED]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers = dict(pool.map(run, first))
    return answers | dict(run(number, answers[before]["id"]) for number, before in CONTINUED.items())


def test_there_are_25() -> None:
    assert numbers(".sh") == sorted({*EXPECTED, *BROKEN})
    assert len(numbers(".sh")) == 25


@pytest.mark.parametrize("number", sorted(EXPECTED))
def test_rest_sample(ran: dict[int, dict[str, Any]], number: int) -> None:
    answer = ran[number]
    assert (answer["object"], answer["status"]) == ("interaction", "completed")
    blocks = [block for step in answer["steps"] if step["type"] == "model_output" for block in step["content"]]
    assert blocks[-1]["type"] == "image"
    with Image.open(io.BytesIO(base64.b64decode(blocks[-1]["data"], validate=True))) as image:
        assert (image.size, image.format) == (EXPECTED[number].pixels, EXPECTED[number].format)
    assert answer.get("previous_interaction_id") == (ran[CONTINUED[number]]["id"] if number in CONTINUED else None)


@pytest.mark.parametrize("number", sorted(BROKEN))
def test_rest_sample_that_is_broken_in_itself(ran: dict[int, dict[str, Any]], number: int) -> None:
    error = ran[number]["error"]
    assert error["code"] == "invalid_request"
    assert error["message"].startswith(BROKEN[number])
