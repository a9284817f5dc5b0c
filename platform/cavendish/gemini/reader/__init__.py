"""Parses JSON documents that contain pictures, without ever holding a picture in memory."""

from __future__ import annotations

from cavendish.gemini.reader._errors import BadBase64, MalformedJson, ReaderError, TooDeep, TooLarge
from cavendish.gemini.reader._json import BYTE_ORDER_MARK, OPAQUE_KEYS, JsonReader, is_wide
from cavendish.gemini.reader._leaves import spilled_in
from cavendish.gemini.reader._sink import Spilled, SpilledUrl, SpoolSink
from cavendish.gemini.reader._sse import SseReader

__all__ = [
    "BYTE_ORDER_MARK",
    "OPAQUE_KEYS",
    "BadBase64",
    "JsonReader",
    "MalformedJson",
    "ReaderError",
    "Spilled",
    "SpilledUrl",
    "SpoolSink",
    "SseReader",
    "TooDeep",
    "TooLarge",
    "is_wide",
    "spilled_in",
]
