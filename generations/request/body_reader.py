"""Reads a request's body as it arrives, inline pictures straight into the spool."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol

from cavendish.gemini.reader import BadBase64, JsonReader, ReaderError, SpoolSink, TooDeep, TooLarge
from cavendish.http.problems import Problem, bad_request, invalid_value, shown, too_large

CHUNK_BYTES = 256 * 1024
URL_KEYS = frozenset({"url", "image_url", "video_url"})


class Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


def body_read(stream: Readable, *, spool: Path, max_bytes: int, data_urls: bool = False) -> dict[str, Any]:
    """The document in `stream`, with Spilled leaves where inline data stood; their files lie in the directory `spool`.

    Inline data is base64 under `data`, with `data_urls` what data URLs hold instead.
    Raises Problem: 400 `malformed_json` or `too_deep`, 413 `too_large`, 422 for base64 that is none and for a document
    that is no object. Then no file is left. The caller deletes `spool` when the request is over.
    """
    sink = SpoolSink(spool, max_bytes=max_bytes)
    reader = JsonReader(sink, spill_keys=frozenset(), url_keys=URL_KEYS) if data_urls else JsonReader(sink)
    try:
        tree = _feed(reader, stream, max_bytes)
        if not isinstance(tree, dict):
            raise invalid_value("", "wrong_type", f"The body is {shown(tree)}; it takes an object.")
    except BaseException as error:
        reader.abort()
        if isinstance(error, ReaderError):
            raise _problem(error, max_bytes, data_urls=data_urls) from None
        raise
    return tree


def _feed(reader: JsonReader, stream: Readable, max_bytes: int) -> Any:
    size = 0
    while chunk := stream.read(CHUNK_BYTES):
        size += len(chunk)
        if size > max_bytes:
            raise _too_large(max_bytes)
        reader.feed(chunk)
    if size == 0:
        raise bad_request("malformed_json", "The body is empty; it takes a JSON object.")
    return reader.close()


def _problem(error: ReaderError, max_bytes: int, *, data_urls: bool) -> Problem:
    if isinstance(error, TooLarge):
        return too_large(f"The body is too large: {error.message}.", limit=error.limit)
    if isinstance(error, BadBase64):
        front = "" if data_urls else ', without "data:…;base64," in front'
        detail = f"This is not base64; give the bytes of the file as base64{front}."
        return invalid_value(error.pointer, "bad_base64", detail)
    if isinstance(error, TooDeep):
        return bad_request("too_deep", "The JSON is nested too deeply.")
    place = f" in {shown(error.pointer)}" if error.pointer else ""
    return bad_request("malformed_json", f"The body is not JSON: {error}{place}")


def _too_large(max_bytes: int) -> Problem:
    return too_large(
        f"The body is larger than {max_bytes} bytes; upload large files first and send their ids.", limit=max_bytes
    )
