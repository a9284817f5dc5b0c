from __future__ import annotations

import io
from typing import Any

import httpx
from PIL import Image

from generations.models import GenerationContent
from tests.api.accounts import FLASH, Account, Json, uuid_of

SMALL = {"imageConfig": {"imageSize": "512", "aspectRatio": "1:1"}}
"""The generationConfig that is made fastest."""


def size_of(data: bytes) -> tuple[int, int]:
    return Image.open(io.BytesIO(data)).size


def user(*parts: Any) -> Json:
    return {"role": "user", "parts": [{"text": part} if isinstance(part, str) else part for part in parts]}


def ask(
    account: Account, *contents: Any, method: str = "generateContent", model: str = FLASH, **body: Any
) -> httpx.Response:
    """`contents` are turns, or one prompt."""
    turns = [user(turn) if isinstance(turn, str) else turn for turn in contents]
    return account.post(f"/v1beta/models/{model}:{method}", json={"contents": turns, **body})


def candidate_of(answer: httpx.Response) -> Json:
    assert answer.status_code == 200, answer.text
    [candidate] = answer.json()["candidates"]
    found: Json = candidate
    return found


def content_of(account: Account, public: str) -> GenerationContent:
    with account.books.open():
        found: GenerationContent = GenerationContent.objects.get(pk=uuid_of(public))
    return found


def signatures(steps: list[Json]) -> list[str]:
    return [step["signature"] for step in steps if step.get("signature")]
