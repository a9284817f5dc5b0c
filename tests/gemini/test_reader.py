from __future__ import annotations

import base64
import hashlib
import json
import os
import random
import string
from pathlib import Path
from typing import Any

import pytest

from cavendish.gemini.reader import (
    BadBase64,
    JsonReader,
    MalformedJson,
    ReaderError,
    Spilled,
)
from tests.gemini.helpers import files, read

MEGABYTE = 1024 * 1024


def unspilled(tree: Any) -> Any:
    """The tree with each Spilled leaf turned back into what json.loads would show for it."""
    if isinstance(tree, Spilled):
        content = tree.path.read_bytes()
        assert (tree.size, tree.sha256) == (len(content), hashlib.sha256(content).hexdigest())
        return base64.b64encode(content).decode()
    if isinstance(tree, dict):
        return {key: unspilled(value) for key, value in tree.items()}
    if isinstance(tree, list):
        return [unspilled(value) for value in tree]
    return tree


def random_text(rng: random.Random) -> str:
    alphabet = string.printable + '"\\/é猫😀\x00\u2028NI{}[]:,'
    return "".join(rng.choice(alphabet) for _ in range(rng.choice([0, 1, 5, 40, 300])))


def random_tree(rng: random.Random, depth: int = 0) -> Any:
    kind = rng.randrange(9 if depth < 6 else 6)
    if kind == 0:
        return random_text(rng)
    if kind == 1:
        return rng.choice([True, False, None])
    if kind == 2:
        return rng.randint(-(10**20), 10**20)
    if kind == 3:
        return rng.uniform(-1e9, 1e9)
    if kind in (4, 5):
        return {"data": base64.b64encode(rng.randbytes(rng.choice([0, 1, 2, 3, 500]))).decode()}
    if kind == 6:
        return [random_tree(rng, depth + 1) for _ in range(rng.randrange(5))]
    return {random_text(rng): random_tree(rng, depth + 1) for _ in range(rng.randrange(5))}


@pytest.mark.parametrize("seed", range(300))
def test_reads_what_the_standard_library_reads_whatever_the_borders(seed: int, tmp_path: Path) -> None:
    rng = random.Random(seed)
    tree = [random_tree(rng) for _ in range(4)]
    text = json.dumps(tree, ensure_ascii=rng.random() < 0.5, indent=rng.choice([None, 1]))
    if rng.random() < 0.3:
        text = text.replace("/", "\\/")
    document = text.encode()
    borders = sorted(rng.sample(range(len(document)), min(len(document), rng.choice([0, 1, 3, 50]))))

    value = read(document, tmp_path, borders=borders)

    assert unspilled(value) == json.loads(document)


def test_one_byte_at_a_time(tmp_path: Path) -> None:
    document = b'{"a\\u0062":"\\\\\\"\\ud83d\\ude00", "data":"QUJD\\u003d\\/","x":[1,-2.5e3,{"data":"QUI="}]}'.replace(
        b"\\u003d\\/", b"\\/\\/8\\u003d"
    )

    value = read(document, tmp_path, borders=list(range(1, len(document))))

    assert value["ab"] == '\\"😀'
    assert value["data"].path.read_bytes() == b"ABC\xff\xff"
    assert value["x"][:2] == [1, -2500.0]
    assert value["x"][2]["data"].path.read_bytes() == b"AB"


def test_numbers_keep_their_type(tmp_path: Path) -> None:
    values = read(b"[1, 1.0, 1e2, 12345678901234567890, true, null]", tmp_path)

    assert values == [1, 1.0, 100.0, 12345678901234567890, True, None]
    assert [type(value) for value in values] == [int, float, float, int, bool, type(None)]


def test_a_signature_is_kept_verbatim(tmp_path: Path) -> None:
    signature = base64.b64encode(os.urandom(100_000)).decode()

    value = read(json.dumps({"type": "thought", "signature": signature}).encode(), tmp_path, borders=[50, 70_000])

    assert value == {"type": "thought", "signature": signature}
    assert files(tmp_path) == []


@pytest.mark.parametrize(
    ("body", "content"),
    [
        ("", b""),
        ("QQ==", b"A"),
        ("QQ", b"A"),
        ("QQ=", b"A"),
        ("QUI=", b"AB"),
        ("QUI", b"AB"),
        ("QUJD", b"ABC"),
        ("QUJDRA", b"ABCD"),
        ("--__", b"\xfb\xef\xff"),
        ("_w", b"\xff"),
        ("QUJD\\n", b"ABC"),
        ("-+_/", b"\xfb\xef\xff"),
        ("\\/\\/8=", b"\xff\xff"),
        ("Q\\u0051\\u003d\\u003D", b"A"),
        ("QU\\nJD\\r\\n", b"ABC"),
        ("Q U J D", b"ABC"),
        ("QUJDQQ==\\n", b"ABCA"),
    ],
)
@pytest.mark.parametrize("step", [1, 2, 3, 5, 100])
def test_spellings_of_base64(body: str, content: bytes, step: int, tmp_path: Path) -> None:
    document = f'{{"data":"{body}"}}'.encode()

    value = read(document, tmp_path, borders=list(range(step, len(document), step)))

    assert value["data"].path.read_bytes() == content
    assert value["data"].size == len(content)
    assert value["data"].sha256 == hashlib.sha256(content).hexdigest()


@pytest.mark.parametrize(
    "body",
    [
        "Q",
        "QUJDQ",
        "=",
        "====",
        "Q===",
        "QQ==QQ==",
        "QUJD=",
        "QU\u00e9D",
        "Q!==",
        "QQ==Q",
        "a\\\\b",
        'QU\\"JD',
        "QQ\\u0100",
        "\\q",
    ],
)
@pytest.mark.parametrize("step", [1, 2, 4, 100])
def test_what_is_no_base64_is_refused_and_leaves_nothing(body: str, step: int, tmp_path: Path) -> None:
    document = f'{{"input":[1,{{"type":"image","data":"{body}"}}]}}'.encode()

    with pytest.raises(BadBase64) as caught:
        read(document, tmp_path, borders=list(range(step, len(document), step)))

    assert caught.value.pointer == "/input/1/data"
    assert files(tmp_path) == []


def test_data_before_type_and_mime_type(tmp_path: Path) -> None:
    value = read(b'{"data":"QUJD","type":"image","mime_type":"image/png"}', tmp_path)

    assert (value["type"], value["mime_type"]) == ("image", "image/png")
    assert value["data"].size == 3


def test_a_key_written_with_escapes_is_the_same_key(tmp_path: Path) -> None:
    assert read(b'{"d\\u0061ta":"QUJD"}', tmp_path)["data"].size == 3


@pytest.mark.parametrize(
    "document",
    [
        b'{"metadata":{"data":"not base64!"}}',
        b'{"tools":[{"parameters":{"properties":{"data":"not base64!"}}}]}',
        b'{"data":["not base64!"]}',
        b'{"data":{"text":"not base64!"}}',
        b'["data","not base64!"]',
        b'{"text":"data","b":"not base64!"}',
        b'{"data":12}',
        b'{"data":null}',
    ],
)
def test_what_is_no_picture_stays_as_it_is(document: bytes, tmp_path: Path) -> None:
    assert read(document, tmp_path) == json.loads(document)
    assert files(tmp_path) == []


def test_without_a_sink_everything_stays_in_memory() -> None:
    reader = JsonReader(None)
    reader.feed(b'{"data":"QUJD"}')

    assert reader.close() == {"data": "QUJD"}


def test_a_document_cannot_forge_a_place(tmp_path: Path) -> None:
    for document in (b'{"a":NaN,"data":"QUJD"}', b"[Infinity]", b"[-Infinity]"):
        with pytest.raises(MalformedJson):
            read(document, tmp_path)
    assert read(b'{"a":"NaN","data":"QUJD"}', tmp_path)["a"] == "NaN"


def test_the_last_of_equal_keys_wins_and_the_first_file_goes(tmp_path: Path) -> None:
    value = read(b'{"data":"QUJD","data":"RA==","a":1,"a":2}', tmp_path)

    assert value["data"].path.read_bytes() == b"D"
    assert value["a"] == 2
    assert files(tmp_path) == [value["data"].path]


@pytest.mark.parametrize(
    "document",
    [
        b"",
        b"   ",
        b"{",
        b"}",
        b"[1,]",
        b'{"a":1,}',
        b'{"a" 1}',
        b'{"a":"b',
        b'{"data":"QUJD',
        b'{"data":"QUJD"',
        b'{"data":"QUJD":1}',
        b'{"data"::"QUJD"}',
        b':"x"',
        b'[:"x"]',
        b"{} {}",
        b"[1}",
        b"[01]",
        b"[1e999]",
        b"[" + b"9" * 5000 + b"]",
        b"nul",
        b"<html>",
        b'"\x01"',
        b'"\xff"',
        b'"\xed\xa0\x80"',
        b'"\\ud800"',
        b'"\\udc00\\ud800"',
        b'{"\\ud83d":1}',
        b'"\\x"',
    ],
)
@pytest.mark.parametrize("step", [1, 1000])
def test_what_is_no_json_is_refused_and_leaves_nothing(document: bytes, step: int, tmp_path: Path) -> None:
    with pytest.raises(MalformedJson):
        read(document, tmp_path, borders=list(range(step, len(document), step)))

    assert files(tmp_path) == []


@pytest.mark.parametrize("seed", range(150))
def test_a_damaged_document_is_judged_as_the_standard_library_judges_it(seed: int, tmp_path: Path) -> None:
    rng = random.Random(seed)
    document = bytearray(json.dumps(random_tree(rng, 1)).encode())
    for _ in range(rng.randrange(1, 3)):
        place = rng.randrange(len(document))
        document[place : place + rng.randrange(2)] = bytes([rng.choice(b'{}[],:"\\ 1eN')])

    def strict(text: bytes) -> Any:
        def refuse(name: str) -> Any:
            raise ValueError(name)

        def finite(digits: str) -> float:
            return float(digits) if abs(float(digits)) < float("inf") else refuse(digits)

        return json.loads(text, parse_constant=refuse, parse_float=finite)

    try:
        expected = strict(bytes(document))
    except ValueError:
        with pytest.raises(ReaderError):
            read(bytes(document), tmp_path)
        assert files(tmp_path) == []
        return
    try:
        value = read(bytes(document), tmp_path)
    except BadBase64:
        return
    if b"data" not in document:
        assert value == expected


def test_the_offset_counts_the_bytes_that_were_spilled(tmp_path: Path) -> None:
    picture = base64.b64encode(bytes(3000))
    document = b'{"data":"' + picture + b'","\xc3\xa9":?}'

    with pytest.raises(MalformedJson) as caught:
        read(document, tmp_path, borders=[100, 2000])

    assert caught.value.offset == document.index(b"?")


def test_a_place_that_is_not_known_is_not_told(tmp_path: Path) -> None:
    for document in (b'{"a": 1e400}', b'{"a": "\\ud800"}'):
        with pytest.raises(MalformedJson) as caught:
            read(document, tmp_path)
        assert (caught.value.offset, "byte" in str(caught.value)) == (None, False)


@pytest.mark.parametrize("piece", [1, 2, 3, 7, 50, 1000])
def test_data_urls_are_spilled_under_their_keys(tmp_path: Path, piece: int) -> None:
    """Every other string under these keys stays as it is, whatever it begins with and wherever it is cut."""
    texts = [
        "", "d", "data", "data:", "data:,x", "data:text/plain,a%2Cb", "dato:x;base64,QUJD", "https://x.example/a,b",
        "\\", 'data:"', 'data:\\";base64,QUJD', "data:" + "x" * 400 + ";base64,QUJD", "x" * 1000,
        "data:é,", "\ud83d\ude00,",
    ]  # fmt: skip
    content = os.urandom(5000)
    url = "data:image/png;name=a b;base64," + base64.b64encode(content).decode()
    tree = {"image_url": {"url": url, "detail": "high"}, "other": url[:100], "texts": [{"url": text} for text in texts]}
    document = json.dumps(tree).replace("image/png", "image\\/png").encode()
    borders = list(range(piece, len(document), piece))
    value = read(document, tmp_path, borders=borders, url_keys=frozenset({"url", "image_url"}))
    spilled = value["image_url"].pop("url")
    assert (spilled.path.read_bytes(), spilled.media_type) == (content, "image/png;name=a b")
    assert value == json.loads(json.dumps({**tree, "image_url": {"detail": "high"}}))
    assert len(files(tmp_path)) == 1


def test_a_wrong_data_url_names_its_place(tmp_path: Path) -> None:
    with pytest.raises(BadBase64) as wrong:
        read(b'{"a":[{"url":"data:image/png;base64,!"}]}', tmp_path, url_keys=frozenset({"url"}))
    assert wrong.value.pointer == "/a/0/url"
    assert files(tmp_path) == []
    with pytest.raises(MalformedJson, match=r"at byte 42"):
        read(b'{"url":"data:image/png;base64,QUJD","b":  x}', tmp_path, url_keys=frozenset({"url"}))


@pytest.mark.parametrize("step", [1, 2, 3, 100])
def test_a_byte_order_mark_is_passed_over_and_counted(step: int) -> None:
    def read(data: bytes) -> Any:
        reader = JsonReader(None)
        for at in range(0, len(data), step):
            reader.feed(data[at : at + step])
        return reader.close()

    assert read(b'\xef\xbb\xbf{"a": 1}') == {"a": 1}
    with pytest.raises(MalformedJson) as caught:
        read(b'\xef\xbb\xbf{"a" 1}')
    assert caught.value.offset == 8
    for wrong in (b"\xef", b"\xef\xbb", b"\xef\xbb\xbf", b"{}\xef\xbb\xbf", b"\xef\xbb\xbf\xef\xbb\xbf{}"):
        with pytest.raises(MalformedJson):
            read(wrong)
