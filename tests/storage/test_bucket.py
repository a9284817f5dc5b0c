"""Bytes in a bucket over HTTP: stored whole, read in ranges, and read by clients themselves where that is allowed."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from django.http import HttpRequest
from django.http.response import HttpResponseBase, StreamingHttpResponse

from cavendish.storage.objects import Objects, is_outage, objects_at
from generations.show.ranges import RangeMiddleware
from generations.show.stored_bytes import bytes_response
from tests.storage.s3 import Bucket, bucket

CONTENT = bytes(range(256)) * 64
SHA256 = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> Iterator[Bucket]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    with bucket() as server:
        yield server


@pytest.fixture
def kept(store: Bucket, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., Objects]:
    """The store with one object; `query` are further options of its URL."""

    def make(content: bytes = CONTENT, *, query: str = "", direct: str = "") -> Objects:
        url = f"s3://pictures/prefix?endpoint_url={store.url}&region_name=us-east-1{query}"
        made = objects_at(url, direct_url=direct)
        path = tmp_path / "one"
        path.write_bytes(content)
        made.keep(path, "tenants/a/one.png")
        monkeypatch.setattr("generations.show.stored_bytes.objects", lambda: made)
        return made

    return make


def answer(method: str = "GET", signed_until: int | None = None, **headers: str) -> HttpResponseBase:
    request = HttpRequest()
    request.method = method
    request.META.update({f"HTTP_{name.upper()}": value for name, value in headers.items()})
    return RangeMiddleware(
        lambda _: bytes_response(
            "tenants/a/one.png",
            mime_type="image/png",
            size=len(CONTENT),
            sha256=SHA256,
            name="one.png",
            page="https://images.example.com/g/x",
            signed_until=signed_until,
        )
    )(request)


def read(response: HttpResponseBase) -> bytes:
    assert isinstance(response, StreamingHttpResponse)
    return b"".join(response.streaming_content)  # type: ignore[arg-type]


def test_bytes_come_back_whole_and_in_ranges(kept: Callable[..., Objects]) -> None:
    kept()
    whole = answer()
    assert (whole.status_code, whole.headers["Accept-Ranges"]) == (200, "bytes")
    assert whole.headers["Content-Length"] == str(len(CONTENT))
    assert read(whole) == CONTENT
    for asked, start, end in (("bytes=0-9", 0, 10), ("bytes=100-", 100, len(CONTENT)), ("bytes=-5", -5, len(CONTENT))):
        part = answer(range=asked)
        assert part.status_code == 206
        start %= len(CONTENT)
        assert part.headers["Content-Range"] == f"bytes {start}-{end - 1}/{len(CONTENT)}"
        assert part.headers["Content-Length"] == str(end - start)
        assert read(part) == CONTENT[start:end]


def test_validators_and_wrong_ranges(kept: Callable[..., Objects]) -> None:
    kept()
    same = answer(if_none_match=f'"{SHA256}"')
    assert (same.status_code, same.headers["ETag"]) == (304, f'"{SHA256}"')
    outside = answer(range=f"bytes={len(CONTENT)}-")
    assert (outside.status_code, outside.headers["Content-Range"]) == (416, f"bytes */{len(CONTENT)}")
    assert read(answer(range="bytes=0-1", if_range='"another"')) == CONTENT
    assert read(answer(range="lines=0-1")) == CONTENT


def test_clients_read_the_bucket_themselves_where_that_is_allowed(store: Bucket, kept: Callable[..., Objects]) -> None:
    kept(direct=store.url)
    soon = int(time.time()) + 600
    led = answer(signed_until=soon)
    assert led.status_code == 307
    assert led.headers["Link"].startswith("<https://images.example.com/g/x>")
    assert led.headers["Access-Control-Allow-Origin"] == "*"
    assert "no-store" in led.headers["Cache-Control"]
    query = parse_qs(urlsplit(led.headers["Location"]).query)
    assert 500 < int(query["X-Amz-Expires"][0]) <= 600
    got = httpx.get(led.headers["Location"])
    assert (got.content, got.headers["Content-Type"]) == (CONTENT, "image/png")
    # A key is no address: its bytes pass through.
    assert read(answer()) == CONTENT


def test_uploads_say_how_they_are_kept_and_large_ones_come_in_parts(
    store: Bucket, kept: Callable[..., Objects]
) -> None:
    kept(query="&server_side_encryption=AES256&storage_class=STANDARD_IA")
    said = {name.lower(): value for name, value in store.headers["prefix/tenants/a/one.png"].items()}
    assert said["x-amz-server-side-encryption"] == "AES256"
    assert said["x-amz-storage-class"] == "STANDARD_IA"
    large = CONTENT * 1100  # 18 MB: beyond what boto3 sends at once
    kept(large)
    assert len(store.parts) == 1
    assert store.objects["prefix/tenants/a/one.png"] == large


def test_a_bucket_that_refuses_is_an_outage(store: Bucket, kept: Callable[..., Objects]) -> None:
    made = kept()
    store.refuses = 503
    with pytest.raises(Exception, match=r"503|SlowDown") as raised:
        b"".join(made.read("tenants/a/one.png"))
    assert is_outage(raised.value)
