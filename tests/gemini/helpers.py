"""What the tests of the reader and the client share."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

from cavendish.gemini.client import (
    Blob,
    GeminiClient,
    Interaction,
    KeyPool,
)
from cavendish.gemini.reader import JsonReader, Spilled, SpoolSink
from tests.gemini.upstream import Upstream

SECRET = "AIzaSyTheSecretOfTheTestsThatNobodyMaySee"
BODY = {"model": "gemini-3.1-flash-image", "input": "a red fox, and nobody may read this"}


@asynccontextmanager
async def client_of(server: Upstream, *secrets: str, **options: Any) -> AsyncIterator[GeminiClient]:
    client = GeminiClient(
        base_url=server.url,
        **{"keys": KeyPool(secrets or (SECRET,)), "connect_timeout": 2, "read_timeout": 5, **options},
    )
    try:
        yield client
    finally:
        await client.aclose()


def soon(seconds: float = 20.0) -> float:
    return asyncio.get_running_loop().time() + seconds


def blob(content: bytes, piece: int = 1000, claimed: int | None = None) -> Blob:
    async def open() -> AsyncIterator[bytes]:
        for start in range(0, len(content), piece):
            yield content[start : start + piece]

    return Blob(size=len(content) if claimed is None else claimed, open=open)


def picture_of(interaction: Interaction) -> Spilled:
    (picture,) = [block["data"] for step in interaction.steps for block in step["content"] if block["type"] == "image"]
    assert isinstance(picture, Spilled)
    return picture


def files(directory: Path) -> list[Path]:
    return sorted(directory.iterdir()) if directory.exists() else []


async def until(condition: Callable[[], bool]) -> None:
    for _ in range(500):
        if condition():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it never happened")


def read(document: bytes, directory: Path, *, borders: list[int] | None = None, **options: Any) -> Any:
    """The tree of a document that is fed in pieces with these borders."""
    reader = JsonReader(SpoolSink(directory, max_bytes=64 * 1024 * 1024), **options)
    for start, end in pairwise([0, *(borders or []), len(document)]):
        reader.feed(document[start:end])
    return reader.close()
