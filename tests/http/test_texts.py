"""Names of files come in the encoding of whoever wrote them, and forms in UTF-8."""

from __future__ import annotations

import io
import time
from typing import Any

import pytest
from django.conf import settings
from django.core.files.uploadhandler import MemoryFileUploadHandler

from cavendish.http.forms import FormParser, _Utf8Heads
from cavendish.http.problems import Problem
from cavendish.http.texts import text_of


@pytest.mark.parametrize(
    ("raw", "text"),
    [("ä日".encode(), "ä日"), ("ä".encode("latin-1"), "ä"), ("–€".encode("cp1252"), "–€"), (b"\x81\xe4", "\x81ä")],
)
def test_every_byte_is_some_letter(raw: bytes, text: str) -> None:
    assert text_of(raw) == text


def parsed(body: bytes, step: int, content_type: str = "multipart/form-data; boundary=b") -> Any:
    """What the parser makes of a body that comes so many bytes at a time."""

    class Slow(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            return super().read(min(step, size or step) if size and size > 0 else step)

    class Request:
        META = {"CONTENT_TYPE": content_type, "CONTENT_LENGTH": "1"}
        encoding = settings.DEFAULT_CHARSET
        upload_handlers = [MemoryFileUploadHandler()]

    return FormParser().parse(Slow(body), content_type, {"request": Request, "encoding": "utf-8"})


def part(head: bytes, data: bytes) -> bytes:
    return b"--b\r\nContent-Disposition: form-data; " + head + b"\r\n\r\n" + data + b"\r\n"


@pytest.mark.parametrize("step", [1, 7, 10_000])
def test_parts_keep_their_bytes_whatever_their_names_are(step: int) -> None:
    data = bytes(range(256)) * 8 + b"\r\n\r\n--c\r\n\xe4\r\n\r\n-"
    body = part(b'name="text"', "日".encode()) + part(b'name="\xe4"; filename="\xe4.png"', data)
    body += part('name="b"; filename="日.png"'.encode(), data) + b"--b--\r\n\xe4"
    form = parsed(b"\xe4" + body, step)
    assert form.data.dict() == {"text": "日"}
    assert {name: (file.name, file.read()) for name, file in form.files.items()} == {
        "ä": ("ä.png", data),
        "b": ("日.png", data),
    }


def test_text_that_is_not_utf_8_is_refused() -> None:
    with pytest.raises(Problem) as caught:
        parsed(part(b'name="prompt"', b"T\xdcR") + b"--b--", 100)
    assert (caught.value.status, '"prompt" is not UTF-8; a file needs' in caught.value.detail) == (400, True)


def test_types_are_the_same_in_any_case_and_need_a_boundary() -> None:
    body = part(b'name="text"', b"x") + b"--b--"
    assert parsed(body, 100, 'Multipart/Form-Data; Boundary="b"').data.dict() == {"text": "x"}
    with pytest.raises(Problem) as caught:
        parsed(body, 100, "multipart/form-data")
    assert (caught.value.status, "no boundary" in caught.value.detail) == (400, True)


def test_a_body_of_borders_takes_no_longer_than_another() -> None:
    body = b"\r\n\r\n--b" * 300_000
    heads, began = _Utf8Heads(io.BytesIO(body), b"b"), time.process_time()
    assert b"".join(iter(lambda: heads.read(64 * 1024), b"")) == body
    assert time.process_time() - began < 2
