"""Pictures and videos that a request names by address."""

from __future__ import annotations

from pathlib import Path

from cavendish.egress import EgressError, EgressRefused, EgressTooLarge, Guard, fetch
from cavendish.gemini.reader import Spilled
from cavendish.http.problems import invalid_value, too_large
from generations.request.generation_request import Dialect, Media
from generations.request.media import MediaInfo, media_check

TIMEOUT_SECONDS = 30.0
# Some hosts know no better type; what the bytes are is looked at afterwards.
_UNTYPED = ("application/octet-stream", "binary/octet-stream")


def uri_fetch(
    media: Media,
    spool: Path,
    *,
    max_bytes: int,
    dialect: Dialect = "native",
    allowed: tuple[str, ...] | None = None,
    timeout: float = TIMEOUT_SECONDS,
    guard: Guard | None = None,
) -> tuple[Spilled, MediaInfo]:
    """Download `media.uri` into the directory `spool` and look into it. Blocks up to `timeout` seconds.

    Call it for media that `needs_fetch`, outside of a transaction. Raises Problem: 422 `url_refused`, `url_unreachable`
    or what `media_check` finds, 413 for more than `max_bytes`. Then no file is left.
    """
    if media.uri is None or media.is_youtube:
        raise ValueError("Only an address that is not YouTube's is fetched.")
    pointer = f"{media.pointer}/uri"
    prefix = f"{media.kind}/"
    try:
        fetched = fetch(
            media.uri,
            spool=spool,
            max_bytes=max_bytes,
            accept=lambda content_type: content_type in {"", *_UNTYPED} or content_type.startswith(prefix),
            timeout=timeout,
            guard=guard,
        )
    except EgressTooLarge:
        raise too_large(f"The file at {pointer} is larger than {max_bytes} bytes.", limit=max_bytes) from None
    except EgressError as error:
        code = "url_refused" if isinstance(error, EgressRefused) else "url_unreachable"
        raise invalid_value(pointer, code, error.reason) from None
    spilled = Spilled(path=fetched.path, size=fetched.size, sha256=fetched.sha256, c2pa_hint=False)
    try:
        info = media_check(
            spilled,
            declared=media.mime_type,
            kind=media.kind,
            dialect=dialect,
            allowed=allowed,
            pointer=media.pointer,
            field="uri",
        )
    except BaseException:
        fetched.path.unlink(missing_ok=True)
        raise
    return spilled, info
