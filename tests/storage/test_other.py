"""What the platform needs of a bucket, at an S3 server that is not ours, and what it makes of one that fails."""

from __future__ import annotations

import hashlib
import os
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from django.conf import settings

from cavendish.boot.config import ConfigurationError
from cavendish.storage.objects import ObjectMissing, Objects, is_outage, objects_at
from cavendish.storage.startup import PATIENCE, refuse_unusable_store
from cavendish.up.ports import free_port
from tests.storage.other import LOGIN, s3rver
from tests.storage.s3 import bucket

CONTENT = os.urandom(300_000)
LARGE = 20_000_000
"""Beyond what boto3 sends at once."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with s3rver(tmp_path_factory.mktemp("s3rver"), "pictures") as address:
        yield address


@pytest.fixture(autouse=True)
def _login(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {**LOGIN, "AWS_MAX_ATTEMPTS": "1"}.items():
        monkeypatch.setenv(name, value)


def url_of(address: str, name: str = "pictures", prefix: str = "prefix") -> str:
    return f"s3://{name}/{prefix}?endpoint_url={address}&region_name=us-east-1"


@pytest.fixture
def store(server: str) -> Objects:
    return objects_at(url_of(server), direct_url=server)


def put(store: Objects, folder: Path, key: str, content: bytes = CONTENT) -> None:
    path = folder / "spooled"
    path.write_bytes(content)
    store.keep(path, key)
    assert not path.exists()


def test_bytes_come_back_whole_in_parts_and_not_at_all(store: Objects, tmp_path: Path) -> None:
    put(store, tmp_path, "tenants/a/one.png")
    put(store, tmp_path, "tenants/a/one.png")
    assert b"".join(store.read("tenants/a/one.png")) == CONTENT
    assert b"".join(store.read("tenants/a/one.png", start=1000, length=500)) == CONTENT[1000:1500]
    assert b"".join(store.read("tenants/a/one.png", start=299_990)) == CONTENT[-10:]
    store.delete("tenants/a/one.png")
    store.delete("tenants/a/one.png")
    with pytest.raises(ObjectMissing):
        b"".join(store.read("tenants/a/one.png"))
    assert store.fault() == ""


def test_a_large_picture_goes_up_in_parts(store: Objects, tmp_path: Path) -> None:
    content = os.urandom(1_000_000) * (LARGE // 1_000_000)
    put(store, tmp_path, "tenants/a/large.png", content)
    digest = hashlib.sha256()
    for chunk in store.read("tenants/a/large.png"):
        digest.update(chunk)
    assert digest.digest() == hashlib.sha256(content).digest()


def test_a_listing_knows_its_prefix_alone(server: str, store: Objects, tmp_path: Path) -> None:
    keys = ["tenants/b/1.png", "tenants/b/2.png", "tenants/bb/3.png"]
    for key in keys:
        put(store, tmp_path, key, key.encode())
    put(objects_at(url_of(server, prefix="another")), tmp_path, "tenants/b/4.png")
    found = list(store.listing("tenants/b/"))
    assert [(item.key, item.bytes) for item in found] == [(key, len(key)) for key in keys[:2]]
    assert all(abs(item.modified - time.time()) < 60 for item in found)


def test_a_client_reads_by_a_signed_address(store: Objects, tmp_path: Path) -> None:
    put(store, tmp_path, "tenants/a/signed.png")
    address = store.address("tenants/a/signed.png", seconds=60, mime_type="image/png", disposition="inline")
    assert address
    got = httpx.get(address)
    assert (got.content, got.headers["Content-Type"]) == (CONTENT, "image/png")
    assert httpx.get(address, headers={"Range": "bytes=0-9"}).content == CONTENT[:10]


def test_a_process_starts_with_a_bucket_that_is_there_or_away_and_not_with_none(
    server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for address in (server, f"http://127.0.0.1:{free_port(0)}"):
        monkeypatch.setattr(settings, "STORAGE_URL", url_of(address))
        refuse_unusable_store()
    monkeypatch.setattr(settings, "STORAGE_URL", url_of(server, "nowhere"))
    with pytest.raises(ConfigurationError, match="STORAGE_URL cannot be used: there is no bucket nowhere"):
        refuse_unusable_store()


def failure(address: str, folder: Path) -> list[BaseException]:
    """What each call says of a store that fails."""
    found: list[BaseException] = []
    store = objects_at(url_of(address))
    path = folder / "spooled"
    path.write_bytes(CONTENT)
    for call in (
        lambda: store.keep(path, "tenants/a/1.png"),
        lambda: b"".join(store.read("tenants/a/1.png")),
        lambda: store.delete("tenants/a/1.png"),
        store.fault,
        lambda: list(store.listing("tenants/")),
    ):
        try:
            call()
        except Exception as error:
            found.append(error)
    assert path.exists(), "what is not stored stays in the spool"
    return found


def test_a_store_that_refuses_answers_503_or_is_not_there_is_away(tmp_path: Path) -> None:
    nowhere = failure(f"http://127.0.0.1:{free_port(0)}", tmp_path)
    with bucket() as broken:
        broken.refuses = 503
        slow_down = failure(broken.url, tmp_path)
    assert (len(nowhere), len(slow_down)) == (5, 5)
    assert all(map(is_outage, [*nowhere, *slow_down])), (nowhere, slow_down)


def test_a_bucket_that_says_nothing_holds_no_start_up(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=16) as mute:
        monkeypatch.setattr(settings, "STORAGE_URL", url_of(f"http://127.0.0.1:{mute.getsockname()[1]}"))
        began = time.monotonic()
        refuse_unusable_store()
        assert time.monotonic() - began < PATIENCE + 2
