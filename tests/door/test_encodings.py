"""Bodies that come compressed: unpacked for every reader, within the limits of what they unpack to."""

from __future__ import annotations

import gzip
import json
import time
import zlib
from collections.abc import Callable
from typing import Any

import pytest

from cavendish.http.problems import Problem
from cavendish.wait.unpacking import MOST_MEMBERS, PIECE_BYTES, Unpacking, coding_of
from tests.api.accounts import picture
from tests.door.conftest import MB, Door
from tests.door.raw import Answer, Raw, aside, connected
from tests.door.test_judgement import ask, words
from tests.factories import make_key, make_tenant

Pack = Callable[[bytes], bytes]


def bare(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


PACKERS: dict[str, list[Pack]] = {
    "gzip": [gzip.compress, lambda data: gzip.compress(data[:7]) + gzip.compress(data[7:])],
    "deflate": [zlib.compress, bare],
}
WAYS = [(coding, pack) for coding, packs in PACKERS.items() for pack in packs]


def unpacked(coding: str, data: bytes, step: int) -> bytes:
    unpacking = Unpacking(coding)
    pieces = [piece for at in range(0, len(data), step) for piece in unpacking.pieces(data[at : at + step])]
    unpacking.close()
    assert all(0 < len(piece) <= PIECE_BYTES for piece in pieces)
    return b"".join(pieces)


@pytest.mark.parametrize(("coding", "pack"), WAYS)
@pytest.mark.parametrize("step", [1, 1000, MB])
def test_what_was_packed_is_unpacked_in_small_pieces(coding: str, pack: Pack, step: int) -> None:
    for data in (b"x" * 8, json.dumps(list(range(2000))).encode(), bytes(3 * MB)):
        assert unpacked(coding, pack(data), step) == data


@pytest.mark.parametrize(("coding", "pack"), WAYS)
def test_what_is_cut_or_none_is_refused(coding: str, pack: Pack) -> None:
    whole = pack(b"some words " * 100)
    for wrong in (b"", whole[:1], whole[:-1], b'{"model": "x"}', whole + b"more"):
        with pytest.raises(Problem) as caught:
            unpacked(coding, wrong, 10)
        assert (caught.value.status, caught.value.code) == (400, "malformed_encoding")


def test_empty_members_come_to_an_end() -> None:
    with pytest.raises(Problem):
        unpacked("gzip", gzip.compress(b"") * (MOST_MEMBERS + 1), MB)


@pytest.mark.parametrize(
    ("value", "coding"),
    [(b"gzip", "gzip"), (b"X-GZIP", "gzip"), (b" deflate ", "deflate"), (b"identity", None), (b"", None)],
)
def test_codings_by_their_names(value: bytes, coding: str | None) -> None:
    assert coding_of({"headers": [(b"Content-Encoding", value)]}) == coding
    assert coding_of({"headers": []}) is None


def form(field: str, data: bytes, **fields: str) -> tuple[str, bytes]:
    parts = [f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{text}\r\n' for name, text in fields.items()]
    head = f'--b\r\nContent-Disposition: form-data; name="{field}"; filename="a.png"\r\nContent-Type: image/png\r\n\r\n'
    return "multipart/form-data; boundary=b", ("".join(parts) + head).encode() + data + b"\r\n--b--\r\n"


def json_body(value: Any) -> tuple[str, bytes]:
    return "application/json", json.dumps(value).encode()


async def send(raw: Raw, path: str, secret: str, coding: str, kind: str, body: bytes) -> Answer:
    head = (f"Content-Type: {kind}", f"Content-Encoding: {coding}", f"Content-Length: {len(body)}")
    return await ask(raw, "POST", path, *head, key=secret, body=body)


MODEL = "gemini-3.1-flash-image"
LINE = b'{"key": "a", "request": {"model": "%s", "input": "x"}}\n' % MODEL.encode()
READERS = [
    ("/api/v1/quotes", json_body({"model": MODEL, "input": "x"}), 200),
    ("/api/v1/collections", json_body({"name": "of a small body"}), 201),
    ("/api/v1/files", form("file", picture()), 201),
    ("/api/v1/batches", json_body({"items": [{"key": "a", "request": {"model": MODEL, "input": "x"}}]}), 201),
    ("/v1beta/interactions", json_body({"model": MODEL, "input": "x", "background": True}), 200),
    (f"/v1/models/{MODEL}:countTokens", json_body({"contents": [{"parts": [{"text": "x"}]}]}), 200),
    ("/openai/v1/images/edits", form("image", picture(), model=MODEL, prompt=""), 400),
]


async def test_every_reader_takes_them(door: Door) -> None:
    _, secret = await aside(lambda: make_key(make_tenant()))
    async with door() as (port, layer), connected(port) as raw:
        for path, (kind, body), status in READERS:
            answer = await send(raw, path, secret, "gzip", kind, gzip.compress(body))
            assert answer.status == status, (path, answer.body)
            # OpenAI's form was read: it is the prompt that is refused.
            assert status != 400 or words(answer)["error"]["param"] == "prompt"
            assert layer._bodies.taken == 0


async def test_every_reader_takes_bodies_without_a_length(door: Door) -> None:
    _, secret = await aside(lambda: make_key(make_tenant()))
    async with door() as (port, _), connected(port) as raw:
        for path, (kind, body), status in READERS:
            for coding, sent in (("identity", body), ("gzip", gzip.compress(body))):
                chunks = b"".join(
                    b"%x\r\n%s\r\n" % (len(sent[at : at + 90]), sent[at : at + 90]) for at in range(0, len(sent), 90)
                )
                head = (f"Content-Type: {kind}", f"Content-Encoding: {coding}", "Transfer-Encoding: chunked")
                answer = await ask(raw, "POST", path, *head, key=secret, body=chunks + b"0\r\n\r\n")
                assert answer.status == status, (path, answer.body)
                assert status != 400 or words(answer)["error"]["param"] == "prompt"


@pytest.mark.parametrize("charset", ["latin-1", "utf-16", "idna", "bz2_codec", "hex", "undefined", "none-of-all"])
async def test_a_charset_changes_nothing(door: Door, charset: str) -> None:
    _, secret = await aside(lambda: make_key(make_tenant()))
    async with door() as (port, _), connected(port) as raw:
        for path, (kind, body), status in READERS:
            answer = await send(raw, f"{path}?x=%ff", secret, "identity", f"{kind}; charset={charset}", body)
            assert answer.status == status, (path, answer.body)


async def test_others_are_415_and_told_which_are_taken(door: Door) -> None:
    _, secret = await aside(lambda: make_key(make_tenant()))
    async with door() as (port, _):
        for path, _, _ in READERS:
            for coding in ("br", "zstd", "gzip, gzip"):
                async with connected(port) as raw:
                    head = f"Content-Encoding: {coding}", "Content-Length: 6", "Expect: 100-continue"
                    answer = await ask(raw, "POST", path, *head, key=secret)
                    assert (answer.status, answer.headers["accept-encoding"]) == (415, "gzip, deflate"), path
                    assert coding in answer.body.decode()


async def test_a_bomb_is_refused_at_the_limit_and_the_loop_goes_on(door: Door) -> None:
    _, secret = await aside(lambda: make_key(make_tenant()))
    bomb = gzip.compress(bytes(64 * MB), 9)
    assert len(bomb) < MB // 10
    async with door(request=4 * MB) as (port, layer), connected(port) as raw:
        began = time.process_time()
        answer = await send(raw, "/api/v1/generations", secret, "gzip", "application/json", bomb)
        assert (answer.status, words(answer)["code"]) == (413, "body_too_large")
        assert "unpacked" in words(answer)["detail"]
        # Unpacking all of it takes longer.
        assert time.process_time() - began < 1
        assert layer._bodies.taken == 0


JSON_READERS = [(path, body, status) for path, (kind, body), status in READERS if kind == "application/json"]
MARK = b"\xef\xbb\xbf"


async def test_json_may_begin_with_a_mark_and_is_utf_8(door: Door) -> None:
    _, secret = await aside(lambda: make_key(make_tenant()))
    async with door() as (port, _), connected(port) as raw:
        for path, body, status in JSON_READERS:
            text = body.decode()
            wide = [text.encode(name) for name in ("utf-16", "utf-16-le", "utf-16-be", "utf-32")]
            for sent in (MARK + body, MARK, *wide):
                answer = await send(raw, path, secret, "identity", "application/json", sent)
                assert answer.status == (status if sent.endswith(body) else 400), path
                assert ("send UTF-8" in answer.body.decode()) == (sent in wide), path
