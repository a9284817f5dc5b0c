"""Reads a response, document or stream, into an Interaction with its pictures in files."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable

import httpx

from cavendish.gemini.client._errors import BrokenAnswer, GeminiError
from cavendish.gemini.client._http import chunks
from cavendish.gemini.client._interaction import Assembler, Interaction, from_document
from cavendish.gemini.client._keys import Key
from cavendish.gemini.reader import (
    JsonReader,
    ReaderError,
    Spilled,
    SpoolSink,
    SseReader,
    TooDeep,
    TooLarge,
    spilled_in,
)

OnId = Callable[[str, str], Awaitable[None]]

_DRAIN = 0.5  # seconds for the end of a stream after [DONE], so that its connection can be used again


async def read_interaction(
    response: httpx.Response, sink: SpoolSink, key: Key, on_id: OnId | None = None
) -> Interaction:
    """Returns the interaction in a response, whose Content-Type decides how it is read.

    On any error, cancellation included, no file is left. Raises GeminiError.
    """
    kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    try:
        if kind == "application/json":
            return await _read_document(response, sink, key, on_id)
        if kind == "text/event-stream":
            return await _read_stream(response, sink, key, on_id)
    except (TooLarge, TooDeep):
        raise BrokenAnswer("the upstream's response is too large", code="too_large") from None
    except ReaderError as error:
        message = f"the upstream's response is malformed: {error.message}"
        raise BrokenAnswer(message, code="malformed", retryable=True) from None
    raise BrokenAnswer("the upstream's response is neither JSON nor a stream", code="malformed", retryable=True)


async def _read_document(response: httpx.Response, sink: SpoolSink, key: Key, on_id: OnId | None) -> Interaction:
    reader = JsonReader(sink)
    try:
        async for chunk in chunks(response):
            reader.feed(chunk)
        interaction = from_document(reader.close())
        if on_id is not None and interaction.id:
            await on_id(interaction.id, key.fingerprint)
    except BaseException:
        reader.abort()
        raise
    return interaction


async def _read_stream(response: httpx.Response, sink: SpoolSink, key: Key, on_id: OnId | None) -> Interaction:
    reader, assembler = SseReader(sink), Assembler()
    reported_id = ""
    pictures: list[Spilled] = []
    try:
        stream = chunks(response)
        async for chunk in stream:
            for event in reader.feed(chunk):
                pictures += (picture for _, picture in spilled_in(event))
                assembler.add(event)
                if on_id is not None and assembler.id not in ("", reported_id):
                    reported_id = assembler.id
                    await on_id(reported_id, key.fingerprint)
            if reader.done:
                break
        reader.close()
        if not assembler.complete(reader.done):
            raise BrokenAnswer("the upstream's stream ended too early", code="cut", retryable=True)
        interaction = assembler.interaction()
        _discard_repeated(pictures, interaction)
        await _drain(stream)
    except BaseException:
        reader.abort()
        raise
    return interaction


async def _drain(stream: AsyncGenerator[bytes, None]) -> None:
    try:
        async with asyncio.timeout(_DRAIN):
            async for _ in stream:
                pass
    except (TimeoutError, GeminiError):
        pass
    finally:
        await stream.aclose()


def _discard_repeated(pictures: list[Spilled], interaction: Interaction) -> None:
    # The last event may contain the steps once more.
    kept = {picture.path for _, picture in spilled_in([interaction.steps, interaction.raw])}
    for picture in pictures:
        if picture.path not in kept:
            picture.path.unlink(missing_ok=True)
