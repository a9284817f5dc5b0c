"""Bodies as they arrive: pictures go to the spool, and what cannot be read leaves nothing there."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest

from cavendish.gemini.reader import Spilled
from cavendish.http.problems import Problem
from generations.request import body_read
from tests.request.helpers import FLASH, inline, picture, read


def problem_of(directory: Path, body: Any, *, max_bytes: int = 10**6) -> Problem:
    with pytest.raises(Problem) as caught:
        read(directory, body, max_bytes=max_bytes)
    assert not directory.exists() or list(directory.iterdir()) == []
    return caught.value


def with_data(data: str) -> dict[str, Any]:
    return {"model": FLASH, "input": [{"type": "image", "data": data}]}


def test_inline_pictures_land_in_the_spool(tmp_path: Path) -> None:
    data = picture((900, 700))
    tree = read(tmp_path / "spool", with_data(inline(data)))
    leaf = tree["input"][0]["data"]

    assert isinstance(leaf, Spilled)
    assert leaf.path.read_bytes() == data
    assert leaf.path.parent == tmp_path / "spool"
    assert tree["model"] == FLASH


def test_metadata_may_have_a_key_called_data(tmp_path: Path) -> None:
    assert read(tmp_path, {"metadata": {"data": "no base64!"}}) == {"metadata": {"data": "no base64!"}}


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"", 400, "malformed_json"),
        (b"   ", 400, "malformed_json"),
        (b"{", 400, "malformed_json"),
        (b'{"a": 1,}', 400, "malformed_json"),
        (b'{"a": NaN}', 400, "malformed_json"),
        (b"not json", 400, "malformed_json"),
        (b'{"a": "\xff"}', 400, "malformed_json"),
        (b'{"a": "\\ud800"}', 400, "malformed_json"),
        (b'{"a":' * 100 + b"1" + b"}" * 100, 400, "too_deep"),
        (b'{"a": ' + b"[" * 100_000, 400, "too_deep"),
        (json.dumps({"a": "x" * 2_000_000}).encode(), 413, "too_large"),
        (b"[1]", 422, "invalid_request"),
        (b'"a cat"', 422, "invalid_request"),
    ],
)
def test_bodies_that_cannot_be_read(body: bytes, status: int, code: str, tmp_path: Path) -> None:
    problem = problem_of(tmp_path, body)

    assert (problem.status, problem.code) == (status, code)
    assert len(problem.body()) < 1000


@pytest.mark.parametrize("data", ["not base64!", "AAAAA", "AAAA*AAA", "=AAA"])
def test_undecodable_base64_is_told_with_its_place(data: str, tmp_path: Path) -> None:
    problem = problem_of(tmp_path / "spool", with_data(data))

    assert [(error.pointer, error.code) for error in problem.errors] == [("/input/0/data", "bad_base64")]
    assert problem.status == 422


def test_a_picture_before_the_mistake_is_deleted(tmp_path: Path) -> None:
    good = json.dumps(with_data(inline(picture())))

    assert problem_of(tmp_path / "spool", (good[:-1] + ",").encode()).code == "malformed_json"


def test_the_limit_names_the_way_out(tmp_path: Path) -> None:
    problem = problem_of(tmp_path / "spool", with_data(inline(picture((900, 700)))), max_bytes=10_000)

    assert (problem.status, problem.extra) == (413, {"limit": 10_000})
    assert "upload" in problem.detail


def test_a_client_that_goes_away_leaves_nothing(tmp_path: Path) -> None:
    class Broken(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            chunk = super().read(1000)
            if not chunk:
                raise OSError("gone")
            return chunk

    body = json.dumps(with_data(inline(picture()))).encode()[:-10]
    with pytest.raises(OSError, match="gone"):
        body_read(Broken(body), spool=tmp_path, max_bytes=10**6)
    assert list(tmp_path.iterdir()) == []
