"""HTTP to the upstream: requests and responses of httpx, responses in bounded chunks, errors as our types."""

from __future__ import annotations

import contextlib
import json
import zlib
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Mapping
from functools import lru_cache
from typing import Any

import httpx

from cavendish.gemini.client._errors import (
    BrokenAnswer,
    GeminiError,
    Rejected,
    TimedOut,
    Unavailable,
    from_status,
    short,
)
from cavendish.gemini.client._keys import Key
from cavendish.gemini.client._retry import retry_after
from cavendish.gemini.client._transport import Transport
from cavendish.gemini.client._tries import Try
from cavendish.gemini.client._wire import READ_SIZE

_LONGEST_ERROR_BODY = 64 * 1024
_KEEP_ALIVE = 60.0
_HEADERS = {"Accept": "*/*", "Accept-Encoding": "gzip", "Connection": "keep-alive", "User-Agent": "cavendish"}


_url = lru_cache(256)(httpx.URL)  # most calls go to the same few, and parsing one takes 0.1 ms


class Connections:
    """Calls to one upstream over connections that are kept for the next."""

    def __init__(self, *, base_url: str, connect_timeout: float, read_timeout: float) -> None:
        self._base_url = base_url.rstrip("/")
        self._extensions = {"timeout": httpx.Timeout(read_timeout, connect=connect_timeout).as_dict()}
        self._transport = Transport(tls=httpx.create_ssl_context(), kept=_KEEP_ALIVE)

    @contextlib.asynccontextmanager
    async def request(
        self,
        method: str,
        path: str,
        *,
        key: Key,
        headers: Mapping[str, str] | None = None,
        content: AsyncIterator[bytes] | bytes | None = None,
        tried: Try | None = None,
    ) -> AsyncIterator[httpx.Response]:
        """Yields a successful response whose body is not read yet. Raises GeminiError for any other response.

        `path` is encoded, and may have a query. `tried` is told what came.
        """
        # The transport itself, not httpx's client: there are no redirects, cookies or authentication to look after.
        request = httpx.Request(
            method,
            _url(self._base_url + path),
            headers={**_HEADERS, "x-goog-api-key": key.secret, **(headers or {})},
            content=content,
            extensions=self._extensions,
        )
        with translated_errors():
            response = await self._transport.handle_async_request(request)
        if tried is not None:
            tried.answered(response.status_code)
        try:
            if not response.is_success:
                raise await _error(response, key)
            yield response
        finally:
            if tried is not None:
                tried.bytes += response.num_bytes_downloaded
            await response.aclose()

    async def aclose(self) -> None:
        await self._transport.aclose()


@contextlib.contextmanager
def translated_errors() -> Iterator[None]:
    """Turns httpx's exceptions into ours, without their messages, which may name addresses or repeat headers."""
    try:
        yield
    except httpx.ConnectTimeout:
        raise TimedOut("no connection to the upstream in time", sent=False) from None
    except httpx.TimeoutException:
        raise TimedOut("the upstream did not respond in time") from None
    except (httpx.ConnectError, httpx.ProxyError, httpx.UnsupportedProtocol):
        raise Unavailable("no connection to the upstream", code="no_connection", retryable=True) from None
    except (httpx.TransportError, httpx.DecodingError):
        raise BrokenAnswer("the connection to the upstream was cut", code="cut", retryable=True) from None


async def chunks(response: httpx.Response) -> AsyncGenerator[bytes, None]:
    """Yields the decompressed body in chunks of at most about READ_SIZE, however well it was compressed."""
    encoding = response.headers.get("content-encoding", "identity").lower()
    if encoding not in ("identity", "gzip", "x-gzip"):
        raise BrokenAnswer("the upstream's response has an encoding that we did not accept", code="malformed")
    inflater = None if encoding == "identity" else zlib.decompressobj(wbits=31)
    with translated_errors():
        async for chunk in response.aiter_raw():
            if inflater is None:
                yield chunk
                continue
            try:
                while chunk:
                    yield inflater.decompress(chunk, READ_SIZE)
                    chunk = inflater.unconsumed_tail
            except zlib.error:
                raise BrokenAnswer("the upstream's response is damaged", code="malformed", retryable=True) from None
    if inflater is not None and not inflater.eof:
        raise BrokenAnswer("the connection to the upstream was cut", code="cut", retryable=True)


async def document(response: httpx.Response, limit: int = 1024 * 1024) -> dict[str, Any]:
    """Returns a response's small JSON object; an empty body counts as `{}`. Raises BrokenAnswer."""
    body = bytearray()
    async for chunk in chunks(response):
        body += chunk
        if len(body) > limit:
            raise BrokenAnswer("the upstream's response is too large", code="too_large")
    try:
        tree = json.loads(body) if body.strip() else {}
    except ValueError:
        tree = None
    if not isinstance(tree, dict):
        raise BrokenAnswer("the upstream's response is not a JSON object", code="malformed", retryable=True)
    return tree


async def _error(response: httpx.Response, key: Key) -> GeminiError:
    body = bytearray()
    # The status is enough; a body that is cut or damaged only costs the message.
    with contextlib.suppress(GeminiError):
        async for chunk in chunks(response):
            body += chunk
            if len(body) > _LONGEST_ERROR_BODY:
                break
    try:
        tree = json.loads(body)
    except ValueError:
        tree = None
    document: dict[str, Any] = tree if isinstance(tree, dict) else {}
    inner = document.get("error")
    error: dict[str, Any] = inner if isinstance(inner, dict) else document
    message = error.get("message")
    code = error.get("status") or error.get("code")
    usage = document.get("usage")
    listed = error.get("details")
    details = [detail for detail in listed if isinstance(detail, dict)] if isinstance(listed, list) else []
    result = from_status(
        response.status_code,
        short(message, key.secret)
        if isinstance(message, str)
        else f"the upstream responded with {response.status_code}",
        str(code)[:100] if code is not None else None,
        retry_after(response.headers, details),
        usage if isinstance(usage, dict) else None,
    )
    if isinstance(result, Rejected):
        result.bad_key = result.status in (401, 403) or any(
            detail.get("reason") == "API_KEY_INVALID" for detail in details
        )
    return result
