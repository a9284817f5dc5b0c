"""Documents for anybody: built once, tagged, compressed, and answered without Django."""

from __future__ import annotations

import asyncio
import gzip
import json

import brotli
import pytest

from cavendish.wait import WaitLayer
from cavendish.wait.documents import Documents, Variant, _document
from tests.door.conftest import Door
from tests.door.raw import Answer, Raw, connected

OPENAPI = "/api/v1/openapi.json"


async def get(raw: Raw, path: str, *headers: str, method: str = "GET") -> Answer:
    await raw.send("\r\n".join([f"{method} {path} HTTP/1.1", "Host: localhost", *headers, "", ""]).encode())
    return await raw.answer()


def inner_calls(layer: WaitLayer) -> list[str]:
    """The paths that Django is asked for from now on."""
    calls: list[str] = []
    inner = layer._documents._inner

    async def counting(scope: object, receive: object, send: object) -> None:
        calls.append(scope["path"])  # type: ignore[index]
        await inner(scope, receive, send)  # type: ignore[arg-type]

    layer._documents._inner = counting
    return calls


async def test_the_document_is_built_once_and_revalidated(door: Door) -> None:
    async with door() as (port, layer), connected(port) as raw:
        calls = inner_calls(layer)
        first = await get(raw, OPENAPI)
        assert first.status == 200
        assert json.loads(first.body)["openapi"] == "3.1.0"
        assert first.headers["cache-control"] == "public, max-age=300"
        assert first.headers["content-type"].startswith("application/vnd.oai.openapi+json")
        assert first.headers["vary"] == "Accept-Encoding"
        assert first.headers["x-content-type-options"] == "nosniff"
        tag = first.headers["etag"]
        assert tag.startswith('"')
        again = await get(raw, OPENAPI, f"If-None-Match: {tag}")
        assert (again.status, again.body, again.headers["etag"]) == (304, b"", tag)
        assert "content-type" not in again.headers
        assert (await get(raw, OPENAPI, 'If-None-Match: "other"')).status == 200
        # No question makes it anew, whatever it asks beside.
        for query in ("?x=1", "?format=yaml", "?lang=de", f"?key={'a' * 100}"):
            assert (await get(raw, OPENAPI + query)).headers["etag"] == tag
        assert calls == [OPENAPI]


async def test_it_comes_compressed_with_a_tag_of_its_own(door: Door) -> None:
    async with door() as (port, _), connected(port) as raw:
        plain = await get(raw, OPENAPI)
        tags = {plain.headers["etag"]}
        for accepted, coding, unpack in (
            ("gzip", "gzip", gzip.decompress),
            ("gzip, deflate, br, zstd", "br", brotli.decompress),
            ("br;q=0, gzip;q=0.5", "gzip", gzip.decompress),
            ("*", "br", brotli.decompress),
        ):
            packed = await get(raw, OPENAPI, f"Accept-Encoding: {accepted}")
            assert packed.headers["content-encoding"] == coding
            assert unpack(packed.body) == plain.body
            assert len(packed.body) < len(plain.body) / 5
            tags.add(packed.headers["etag"])
            same = await get(raw, OPENAPI, f"Accept-Encoding: {accepted}", f"If-None-Match: {packed.headers['etag']}")
            assert same.status == 304
        assert len(tags) == 3
        for accepted in ("identity", "deflate", "gzip;q=0", ""):
            assert "content-encoding" not in (await get(raw, OPENAPI, f"Accept-Encoding: {accepted}")).headers


async def test_pages_and_files_are_kept_with_djangos_headers(door: Door) -> None:
    async with door() as (port, layer), connected(port) as raw:
        calls = inner_calls(layer)
        for _ in range(2):
            page = await get(raw, "/api/v1/docs")
            assert page.headers["content-type"].startswith("text/html")
            assert "script-src 'self'" in page.headers["content-security-policy"]
            assert page.headers["x-frame-options"] == "DENY"
            script = await get(raw, "/api/v1/docs?script=")
            assert script.headers["content-type"].startswith("application/javascript")
            assert b"/api/v1/openapi.json" in script.body
            assert b'request.headers["X-CSRFTOKEN"] = ""' in script.body
            assert b"localhost" not in script.body + page.body
            style = await get(raw, "/static/console/console.css?v=2", "Accept-Encoding: br")
            assert (style.headers["content-encoding"], style.headers["content-type"]) == (
                "br",
                'text/css; charset="utf-8"',
            )
            assert "public" in style.headers["cache-control"]
        assert calls == ["/api/v1/docs", "/api/v1/docs", "/static/console/console.css"]


async def test_head_has_the_length_and_no_body(door: Door) -> None:
    async with door() as (port, _), connected(port) as raw:
        whole = await get(raw, OPENAPI)
        await raw.send(f"HEAD {OPENAPI} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        head = await raw.reader.readuntil(b"\r\n\r\n")
        assert f"content-length: {len(whole.body)}".encode() in head
        assert (await get(raw, OPENAPI)).body == whole.body


async def test_what_is_no_document_is_not_asked_of_django(door: Door) -> None:
    async with door() as (port, layer), connected(port) as raw:
        calls = inner_calls(layer)
        assert (await get(raw, "/static/nowhere.js")).status == 404
        assert (await get(raw, "/static/../secret")).status == 404
        assert (await get(raw, OPENAPI, method="DELETE")).status == 405
        assert calls == []


async def test_many_at_once_wait_for_one_building(door: Door) -> None:
    async with door() as (port, layer):
        calls = inner_calls(layer)

        async def one() -> bytes:
            async with connected(port) as raw:
                return (await get(raw, OPENAPI)).body

        bodies = await asyncio.gather(*(one() for _ in range(20)))
        assert len(set(bodies)) == 1
        assert calls == [OPENAPI]


async def test_a_building_goes_on_when_the_first_who_asked_has_gone(door: Door) -> None:
    async with door() as (port, layer):
        calls = inner_calls(layer)
        async with connected(port) as raw:
            await raw.send(f"GET {OPENAPI} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
            await asyncio.sleep(0.05)
        async with connected(port) as raw:
            assert (await get(raw, OPENAPI)).status == 200
        assert calls == [OPENAPI]


async def answered(status: int, *headers: tuple[bytes, bytes], body: bytes = b"x") -> Documents:
    async def inner(scope: object, receive: object, send: object) -> None:
        await send({"type": "http.response.start", "status": status, "headers": list(headers)})  # type: ignore[operator]
        await send({"type": "http.response.body", "body": body})  # type: ignore[operator]

    return Documents(inner)


@pytest.mark.parametrize(
    ("status", "headers"),
    [(404, ()), (301, ()), (200, ((b"Vary", b"Cookie"),)), (200, ((b"Set-Cookie", b"a=b"),)), (503, ())],
)
async def test_what_is_not_the_same_for_all_is_not_kept(status: int, headers: tuple[tuple[bytes, bytes], ...]) -> None:
    documents = await answered(status, *headers)
    scope = {"method": "GET", "path": OPENAPI, "headers": [], "query_string": b"", "root_path": ""}
    assert not await documents.answer(scope, None)  # type: ignore[arg-type]
    assert documents._kept == {}


async def test_what_is_too_large_is_answered_and_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cavendish.wait.documents.MOST_BYTES", 10)
    documents = await answered(200, (b"Content-Type", b"image/png"), body=b"x" * 11)
    sent = []

    async def send(message: object) -> None:
        sent.append(message)

    scope = {"method": "GET", "path": OPENAPI, "headers": [], "query_string": b"", "root_path": ""}
    assert await documents.answer(scope, send)
    assert documents._kept == {}
    assert sent[1]["body"] == b"x" * 11  # type: ignore[index]


def test_pictures_and_small_bodies_are_not_compressed() -> None:
    for body, kind in ((b"x" * 10_000, b"image/png"), (b"x" * 100, b"text/css")):
        document = _document(body, [(b"Content-Type", kind)])
        assert set(document.variants) == {"identity"}
        assert isinstance(document.variant_for("gzip, br"), Variant)
