"""POST requests to a tenant's URL, on an event loop: to checked addresses, without redirects, within one deadline."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import httpcore
import httpx

from cavendish.egress.addresses import Address
from cavendish.egress.errors import EgressFailed, EgressRefused
from cavendish.egress.guard import Guard, Target

RESOLVING_THREADS = 64
CONNECT_SECONDS = 5.0


@dataclass(frozen=True)
class Posted:
    """What the host answered. `body` is cut to a limit, which `truncated` says; `seconds` is the duration."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    truncated: bool
    seconds: float


async def post(
    url: str,
    *,
    body: bytes,
    headers: Mapping[str, str],
    timeout: float,
    max_bytes: int,
    guard: Guard | None = None,
    tls: ssl.SSLContext | None = None,
) -> Posted:
    """Sends `body`, and returns the answer whatever its status, at most `max_bytes` of its body.

    A redirect is an answer like any other and not followed. The name is resolved anew, and the connection goes to the
    very addresses that were checked. Raises EgressRefused, or EgressFailed where no answer came within `timeout`
    seconds in all.
    """
    began = time.monotonic()
    try:
        async with asyncio.timeout(timeout):
            target = await _checked(guard or Guard.configured(), url, timeout)
            return await _post(target, body, headers, max_bytes, tls or _public_tls(), began)
    except (TimeoutError, httpcore.TimeoutException):
        raise EgressFailed("The host did not respond in time.") from None
    except httpcore.ConnectError as error:
        raise EgressFailed(_connect_reason(error)) from None
    except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.UnsupportedProtocol):
        raise EgressFailed("The response broke off or is not HTTP.") from None


async def _checked(guard: Guard, url: str, timeout: float) -> Target:
    # A tenant's name server may never respond: threads of its own, so that it takes none of anybody's else.
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(_resolvers(), lambda: guard.check(url, timeout=min(timeout, CONNECT_SECONDS)))


@lru_cache(maxsize=1)
def _resolvers() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(RESOLVING_THREADS, thread_name_prefix="post-resolve")


@lru_cache(maxsize=1)
def _public_tls() -> ssl.SSLContext:
    return httpx.create_ssl_context(trust_env=False)


async def _post(
    target: Target, body: bytes, headers: Mapping[str, str], max_bytes: int, tls: ssl.SSLContext, began: float
) -> Posted:
    url = httpcore.URL(
        scheme=target.url.raw_scheme, host=target.host.encode("ascii"), port=target.port, target=target.url.raw_path
    )
    sent = [
        ("Host", target.url.netloc.decode("ascii")),
        ("Accept", "*/*"),
        ("Accept-Encoding", "identity"),
        ("Connection", "close"),
        ("Content-Length", str(len(body))),
        *headers.items(),
    ]
    async with (
        httpcore.AsyncConnectionPool(ssl_context=tls, network_backend=_Backend(target.addresses)) as pool,
        pool.stream("POST", url, headers=sent, content=body) as response,
    ):
        received = bytearray()
        async for chunk in response.aiter_stream():
            received += chunk
            if len(received) > max_bytes:
                break  # the connection is closed, however much more there is
        return Posted(
            response.status,
            {name.decode("latin-1").lower(): value.decode("latin-1").strip() for name, value in response.headers},
            bytes(received[:max_bytes]),
            len(received) > max_bytes,
            time.monotonic() - began,
        )


def _connect_reason(error: httpcore.ConnectError) -> str:
    """Returns why no connection came about; a certificate is named, since its owner can mend it."""
    if "CERTIFICATE" in str(error).upper():
        return "The host's certificate is not valid for its name."
    return "The host could not be reached."


class _Backend(httpcore.AsyncNetworkBackend):
    """Connects to the first of `addresses` that accepts, whatever the host's name is."""

    def __init__(self, addresses: Iterable[Address]) -> None:
        self._addresses = [str(address) for address in addresses]
        self._inner = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        for address in self._addresses:
            try:
                return await self._inner.connect_tcp(address, port, timeout=CONNECT_SECONDS)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                continue
        raise httpcore.ConnectError("No address accepts connections.")


__all__ = ["EgressFailed", "EgressRefused", "Posted", "post"]
