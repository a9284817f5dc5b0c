"""Requests as trees, and what is wrong with them."""

from __future__ import annotations

import base64
import hashlib
import io
import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from cavendish.gemini.reader import Spilled
from cavendish.http.problems import FieldError, Problem
from generations.request import Dialect, GenerationRequest, body_read, request_parse

FLASH = "gemini-3.1-flash-image"
LITE = "gemini-3.1-flash-lite-image"
PRO = "gemini-3-pro-image"
OLD = "gemini-2.5-flash-image"


def errors_of(body: Any, dialect: Dialect = "native") -> list[FieldError]:
    """The errors of the one problem that `body` leads to."""
    with pytest.raises(Problem) as caught:
        request_parse(body, dialect=dialect)
    assert (caught.value.status, caught.value.code) == (422, "invalid_request")
    assert len(caught.value.body()) <= 4000
    return caught.value.errors


def parse(dialect: Dialect = "native", **body: Any) -> GenerationRequest:
    return request_parse({"model": FLASH, "input": "a cat", **body}, dialect=dialect)


def image(**fields: Any) -> dict[str, Any]:
    return {"type": "image", "file_id": "file_1", **fields}


def text(value: str = "a cat") -> dict[str, Any]:
    return {"type": "text", "text": value}


def picture(size: tuple[int, int] = (64, 48), format: str = "PNG", **options: Any) -> bytes:
    file = io.BytesIO()
    noise = Image.effect_noise(size, 50).convert("P" if format == "GIF" else "RGB")
    noise.save(file, format, **options)
    return file.getvalue()


def inline(data: bytes) -> str:
    return base64.b64encode(data).decode()


def spilled(directory: Path, data: bytes, name: str = "input") -> Spilled:
    path = directory / name
    path.write_bytes(data)
    return Spilled(path=path, size=len(data), sha256=hashlib.sha256(data).hexdigest(), c2pa_hint=False)


def read(directory: Path, body: Any, *, max_bytes: int = 10**8) -> dict[str, Any]:
    """`body` as it would arrive over the wire: through the streaming reader."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return body_read(io.BytesIO(raw), spool=directory, max_bytes=max_bytes)
