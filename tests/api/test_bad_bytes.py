"""Bodies that are no JSON, bytes that are no picture, types that lie; and no body at all makes the API fail."""

from __future__ import annotations

import base64
import json
import random
from typing import Any

import pytest

from tests.api.accounts import FLASH, SMALL, Account, image, picture, text

HEAD = b'{"model": "gemini-3.1-flash-image", "input": '

BODIES: dict[str, tuple[bytes, int, str, str]] = {
    "nothing": (b"", 400, "malformed_json", "empty"),
    "words": (b"hello", 400, "malformed_json", "not JSON"),
    "half": (HEAD, 400, "malformed_json", "not JSON"),
    "two": (b"{}{}", 400, "malformed_json", "not JSON"),
    "comma": (HEAD + b'"x",}', 400, "malformed_json", "not JSON"),
    "single quotes": (b"{'model': 'x'}", 400, "malformed_json", "not JSON"),
    "NaN": (HEAD + b'"x", "max_images": NaN}', 400, "malformed_json", "NaN"),
    "Infinity": (HEAD + b'"x", "max_images": -Infinity}', 400, "malformed_json", "NaN and Infinity"),
    "1e400": (HEAD + b'[{"type": "text", "text": "x", "annotations": 1e400}]}', 400, "malformed_json", "out of range"),
    "5000 digits": (HEAD + b'"x", "max_images": ' + b"9" * 5000 + b"}", 400, "malformed_json", "out of range"),
    "surrogate": (HEAD + b'"\\ud800"}', 400, "malformed_json", 'half of a surrogate pair in "/input"'),
    "surrogate name": (HEAD + b'"x", "metadata": {"\\udfff": "x"}}', 400, "malformed_json", "surrogate"),
    "bad UTF-8": (HEAD + b'"\xff\xfe"}', 400, "malformed_json", "UTF-8"),
    "encoded surrogate": (HEAD + b'"\xed\xa0\x80"}', 400, "malformed_json", "UTF-8"),
    "UTF-16": (json.dumps({"model": FLASH}).encode("utf-16"), 400, "malformed_json", ""),
    "line feed": (HEAD + b'"a\nb"}', 400, "malformed_json", "control character (at byte "),
    "65 lists": (HEAD + b"[" * 70 + b"]" * 70 + b"}", 400, "too_deep", "too deeply"),
    "200 kB of brackets": (b"[" * 200_000, 400, "too_deep", "too deeply"),
    "200 kB of objects": (b'{"a":' * 40_000, 400, "too_deep", "too deeply"),
    "list": (b"[]", 422, "invalid_request", "a list; it takes an object"),
    "string": (b'"x"', 422, "invalid_request", "it takes an object"),
    "null": (b"null", 422, "invalid_request", "it takes an object"),
    "the last of two": (b'{"model": "x", "model": "gemini-3.1-flash-image", "input": ""}', 422, "invalid_request",
                        "input is empty"),
}  # fmt: skip


@pytest.mark.parametrize("path", ["/api/v1/generations", "/api/v1/quotes"])
@pytest.mark.parametrize("name", BODIES)
def test_a_body_that_is_no_request(reader: Account, name: str, path: str) -> None:
    body, status, code, word = BODIES[name]
    with reader.untouched():
        answer = reader.post(path, content=body, headers={"Content-Type": "application/json"})
        reader.refused(answer, status, code, None, None, word)


@pytest.mark.parametrize("content_type", ["", "text/plain", "application/x-www-form-urlencoded", "image/png", "x=ü"])
def test_a_request_is_read_as_json_whatever_its_content_type_says(account: Account, content_type: str) -> None:
    """`curl -d` names a form's type; the bytes decide."""
    body = json.dumps({"model": FLASH, "input": "x", "response_format": SMALL}).encode()
    headers = {**account.headers, "Content-Type": content_type, "Prefer": "wait=30"}
    raw = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
    answer = account.http.post("/api/v1/generations", content=body, headers=raw)
    assert (answer.status_code, answer.json()["status"]) == (200, "succeeded")


def test_a_form_is_no_request(reader: Account) -> None:
    with reader.untouched():
        reader.refused(reader.post("/api/v1/generations", data={"model": FLASH}), 400, "malformed_json")
        reader.refused(reader.post("/api/v1/generations", files={"x": b"x"}), 400, "malformed_json")


def cut(data: bytes, share: float) -> bytes:
    return data[: int(len(data) * share)]


JPEG = picture(640, 480, "JPEG")
MEDIA: dict[str, tuple[dict[str, Any], str, str, str]] = {
    "not base64": ({"type": "image", "data": "%%%"}, "data", "bad_base64", "base64"),
    "odd base64": ({"type": "image", "data": "AAAAA"}, "data", "bad_base64", "base64"),
    "a data URL": ({"type": "image", "data": "data:image/png;base64,AAAA"}, "data", "bad_base64", 'without "data:'),
    "empty": ({"type": "image", "data": ""}, "data", "empty", "empty"),
    "a number": ({"type": "image", "data": 7}, "data", "wrong_type", "base64 string"),
    "text": (image(b"hello, I am no picture"), "data", "not_an_image", "no known type"),
    "SVG": (image(b'<svg xmlns="http://www.w3.org/2000/svg"/>'), "data", "not_an_image", "image/png"),
    "PDF": (image(b"%PDF-1.7\n"), "data", "not_an_image", "pdf"),
    "half a PNG": (image(cut(picture(), 0.5)), "data", "truncated", "ends too early"),
    "half a JPEG": (image(cut(JPEG, 0.5)), "data", "truncated", "ends too early"),
    "only a signature": (image(b"\x89PNG\r\n\x1a\n"), "data", "truncated", "ends too early"),
    "a bomb": (image(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\1\0\0\0\1\0\0\x08\x02\0\0\0" + bytes(40)), "data", "", ""),
    "a lie": (image(JPEG, mime_type="image/png"), "mime_type", "mime_type_mismatch", "use image/jpeg"),
    "a type not taken": (image(mime_type="image/svg+xml"), "mime_type", "not_supported", "image/png"),
    "a type as number": (image(mime_type=7), "mime_type", "wrong_type", "a string"),
    "a picture as video": ({**image(), "type": "video"}, "data", "not_a_video", "video/mp4"),
    "an empty id": ({"type": "image", "file_id": ""}, "file_id", "wrong_type", "a string"),
    "an empty address": ({"type": "image", "uri": ""}, "uri", "wrong_type", "a string"),
}


@pytest.mark.parametrize("name", MEDIA)
def test_bytes_that_are_not_what_they_are_said_to_be(reader: Account, name: str) -> None:
    block, field, code, word = MEDIA[name]
    with reader.untouched():
        # a good picture before it must not stay behind
        answer = reader.submit(input=[text(), image(), block])
        problem = reader.refused(answer, 422, "invalid_request", None, None, word)
        [error] = problem["errors"]
        assert error["pointer"] == f"/input/2/{field}"
        assert not code or error["code"] == code


@pytest.mark.parametrize(
    ("data", "mime_type", "code", "word"),
    [
        (b"hello", "image/png", "not_media", "picture or video"),
        (picture(), "image/jpeg", "mime_type_mismatch", "use image/png"),
        (picture(), "garbage", "mime_type_mismatch", "use image/png"),
        (cut(picture(), 0.5), "image/png", "truncated", "ends too early"),
        (b"%PDF-1.7\n", "application/pdf", "not_media", "pdf"),
        (b"", "image/png", "empty", "empty"),
    ],
)
def test_an_upload_that_is_not_what_it_is_said_to_be(
    reader: Account, data: bytes, mime_type: str, code: str, word: str
) -> None:
    with reader.untouched():
        answer = reader.post("/api/v1/files", files={"file": ("x.png", data, mime_type)})
        reader.refused(answer, 422, "invalid_request", "/file", code, word)


def test_an_upload_that_is_no_upload(reader: Account) -> None:
    form = {"Content-Type": "multipart/form-data; boundary=x"}
    with reader.untouched():
        missing = ("/file", "required", 'field "file"')
        named = reader.refused(reader.post("/api/v1/files", files={"picture": picture()}), 422, "invalid_request")
        assert [error["pointer"] for error in named["errors"]] == ["/file", "/picture"]
        reader.refused(reader.post("/api/v1/files", content=b"xx", headers=form), 422, "invalid_request", *missing)
        json_body = reader.post("/api/v1/files", json={})
        reader.refused(json_body, 415, "unsupported_media_type", None, None, "multipart/form-data")
        reader.refused(reader.post("/api/v1/files", data={"file": "x"}), 415, "unsupported_media_type")
        file = ("file", ("x.png", picture(), "image/png"))
        reader.refused(reader.post("/api/v1/files", files=[file, file]), 422, "invalid_request", "/file", "too_many")
        more = reader.post("/api/v1/files", files=[file], data={"purpose": "vision"})
        reader.refused(more, 422, "invalid_request", "/purpose", "unknown_field")
        no_border = {"Content-Type": "multipart/form-data"}
        reader.refused(reader.post("/api/v1/files", content=b"xx", headers=no_border), 400, "malformed_request")
        part = b'--x\r\ncontent-disposition: form-data; name="a%d"\r\n\r\nv\r\n'
        many = b"".join(part % number for number in range(1500)) + b"--x--\r\n"
        reader.refused(reader.post("/api/v1/files", content=many, headers=form), 400, "bad_request")
        long = part % 1 + b"v" * 3_000_000 + b"\r\n--x--\r\n"
        reader.refused(reader.post("/api/v1/files", content=long, headers=form), 413, "too_large")


ODD: list[Any] = [
    None, True, False, 0, -1, 1.5, 10**30, "", " ", "x", "\0", "1:1", [], [[]], {}, [{}], {"type": "image"},
    {"type": "text", "text": "x"}, {"": ""}, ["a"] * 3, "é" * 90, {"type": ["image"]}, {"type": {"a": 1}}, "../../etc",
    {"type": "UNKNOWN", "raw": {"type": "text", "text": "x"}}, {"role": "user", "content": []}, "gen_" + "0" * 32,
]  # fmt: skip
WHOLE: dict[str, Any] = {
    "model": FLASH,
    "input": [
        {"type": "user_input", "content": [text(), image(picture(8, 8), role="object")]},
        {"type": "thought", "summary": [text("hm")], "signature": "c2ln"},
        {"type": "google_search_call", "id": "1", "arguments": {"queries": ["q"]}, "search_type": "web_search"},
        {"type": "google_search_result", "call_id": "1", "result": [{"search_suggestions": "<b>"}], "is_error": False},
        {"type": "model_output", "content": [{"type": "text", "text": "x", "annotations": [{"a": 1}]}]},
        {"type": "user_input", "content": "more"},
    ],
    "system_instruction": "be kind",
    "response_format": [{"type": "text"}, {"type": "image", "aspect_ratio": "1:1", "image_size": "512"}],
    "generation_config": {"thinking_level": "high", "temperature": 1, "stop_sequences": ["x"], "seed": 1},
    "tools": [{"type": "google_search", "search_types": ["web_search"]}],
    "max_images": 1,
    "previous_generation_id": "gen_" + "0" * 32,
    "store": True,
    "metadata": {"a": "b"},
    "safety_settings": [{"type": "harassment", "threshold": "off", "method": "severity"}],
}


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path] * bool(path) + [place for key, item in inner for place in places(item, (*path, key))]


def mutated(dice: random.Random) -> Any:
    body = json.loads(json.dumps(WHOLE))
    for _ in range(dice.choice((1, 1, 2, 3))):
        *path, last = dice.choice(places(body))
        parent = body
        for key in path:
            parent = parent[key]
        if dice.random() < 0.3:
            del parent[last]
        else:
            parent[last] = dice.choice(ODD)
    return body


@pytest.mark.parametrize("seed", range(4))
def test_no_body_makes_the_api_fail(account: Account, seed: int) -> None:
    """Quotes take the same way as generations up to the hold; `ask` asserts that no answer is a 5xx."""
    dice = random.Random(seed)
    seen = set()
    with account.untouched():
        for _ in range(60):
            answer = account.post("/api/v1/quotes", json=mutated(dice))
            seen.add(answer.status_code)
            assert len(answer.content) < 4000
    assert seen <= {200, 404, 422}
    assert 422 in seen


def test_a_picture_of_a_form_that_browsers_send_is_read(account: Account) -> None:
    made = account.file(base64.b64decode(base64.b64encode(picture(3, 5))))
    assert (made["width"], made["height"], made["name"]) == (3, 5, "x.png")
