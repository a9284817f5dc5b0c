"""Wrong values over HTTP: status, code, pointer and the words that help; and nothing is held, stored or left behind.

All of one kind of check is in tests/request; here each line of the contract goes through the real API once.
"""

from __future__ import annotations

from typing import Any, cast

import pytest

from tests.api.accounts import FLASH, LITE, OLD, PRO, SMALL, Account, image, picture, text

REFERENCE = image(picture(8, 8))
VIDEO = {"type": "video", "uri": "https://youtu.be/UTdfxFyOQTI"}
SEARCH = {"type": "google_search"}
SHAPE = "/response_format"


def shape(**fields: Any) -> dict[str, Any]:
    return {"response_format": {"type": "image", **fields}}


# body, pointer, code, words
CASES: dict[str, tuple[dict[str, Any], str, str, tuple[str, ...]]] = {
    "1k": (shape(image_size="1k"), f"{SHAPE}/image_size", "unknown_value", ("use 1K", "512, 1K, 2K and 4K")),
    "512px": (shape(image_size="512px"), f"{SHAPE}/image_size", "unknown_value", ("use 512",)),
    "0.5K": (shape(image_size="0.5K"), f"{SHAPE}/image_size", "unknown_value", ("use 512",)),
    "size as number": (shape(image_size=512), f"{SHAPE}/image_size", "unknown_value", ("use 512 (a string)",)),
    "8K": (shape(image_size="8K"), f"{SHAPE}/image_size", "unknown_value", ("takes 512, 1K, 2K and 4K",)),
    "1:8 on Pro": ({"model": PRO, **shape(aspect_ratio="1:8")}, f"{SHAPE}/aspect_ratio", "not_supported",
                   (PRO, "16:9 or 21:9", f"taken by {FLASH}")),
    "7:3": (shape(aspect_ratio="7:3"), f"{SHAPE}/aspect_ratio", "unknown_value", ("16:9",)),
    "16x9": (shape(aspect_ratio="16x9"), f"{SHAPE}/aspect_ratio", "unknown_value", ("use 16:9",)),
    "2K on Lite": ({"model": LITE, **shape(image_size="2K")}, f"{SHAPE}/image_size", "not_supported", ("use 1K",)),
    "512 on Pro": ({"model": PRO, **shape(image_size="512")}, f"{SHAPE}/image_size", "not_supported",
                   ("1K, 2K or 4K",)),
    "webp": (shape(mime_type="image/webp"), f"{SHAPE}/mime_type", "not_supported", ("image/png or image/jpeg",)),
    "search on Lite": ({"model": LITE, "tools": [SEARCH]}, "/tools/0", "not_supported",
                       (LITE, "does not search", FLASH)),
    "search on 2.5": ({"model": OLD, "tools": [SEARCH]}, "/tools/0", "not_supported", (OLD, "does not search")),
    "image search on Pro": ({"model": PRO, "tools": [{**SEARCH, "search_types": ["image_search"]}]},
                            "/tools/0/search_types/0", "not_supported", ("no image_search", "web_search", FLASH)),
    "search type": ({"tools": [{**SEARCH, "search_types": ["websearch"]}]}, "/tools/0/search_types/0", "unknown_value",
                    ("web_search",)),
    "no search type": ({"tools": [{**SEARCH, "search_types": []}]}, "/tools/0/search_types", "empty", ("web_search",)),
    "other tool": ({"tools": [{"type": "code_execution"}]}, "/tools/0/type", "not_supported", ("google_search",)),
    "video on Pro": ({"model": PRO, "input": [VIDEO, text()]}, "/input/0/type", "not_supported", (PRO, f"use {FLASH}")),
    "video on Lite": ({"model": LITE, "input": [VIDEO, text()]}, "/input/0/type", "not_supported", (f"use {FLASH}",)),
    "video on 2.5": ({"model": OLD, "input": [VIDEO, text()]}, "/input/0/type", "not_supported", (f"use {FLASH}",)),
    "audio": ({"input": [{"type": "audio", "data": "AAAA"}, text()]}, "/input/0/type", "not_supported",
              ("audio", "text, image or video")),
    "document": ({"input": [{"type": "document", "data": "AAAA"}, text()]}, "/input/0/type", "not_supported",
                 ("document",)),
    "15th reference": ({"input": [text(), *[REFERENCE] * 15]}, "/input/15", "too_many", ("at most 14", "15 are given")),
    "15th on Pro": ({"model": PRO, "input": [text(), *[REFERENCE] * 15]}, "/input/15", "too_many", ("at most 14",)),
    "4th picture on 2.5": ({"model": OLD, "input": [text(), *[REFERENCE] * 4]}, "/input/4", "too_many", ("at most 3",)),
    "4th style on Pro": ({"model": PRO, "input": [text(), *[{**REFERENCE, "role": "style"}] * 4]}, "/input/4/role",
                         "too_many", ("at most 3", "style")),
    "7th object on Pro": ({"model": PRO, "input": [text(), *[{**REFERENCE, "role": "object"}] * 7]}, "/input/7/role",
                          "too_many", ("at most 6", "object")),
    "6th character on Pro": ({"model": PRO, "input": [text(), *[{**REFERENCE, "role": "character"}] * 6]},
                             "/input/6/role", "too_many", ("at most 5", "character")),
    "unknown role": ({"input": [text(), {**REFERENCE, "role": "person"}]}, "/input/1/role", "unknown_value",
                     ("object, character",)),
    "unknown model": ({"model": "gemini-3.1-flash-imge"}, "/model", "unknown_model", (f"did you mean {FLASH}?",)),
    "no model": ({"model": None}, "/model", "required", (FLASH,)),
    "empty model": ({"model": ""}, "/model", "unknown_model", (FLASH,)),
    "model as list": ({"model": [FLASH]}, "/model", "wrong_type", ("a string",)),
    "level": ({"generation_config": {"thinking_level": "medium"}}, "/generation_config/thinking_level", "not_supported",
              ("minimal or high",)),
    "level on Pro": ({"model": PRO, "generation_config": {"thinking_level": "high"}},
                     "/generation_config/thinking_level", "not_supported", (f"{PRO} always thinks", "leave it out")),
    "level on 2.5": ({"model": OLD, "generation_config": {"thinking_level": "high"}},
                     "/generation_config/thinking_level", "not_supported", (f"{OLD} does not think",)),
    "temperature": ({"generation_config": {"temperature": 3}}, "/generation_config/temperature", "out_of_range",
                    ("from 0 to 2",)),
    "empty input": ({"input": ""}, "/input", "empty", ("at least one text",)),
    "blank input": ({"input": " \n"}, "/input", "empty", ("at least one text",)),
    "empty list": ({"input": []}, "/input", "empty", ("at least one text",)),
    "empty text": ({"input": [text("")]}, "/input", "empty", ("at least one text",)),
    "no input": ({"input": None}, "/input", "required", ("give a text",)),
    "input as number": ({"input": 7}, "/input", "wrong_type", ("input is 7",)),
    "a set": ({"input": [{}]}, "/input/0/type", "required", ("JavaScript Set",)),
    "two sources": ({"input": [{**REFERENCE, "file_id": "file_x"}]}, "/input/0", "conflict", ("exactly one of",)),
    "no source": ({"input": [{"type": "image"}]}, "/input/0", "required", ("data, uri, file_id or output_id",)),
    "unknown field": ({"promt": "x"}, "/promt", "unknown_field", ('"promt" is not a field here',)),
    "prompt": ({"prompt": "x"}, "/prompt", "unknown_field", ("did you mean input?",)),
    "n": ({"n": 9}, "/n", "out_of_range", ("from 1 to 8",)),
    "aspect_ratio outside": ({"aspect_ratio": "1:1"}, "/aspect_ratio", "unknown_field",
                             ("response_format.aspect_ratio",)),
    "stream": ({"stream": True}, "/stream", "unknown_field", ("/events",)),
    "inner unknown field": (shape(imagesize="1K"), f"{SHAPE}/imagesize", "unknown_field",
                            ("did you mean image_size?",)),
    "max_images": ({"max_images": 0}, "/max_images", "out_of_range", ("from 1 to",)),
    "huge number": ({"max_images": 10**300}, "/max_images", "out_of_range", ("a very large number",)),
    "half a picture": ({"max_images": 1.5}, "/max_images", "wrong_type", ("a whole number",)),
    "store": ({"store": "yes"}, "/store", "wrong_type", ("true or false",)),
    "metadata value": ({"metadata": {"a": 1}}, "/metadata/a", "wrong_type", ("a string",)),
    "metadata keys": ({"metadata": {str(n): "x" for n in range(17)}}, "/metadata", "too_many", ("at most 16",)),
    "metadata pointer": ({"metadata": {"a/b~c": 1}}, "/metadata/a~1b~0c", "wrong_type", ()),
    "NUL": ({"input": "a\0b"}, "/input", "unknown_value", ("U+0000",)),
    "NUL in metadata": ({"metadata": {"a": "\0"}}, "/metadata/a", "unknown_value", ("U+0000",)),
    "NUL in a name": ({"metadata": {"a\0": "x"}}, "/metadata", "unknown_value", ("U+0000",)),
    "NUL in a reference": ({"input": [text("x\0"), REFERENCE]}, "/input/0/text", "unknown_value", ("U+0000",)),
    "too long": ({"input": "x" * 3_000_000}, "/input", "too_long", ("750000", "takes at most")),
    "previous as number": ({"previous_generation_id": 7}, "/previous_generation_id", "wrong_type", ("a string",)),
    "list of lists": ({"input": [[text()]]}, "/input/0", "wrong_type", ("This is a list",)),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_a_wrong_value_is_named_and_costs_nothing(reader: Account, name: str) -> None:
    body, pointer, code, words = CASES[name]
    with reader.untouched():
        reader.refused(reader.submit(**body), 422, "invalid_request", pointer, code, *words)


def test_a_quote_refuses_what_a_generation_refuses(reader: Account) -> None:
    with reader.untouched():
        for name in ("1k", "15th reference", "unknown model", "search on Lite"):
            body, pointer, code, words = CASES[name]
            answer = reader.post("/api/v1/quotes", json={"model": FLASH, "input": "a cat", **body})
            reader.refused(answer, 422, "invalid_request", pointer, code, *words)


def test_all_wrong_values_are_told_at_once_in_less_than_4_kB(reader: Account) -> None:
    with reader.untouched():
        answer = reader.submit(
            model=PRO,
            input=[VIDEO, {"type": "audio"}],
            response_format={"type": "image", "image_size": "1k", "aspect_ratio": "1:8"},
            generation_config={"thinking_level": "high"},
        )
        problem = reader.refused(answer, 422, "invalid_request")
        assert [error["pointer"] for error in problem["errors"]] == [
            "/input/1/type",
            "/response_format/aspect_ratio",
            "/response_format/image_size",
            "/input/0/type",
            "/generation_config/thinking_level",
        ]
        assert problem["detail"].startswith("5 values are wrong; the first: ")
        many = reader.submit(**cast("dict[str, Any]", {f"wrong_{number}": "x" * 500 for number in range(300)}))
        assert reader.refused(many, 422, "invalid_request")["detail"].endswith("errors are shown.")


# input, pointer, code, words
URLS: dict[str, tuple[str, str, str]] = {
    "http://127.0.0.1/x.png": ("url_refused", "loopback", ""),
    "https://127.0.0.1/x.png": ("url_refused", "loopback", ""),
    "https://localhost/x.png": ("url_refused", "loopback", ""),
    "https://[::1]/x.png": ("url_refused", "loopback", ""),
    "https://[::ffff:127.0.0.1]/x.png": ("url_refused", "loopback", ""),
    "https://0x7f000001/x.png": ("url_refused", "", ""),
    "https://2130706433/x.png": ("url_refused", "", ""),
    "https://10.0.0.7/x.png": ("url_refused", "private", ""),
    "https://192.168.1.1/x.png": ("url_refused", "private", ""),
    "https://169.254.169.254/latest/meta-data": ("url_refused", "", ""),
    "https://[fd00::1]/x.png": ("url_refused", "", ""),
    "https://user:pass@example.com/x.png": ("url_refused", "user name or password", ""),
    "https://example.com:8443/x.png": ("url_refused", "", ""),
    "http://example.com/x.png": ("url_refused", "https", ""),
    "ftp://example.com/x.png": ("url_refused", "https", ""),
    "file:///etc/passwd": ("url_refused", "https", ""),
    "gs://bucket/x.png": ("url_refused", "upload the file", ""),
    "data:image/png;base64,AAAA": ("url_refused", "data", "mime_type"),
    "https://nowhere.invalid/x.png": ("url_unreachable", "", ""),
    "https://youtu.be/UTdfxFyOQTI": ("not_supported", "video", ""),
    "x.png": ("url_refused", "", ""),
}


@pytest.mark.parametrize("url", URLS)
def test_a_url_that_must_not_be_fetched(reader: Account, url: str) -> None:
    code, *words = URLS[url]
    with reader.untouched():
        answer = reader.submit(input=[text(), {"type": "image", "uri": url}])
        reader.refused(answer, 422, "invalid_request", "/input/1/uri", code, *words)


def test_what_a_key_may_not_use_is_refused_before_its_pictures_are_looked_at(account: Account) -> None:
    bound = account.key(allowed_models=[LITE])
    with account.untouched():
        answer = bound.submit(input=[text(), image(b"no picture")])
        account.refused(answer, 403, "model_not_allowed", "/model", "model_not_allowed", f"may use: {LITE}")
        quote = bound.post("/api/v1/quotes", json={"model": FLASH, "input": "x", "response_format": SMALL})
        account.refused(quote, 403, "model_not_allowed")
