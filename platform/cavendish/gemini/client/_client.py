"""Calls to the Gemini API: interactions and files."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote, urlsplit

from cavendish.gemini.client._body import Blob, Body, exactly
from cavendish.gemini.client._errors import BrokenAnswer, Rejected
from cavendish.gemini.client._http import Connections, chunks, document
from cavendish.gemini.client._interaction import Interaction
from cavendish.gemini.client._keys import Key, KeyPool
from cavendish.gemini.client._read import OnId, read_interaction
from cavendish.gemini.client._retry import OnRetry, with_retries
from cavendish.gemini.client._tries import OnTry, Try
from cavendish.gemini.reader import SpoolSink, spilled_in

T = TypeVar("T")

_FIRST_POLL = 0.2
_SLOWEST_POLL = 2.0
_SMALL_CALL = 120.0  # seconds for calls that do not wait for a picture
_JSON = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream"}


class GeminiClient:
    """The client of one upstream; a process needs one. Timeouts are in seconds, deadlines in the event loop's time.

    `max_answer_bytes` bounds the pictures of one response.
    """

    def __init__(
        self,
        *,
        base_url: str,
        keys: KeyPool,
        connect_timeout: float = 10.0,
        read_timeout: float = 300.0,
        api_version: str = "v1beta",
        max_answer_bytes: int = 512 * 1024 * 1024,
    ) -> None:
        self._keys = keys
        self._version = api_version
        self._max_answer_bytes = max_answer_bytes
        self._http = Connections(base_url=base_url, connect_timeout=connect_timeout, read_timeout=read_timeout)

    async def aclose(self) -> None:
        await self._http.aclose()

    async def create_interaction(
        self,
        body: Mapping[str, Any],
        *,
        spool: Path,
        deadline: float,
        key: str | None = None,
        on_id: OnId | None = None,
        on_retry: OnRetry | None = None,
        on_try: OnTry | None = None,
        max_tries: int = 4,
        max_delay: float = 8.0,
    ) -> Interaction:
        """Sends `body`, whose pictures may be Blobs. Returns the interaction, with its pictures in files below `spool`.

        `key` is the fingerprint of the key that the conversation began with. `on_id(id, fingerprint)` is awaited as
        soon as the upstream names the interaction. The response itself says whether it is a document or a stream.
        With `background` it may be unfinished: see `get_interaction`. Raises GeminiError; then no file is left.
        """
        encoded = Body(body)

        async def attempt(chosen: Key, tried: Try) -> Interaction:
            async with self._http.request(
                "POST",
                self._path("interactions"),
                key=chosen,
                headers={**_JSON, "Content-Length": str(encoded.length)},
                content=encoded.stream(),
                tried=tried,
            ) as response:
                return await read_interaction(response, self._sink(spool), chosen, on_id)

        return await with_retries(
            attempt,
            keys=self._keys,
            prefer=key,
            deadline=deadline,
            max_tries=max_tries,
            max_delay=max_delay,
            idempotent=False,
            on_retry=on_retry,
            on_try=on_try,
        )

    async def get_interaction(
        self,
        id: str,
        *,
        key: str | None,
        spool: Path,
        deadline: float,
        wait: bool = False,
        on_retry: OnRetry | None = None,
        on_try: OnTry | None = None,
        max_tries: int = 4,
        max_delay: float = 8.0,
    ) -> Interaction:
        """Returns a stored interaction. With `wait` it is followed, as a stream or by polling, until it is finished."""

        async def get(stream: bool) -> Interaction:
            async def attempt(chosen: Key, tried: Try) -> Interaction:
                async with self._http.request(
                    "GET",
                    self._path("interactions", id) + f"?stream={'true' if stream else 'false'}",
                    key=chosen,
                    headers=_JSON,
                    tried=tried,
                ) as response:
                    return await read_interaction(response, self._sink(spool), chosen)

            return await with_retries(
                attempt,
                keys=self._keys,
                prefer=key,
                deadline=deadline,
                max_tries=max_tries,
                max_delay=max_delay,
                idempotent=True,
                on_retry=on_retry,
                on_try=on_try,
            )

        if not wait:
            return await get(stream=False)
        try:
            interaction = await get(stream=True)
        except Rejected as error:
            if error.status != 400:
                raise
            interaction = await get(stream=False)  # it does not stream
        pause = _FIRST_POLL
        while not interaction.finished:
            # Pictures of an unfinished interaction come again with the next response.
            for _, picture in spilled_in(interaction.steps):
                picture.path.unlink(missing_ok=True)
            await asyncio.sleep(pause)
            pause = min(pause * 1.5, _SLOWEST_POLL)
            interaction = await get(stream=False)
        return interaction

    async def cancel_interaction(self, id: str, *, key: str | None) -> None:
        """Asks the upstream to stop. Raises NotFound when it knows no such interaction."""
        await self._call_without_body("POST", self._path("interactions", id, "cancel"), key)

    async def delete_interaction(self, id: str, *, key: str | None) -> None:
        """Deletes a stored interaction. Raises NotFound when the upstream knows no such interaction any more."""
        await self._call_without_body("DELETE", self._path("interactions", id), key)

    async def upload_file(
        self, *, blob: Blob, mime_type: str, display_name: str, key: str | None, deadline: float | None = None
    ) -> dict[str, Any]:
        """Uploads by the resumable protocol, in one part. Returns the file as the upstream describes it.

        A video is not usable before its `state` is ACTIVE; see `get_file`.
        """

        async def attempt(chosen: Key, tried: Try) -> dict[str, Any]:
            metadata = Body({"file": {"display_name": display_name, "mime_type": mime_type, "size_bytes": blob.size}})
            async with self._http.request(
                "POST",
                "/upload" + self._path("files"),
                key=chosen,
                headers={
                    **_JSON,
                    "Content-Length": str(metadata.length),
                    "X-Goog-Upload-Protocol": "resumable",
                    "X-Goog-Upload-Command": "start",
                    "X-Goog-Upload-Header-Content-Length": str(blob.size),
                    "X-Goog-Upload-Header-Content-Type": mime_type,
                },
                content=metadata.stream(),
            ) as response:
                target = urlsplit(response.headers.get("x-goog-upload-url", ""))
                await document(response)
            if not target.path:
                raise BrokenAnswer("the upstream named no upload URL", code="malformed", retryable=True)
            # Only path and query are followed, as the SDKs do: the key goes to no other host.
            async with self._http.request(
                "POST",
                target.path + (f"?{target.query}" if target.query else ""),
                key=chosen,
                headers={
                    "Content-Type": mime_type,
                    "Content-Length": str(blob.size),
                    "X-Goog-Upload-Command": "upload, finalize",
                    "X-Goog-Upload-Offset": "0",
                },
                content=exactly(blob),
            ) as response:
                file = (await document(response)).get("file")
            if not isinstance(file, dict):
                raise BrokenAnswer("the upstream's response names no file", code="malformed", retryable=True)
            return file

        return await self._call(attempt, key, deadline)

    async def get_file(self, name: str, *, key: str | None) -> dict[str, Any]:
        """Returns a file as the upstream describes it. `name` may begin with `files/`."""

        async def attempt(chosen: Key, tried: Try) -> dict[str, Any]:
            path = self._path("files", name.removeprefix("files/"))
            async with self._http.request("GET", path, key=chosen, headers={"Accept": "application/json"}) as response:
                return await document(response)

        return await self._call(attempt, key)

    def _sink(self, spool: Path) -> SpoolSink:
        return SpoolSink(spool, max_bytes=self._max_answer_bytes)

    def _path(self, *parts: str) -> str:
        return f"/{self._version}/" + "/".join(quote(part, safe="") for part in parts)

    async def _call_without_body(self, method: str, path: str, key: str | None) -> None:
        """Makes a call of whose response only the status matters, though it may contain pictures."""

        async def attempt(chosen: Key, tried: Try) -> None:
            async with self._http.request(method, path, key=chosen, headers={"Accept": "application/json"}) as response:
                async for _ in chunks(response):
                    pass

        await self._call(attempt, key)

    async def _call(
        self, attempt: Callable[[Key, Try], Awaitable[T]], key: str | None, deadline: float | None = None
    ) -> T:
        return await with_retries(
            attempt,
            keys=self._keys,
            prefer=key,
            deadline=deadline if deadline is not None else asyncio.get_running_loop().time() + _SMALL_CALL,
            max_tries=4,
            max_delay=8.0,
            idempotent=True,
        )
