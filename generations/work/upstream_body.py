"""The body sent upstream, made of the job's specification: nothing of the client's request goes but what is named."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any, Literal

from django.conf import settings

from cavendish.gemini.client import Blob, GeminiClient
from cavendish.storage import StorageAway, is_outage, objects
from generations.work.job import Job

# What fits inline; a longer video goes through the upstream's file API first.
INLINE_VIDEO_BYTES = 15 * 1024 * 1024
VIDEO_POLL = 1.0
SENT_WHERE_GIVEN: tuple[
    Literal["system_instruction", "response_format", "generation_config", "tools", "safety_settings"], ...
] = ("system_instruction", "response_format", "generation_config", "tools", "safety_settings")


async def body_build(
    job: Job,
    client: GeminiClient,
    *,
    key: str | None,
    history: list[dict[str, Any]] | None,
    background: bool,
) -> dict[str, Any]:
    """Returns the body. `history` are the kept steps of earlier turns, where the upstream lacks the conversation.

    `key` is the fingerprint of the upstream key that files must be uploaded with to be seen.
    """
    spec = job.spec
    steps = [await _step(step, client, key) for step in [*(history or ()), *spec["steps"]]]
    body: dict[str, Any] = {"model": job.model, "input": steps, "store": spec["store"]}
    for name in SENT_WHERE_GIVEN:
        if spec[name]:
            body[name] = spec[name]
    if job.tier == "batch" and settings.GEMINI_BATCH_SERVICE_TIER:
        body["service_tier"] = settings.GEMINI_BATCH_SERVICE_TIER
    previous = spec["previous"]
    if previous and history is None:
        body["previous_interaction_id"] = previous["upstream_id"]
    if background:
        body["background"] = True
    return body


async def _step(step: dict[str, Any], client: GeminiClient, key: str | None) -> dict[str, Any]:
    """Returns a step with its stored pictures as blobs, which the client encodes while it sends."""
    sent = dict(step)
    for name in ("content", "summary"):
        if isinstance(step.get(name), list):
            sent[name] = [await _block(block, client, key) for block in step[name]]
    return sent


async def _block(block: dict[str, Any], client: GeminiClient, key: str | None) -> dict[str, Any]:
    stored = block.get("storage_key")
    if stored is None:
        return block
    blob = Blob(size=block["bytes"], open=lambda: _chunks(objects().read(stored)))
    if block["type"] == "video" and block["bytes"] > INLINE_VIDEO_BYTES:
        file = await client.upload_file(blob=blob, mime_type=block["mime_type"], display_name="video", key=key)
        while file.get("state") == "PROCESSING":
            await asyncio.sleep(VIDEO_POLL)
            file = await client.get_file(file["name"], key=key)
        return {"type": "video", "uri": file["uri"], "mime_type": block["mime_type"]}
    return {"type": block["type"], "mime_type": block["mime_type"], "data": blob}


async def _chunks(source: Iterator[bytes]) -> AsyncIterator[bytes]:
    """Yields what a blocking iterator yields, read in threads. Raises StorageAway where the store cannot be reached."""
    end = object()
    while True:
        try:
            chunk = await asyncio.to_thread(next, source, end)
        except Exception as error:
            if is_outage(error):
                raise StorageAway from error
            raise
        if chunk is end:
            return
        assert isinstance(chunk, bytes)
        yield chunk
