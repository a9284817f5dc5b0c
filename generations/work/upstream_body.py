"""The body sent up, rebuilt from the plan: nothing of the client's request goes upstream but what is named here."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any

from django.conf import settings

from cavendish.gemini.client import Blob, GeminiClient
from cavendish.storage import StorageAway, is_outage, objects
from generations.work.job import Job

# What fits inline; a longer video goes through the upstream's file API first.
INLINE_VIDEO_BYTES = 15 * 1024 * 1024
VIDEO_POLL = 1.0


async def body_build(
    job: Job,
    client: GeminiClient,
    *,
    key: str | None,
    history: list[dict[str, Any]] | None,
    background: bool,
) -> dict[str, Any]:
    """`history` are the kept steps of earlier turns, sent where the upstream does not hold the conversation.

    `key` is the fingerprint of the upstream key that files must be uploaded with to be seen.
    """
    plan = job.plan
    steps = [await _step(step, client, key) for step in [*(history or ()), *plan["steps"]]]
    body: dict[str, Any] = {"model": job.model, "input": steps, "store": plan["store"]}
    for name in ("system_instruction", "response_format", "generation_config", "tools", "safety_settings"):
        if plan.get(name):
            body[name] = plan[name]
    if job.tier == "batch" and settings.GEMINI_BATCH_SERVICE_TIER:
        body["service_tier"] = settings.GEMINI_BATCH_SERVICE_TIER
    previous = plan.get("previous")
    if previous and history is None:
        body["previous_interaction_id"] = previous["upstream_id"]
    if background:
        body["background"] = True
    return body


async def _step(step: dict[str, Any], client: GeminiClient, key: str | None) -> dict[str, Any]:
    """A step with its stored pictures as blobs, which the client encodes while it sends."""
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
    """A blocking iterator read in threads, a chunk at a time. Raises StorageAway where the store cannot be reached."""
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
