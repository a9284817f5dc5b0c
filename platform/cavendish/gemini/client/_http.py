"""HTTP to the upstream: a pool of httpx clients, responses in bounded chunks, errors as our types."""

from __future__ import annotations

import contextlib
import json
import ssl
import zlib
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import httpcore
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
from cavendish.gemini.client._network import READ_SIZE, Network
from cavendish.gemini.client._retry import retry_after
from cavendish.gemini.client._tries import Try

_LONGEST_ERROR_BODY = 64 * 1024
_KEEP_ALIVE = 60.0


class Connections:
    """httpx clients with at most `per_client` calls each, because httpx scans all connections of a client per call.

    2,000 calls at once cost 6.4 ms of processor time each with 250 to a client, 2.1 ms with 50. The clients share one
    TLS context, whose creation takes longer than a request.
    """

    def __init__(
        self, *, base_url: str, connect_timeout: float, read_timeout: float, per_client: int, proxy: str | None
    ) -> None:
        self._base_url = base_url.rstrip("/")
        # Waiting for a connection of the pool ends with the deadline of the call.
        self._timeout = httpx.Timeout(read_timeout, connect=connect_timeout, pool=None)
        self._per_client = per_client
        self._proxy = proxy
        self._tls = httpx.create_ssl_context()
        self._slots: list[_Slot] = []

    @contextlib.asynccontextmanager
    async def request(
        self,
        method: str,
        path: str,
        *,
        key: Key,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        content: AsyncIterator[bytes] | bytes | None = None,
        tried: Try | None = None,
    ) -> AsyncIterator[httpx.Response]:
        """Yields a successful response whose body is not read yet. Raises GeminiError for any other response.

        `tried` is told what came.
        """
        slot = self._free_slot()
        slot.busy += 1
        try:
            with translated_errors():
                request = slot.client.build_request(
                    method,
                    self._base_url + path,
                    params=dict(params) if params else None,
                    headers={"x-goog-api-key": key.secret, **(headers or {})},
                    content=content,
                )
                response = await slot.client.send(request, stream=True)
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
        finally:
            slot.busy -= 1

    def _free_slot(self) -> _Slot:
        for slot in self._slots:
            if slot.busy < self._per_client:
                return slot
        slot = _Slot(
            httpx.AsyncClient(
                transport=_Transport(self._tls, self._proxy),
                timeout=self._timeout,
                trust_env=False,
                headers={"User-Agent": "cavendish", "Accept-Encoding": "gzip"},
            )
        )
        self._slots.append(slot)
        return slot

    async def aclose(self) -> None:
        slots, self._slots = self._slots, []
        for slot in slots:
            await slot.client.aclose()


class _Transport(httpx.AsyncHTTPTransport):
    """httpx's transport over our sockets. A slot's calls bound the number of connections."""

    def __init__(self, tls: ssl.SSLContext, proxy: str | None) -> None:
        super().__init__(verify=tls)
        if proxy is None:
            self._pool = httpcore.AsyncConnectionPool(
                ssl_context=tls, max_connections=None, keepalive_expiry=_KEEP_ALIVE, network_backend=Network()
            )
        else:
            self._pool = httpcore.AsyncHTTPProxy(
                proxy, ssl_context=tls, max_connections=None, keepalive_expiry=_KEEP_ALIVE, network_backend=Network()
            )


@dataclass
class _Slot:
    client: httpx.AsyncClient
    busy: int = 0


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
