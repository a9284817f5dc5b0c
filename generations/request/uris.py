"""Addresses of the input: what a `uri` points at (YouTube, a file or output of ours, another host), and fetching it."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings

from cavendish.db import ids
from cavendish.egress import EgressError, EgressRefused, EgressTooLarge, Guard, fetch
from cavendish.gemini.reader import Spilled
from cavendish.http.problems import invalid_value, too_large
from generations.request.generation_request import Dialect, Media
from generations.request.media import MediaInfo, media_check

_FILE_NAME = re.compile(r"(?:(?:https?://[^/?#]+)?/?(?:upload/)?(?:v1|v1beta|v1alpha)/)?files/([A-Za-z0-9_-]{1,64})")
_HEX = re.compile(r"[0-9a-f]{32}")
_API_PATH = re.compile(r"/api/v1/(files|outputs)/((?:file|out)_[0-9a-f]{32})(?:/content)?")
_YOUTUBE_HOSTS = {"youtube.com", "www.youtube.com", "m.youtube.com", "music.youtube.com"}
_VIDEO_ID = re.compile(r"[A-Za-z0-9_-]{6,20}")
# Addresses that were handed out by the Files API itself come back as they were.
_GOOGLE = "generativelanguage.googleapis.com"
FETCH_SECONDS = 30.0
# Some hosts know no better type; what the bytes are is looked at afterwards.
_UNTYPED = ("application/octet-stream", "binary/octet-stream")


def is_youtube(uri: str) -> bool:
    """Whether it is a public video's address: youtube.com/watch?v=…, /shorts/…, /live/…, /embed/… or youtu.be/…"""
    try:
        parts = urlsplit(uri)
        host = (parts.hostname or "").rstrip(".")
    except ValueError:
        return False
    if parts.scheme not in {"https", "http"} or parts.username is not None:
        return False
    if host in {"youtu.be", "www.youtu.be"}:
        return _VIDEO_ID.fullmatch(parts.path.strip("/")) is not None
    if host not in _YOUTUBE_HOSTS:
        return False
    if parts.path.rstrip("/") == "/watch":
        return re.search(r"(?:^|&)v=[A-Za-z0-9_-]{6,20}(?:&|$)", parts.query) is not None
    kind, _, name = parts.path.strip("/").partition("/")
    return kind in {"shorts", "live", "embed"} and _VIDEO_ID.fullmatch(name.rstrip("/")) is not None


def file_id_of(uri: str) -> str | None:
    """The id in `files/<id>`, `…/v1beta/files/<id>` or `…/api/v1/files/<id>`; None when it is no file of ours."""
    if match := _FILE_NAME.fullmatch(uri):
        name = match[1]
        # On a foreign host only an id of our form is ours; anything else there is an address like any other.
        if "://" in uri and not _is_ours(uri) and ids.decode(ids.FILE, name) is None:
            return None
        # The Files API names files without our prefix (see generations/compat/gemini/files/api.py).
        return f"file_{name}" if _HEX.fullmatch(name) else name
    return _api_id(uri, "files")


def output_id_of(uri: str) -> str | None:
    """The id in the (signed) address of an output of ours. Whose it is is checked where ids are looked up."""
    return _api_id(uri, "outputs")


def _api_id(uri: str, collection: str) -> str | None:
    if "/api/v1/" not in uri or not _is_ours(uri):
        return None
    match = _API_PATH.fullmatch(urlsplit(uri).path)
    return match[2] if match and match[1] == collection else None


def _is_ours(uri: str) -> bool:
    try:
        return urlsplit(uri).netloc.lower() in {_GOOGLE, urlsplit(settings.BASE_URL).netloc.lower()}
    except ValueError:
        return False


def check_uri(uri: str) -> str | None:
    """Why `uri` cannot be fetched, as far as that shows without resolving its name; None when it may be tried."""
    if uri.startswith("data:"):
        return "A data: address is not fetched: put the base64 part into data and its type into mime_type."
    if uri.startswith("gs://"):
        return "gs:// addresses are not reachable from here: upload the file and use its file_id."
    try:
        _guard(tuple(settings.EGRESS_ALLOW)).check_form(uri)
    except EgressRefused as refused:
        return refused.reason
    return None


@lru_cache(maxsize=4)
def _guard(allow: tuple[str, ...]) -> Guard:
    return Guard(allow)


def uri_fetch(
    media: Media,
    spool: Path,
    *,
    max_bytes: int,
    dialect: Dialect = "native",
    allowed: tuple[str, ...] | None = None,
    timeout: float = FETCH_SECONDS,
    guard: Guard | None = None,
) -> tuple[Spilled, MediaInfo]:
    """Downloads `media.uri` into the directory `spool` and looks into it. Blocks up to `timeout` seconds.

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
