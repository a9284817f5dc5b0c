"""Downloads from a tenant's URL into the spool."""

from __future__ import annotations

import hashlib
import ssl
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import httpcore
import httpx

from cavendish.egress.errors import EgressFailed, EgressTooLarge
from cavendish.egress.guard import Guard, Target
from cavendish.egress.transport import CheckedBackend, Deadline

MAX_REDIRECTS = 3
REDIRECTS = {301, 302, 303, 307, 308}

Accept = Callable[[str], bool] | Sequence[str]


@dataclass(frozen=True)
class Fetched:
    """A finished download. `size` is in bytes, `sha256` in hex, `content_type` is the host's claim."""

    path: Path
    size: int
    sha256: str
    content_type: str


def fetch(
    url: str,
    *,
    spool: Path,
    max_bytes: int,
    accept: Accept,
    timeout: float,
    guard: Guard | None = None,
    tls: ssl.SSLContext | None = None,
) -> Fetched:
    """Downloads `url` into a new file of the directory `spool`, within `timeout` seconds in all.

    `accept` says whether a content type is accepted ("" when the host names none), or lists prefixes of the accepted
    ones. Each redirect, at most 3, is checked like the first URL, and the connection goes to the very address that was
    checked, so DNS rebinding gains nothing. Raises EgressError; then nothing is left in the spool. It blocks, so call
    it outside of a transaction.
    """
    guard = guard or Guard.configured()
    deadline = Deadline(timeout)
    accepts = accept if callable(accept) else _prefixes(accept)
    try:
        for _ in range(MAX_REDIRECTS + 1):
            target = guard.check(url, timeout=deadline.left())
            with (
                httpcore.ConnectionPool(
                    ssl_context=tls or _public_tls(), network_backend=CheckedBackend(target.addresses, deadline)
                ) as pool,
                pool.stream("GET", _url(target), headers=_headers(target)) as response,
            ):
                headers = _response_headers(response)
                if response.status not in REDIRECTS:
                    return _store(response, headers, spool, max_bytes, accepts)
                url = _redirect_url(target, headers)
    except httpcore.TimeoutException:
        raise EgressFailed("The host did not respond in time.") from None
    except (httpcore.ConnectError, httpcore.UnsupportedProtocol):
        raise EgressFailed("The host could not be reached.") from None
    except (httpcore.NetworkError, httpcore.ProtocolError):
        raise EgressFailed("The response broke off or is not HTTP.") from None
    raise EgressFailed(f"The host redirects more than {MAX_REDIRECTS} times.")


@lru_cache(maxsize=1)
def _public_tls() -> ssl.SSLContext:
    return httpx.create_ssl_context(trust_env=False)


def _prefixes(prefixes: Sequence[str]) -> Callable[[str], bool]:
    return lambda content_type: content_type.startswith(tuple(prefixes))


def _url(target: Target) -> httpcore.URL:
    """Returns the URL of the checked host, so that the text is not parsed a second time and differently."""
    return httpcore.URL(
        scheme=target.url.raw_scheme, host=target.host.encode("ascii"), port=target.port, target=target.url.raw_path
    )


def _headers(target: Target) -> list[tuple[str, str]]:
    return [
        ("Host", target.url.netloc.decode("ascii")),
        ("User-Agent", "Cavendish"),
        ("Accept", "*/*"),
        ("Accept-Encoding", "identity"),
        ("Connection", "close"),
    ]


def _response_headers(response: httpcore.Response) -> dict[str, str]:
    return {name.decode("latin-1").lower(): value.decode("latin-1").strip() for name, value in response.headers}


def _redirect_url(target: Target, headers: dict[str, str]) -> str:
    try:
        return str(target.url.join(headers["location"]))
    except (KeyError, httpx.InvalidURL):
        raise EgressFailed("The host redirects to something that is not a URL.") from None


def _store(
    response: httpcore.Response, headers: dict[str, str], spool: Path, max_bytes: int, accepts: Callable[[str], bool]
) -> Fetched:
    if response.status != 200:
        raise EgressFailed(f"The host responded with status {response.status}.")
    if headers.get("content-encoding", "").lower() not in {"", "identity"}:
        # Decompressing would let a small response become a large one.
        raise EgressFailed("The host compressed its response although the request did not allow it.")
    content_type = headers.get("content-type", "").partition(";")[0].strip().lower()
    if not accepts(content_type):
        raise EgressFailed(f'The host responded with the type "{content_type[:60]}".')
    length = headers.get("content-length", "")
    if length.isascii() and length.isdecimal() and int(length[:20]) > max_bytes:
        raise EgressTooLarge(max_bytes)
    spool.mkdir(parents=True, exist_ok=True)
    path = spool / f"fetched-{uuid.uuid4().hex}"
    try:
        size, sha256 = _copy(response, path, max_bytes)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return Fetched(path, size, sha256, content_type)


def _copy(response: httpcore.Response, path: Path, max_bytes: int) -> tuple[int, str]:
    digest, size = hashlib.sha256(), 0
    with path.open("xb") as file:
        for chunk in response.iter_stream():
            size += len(chunk)
            if size > max_bytes:
                raise EgressTooLarge(max_bytes)
            digest.update(chunk)
            file.write(chunk)
    return size, digest.hexdigest()
