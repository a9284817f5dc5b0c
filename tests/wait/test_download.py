"""Local files that a view has authorised."""

from __future__ import annotations

import json
import os
from pathlib import Path

import httpx
import pytest

from cavendish.wait.asgi import Scope
from cavendish.wait.download import Span, Unsatisfiable, matches, parse_range
from tests.wait.django_like import Headers, Inner

BYTES = os.urandom(700_001)
ETAG = '"abc"'


@pytest.fixture(autouse=True)
def picture(inner: Inner, tmp_path: Path) -> Path:
    path = tmp_path / "ein Bild – ü.png"
    path.write_bytes(BYTES)

    async def content(inner: Inner, scope: Scope, body: bytes) -> tuple[int, Headers, bytes]:
        return (
            200,
            {
                "X-Cavendish-File": json.dumps({"path": str(path)}),
                "Content-Type": "image/png",
                "ETag": ETAG,
                "Link": '</page>; rel="describedby"',
                "Cache-Control": "private, max-age=60",
            },
            b"",
        )

    inner.views["/content"] = content
    return path


async def test_the_whole_file_with_the_views_headers(client: httpx.AsyncClient) -> None:
    answer = await client.get("/content")
    assert answer.status_code == 200
    assert answer.content == BYTES
    assert answer.headers["content-length"] == "700001"
    assert answer.headers["content-type"] == "image/png"
    assert answer.headers["etag"] == ETAG
    assert answer.headers["link"] == '</page>; rel="describedby"'
    assert answer.headers["cache-control"] == "private, max-age=60"
    assert answer.headers["accept-ranges"] == "bytes"
    assert "x-cavendish-file" not in answer.headers


@pytest.mark.parametrize(
    ("asked", "start", "end"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=100-299999", 100, 300_000),
        ("bytes=700000-", 700_000, 700_001),
        ("bytes=-5", 699_996, 700_001),
        ("bytes=-9999999", 0, 700_001),
        ("bytes=5-99999999999", 5, 700_001),
    ],
)
async def test_a_range_is_206(client: httpx.AsyncClient, asked: str, start: int, end: int) -> None:
    answer = await client.get("/content", headers={"Range": asked})
    assert answer.status_code == 206
    assert answer.content == BYTES[start:end]
    assert answer.headers["content-range"] == f"bytes {start}-{end - 1}/700001"
    assert answer.headers["content-length"] == str(end - start)


@pytest.mark.parametrize("asked", ["bytes=700001-", "bytes=700001-700002", "bytes=-0"])
async def test_a_range_outside_the_file_is_416(client: httpx.AsyncClient, asked: str) -> None:
    answer = await client.get("/content", headers={"Range": asked})
    assert answer.status_code == 416
    assert answer.headers["content-range"] == "bytes */700001"
    assert answer.json()["code"] == "range_not_satisfiable"


@pytest.mark.parametrize("asked", ["bytes=0-1,5-6", "items=0-1", "bytes=5-1", "bytes=", "bytes=-", "bytes=a-b"])
async def test_what_is_no_single_range_gets_the_whole_file(client: httpx.AsyncClient, asked: str) -> None:
    answer = await client.get("/content", headers={"Range": asked})
    assert (answer.status_code, len(answer.content)) == (200, 700_001)


@pytest.mark.parametrize(("condition", "status"), [(ETAG, 206), ('"old"', 200), ("W/" + ETAG, 200)])
async def test_if_range(client: httpx.AsyncClient, condition: str, status: int) -> None:
    answer = await client.get("/content", headers={"Range": "bytes=0-9", "If-Range": condition})
    assert answer.status_code == status


async def test_if_none_match_is_304_without_a_body(client: httpx.AsyncClient) -> None:
    answer = await client.get("/content", headers={"If-None-Match": f'"x", W/{ETAG}'})
    assert (answer.status_code, answer.content) == (304, b"")
    assert answer.headers["etag"] == ETAG
    assert answer.headers["link"] == '</page>; rel="describedby"'
    assert "content-type" not in answer.headers
    assert (await client.get("/content", headers={"If-None-Match": '"x"'})).status_code == 200


async def test_head(client: httpx.AsyncClient) -> None:
    answer = await client.head("/content", headers={"Range": "bytes=0-9"})
    assert (answer.status_code, answer.headers["content-length"], answer.content) == (200, "700001", b"")


async def test_an_empty_file(client: httpx.AsyncClient, picture: Path) -> None:
    picture.write_bytes(b"")
    answer = await client.get("/content")
    assert (answer.status_code, answer.headers["content-length"], answer.content) == (200, "0", b"")
    assert (await client.get("/content", headers={"Range": "bytes=0-"})).status_code == 416


async def test_a_file_that_is_gone(client: httpx.AsyncClient, picture: Path) -> None:
    picture.unlink()
    answer = await client.get("/content")
    assert (answer.status_code, answer.json()["code"]) == (500, "storage_unavailable")
    assert str(picture) not in answer.text
    picture.mkdir()
    away = await client.get("/content")
    assert (away.status_code, away.headers["retry-after"]) == (503, "2")


async def test_a_reader_that_leaves_closes_the_file(client: httpx.AsyncClient, picture: Path) -> None:
    picture.write_bytes(b"x" * 50_000_000)
    async with client.stream("GET", "/content") as answer:
        assert answer.headers["content-length"] == "50000000"
    assert (await client.get("/content", headers={"Range": "bytes=0-0"})).content == b"x"
    names = [link.readlink() for link in Path("/proc/self/fd").iterdir() if link.is_symlink() and link.exists()]
    assert picture not in names


def test_parse_range_of_an_empty_file() -> None:
    with pytest.raises(Unsatisfiable):
        parse_range(b"bytes=-1", 0)
    assert parse_range(b"bytes=0-0", 1) == Span(0, 1)


def test_matches() -> None:
    assert matches(b"*", None)
    assert matches(b'W/"a", "b"', b'"a"')
    assert not matches(b'"a"', None)
    assert not matches(b"a", b'"a"')
