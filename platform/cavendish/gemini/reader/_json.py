"""A push parser for JSON documents that contain pictures.

`feed` takes bytes as the socket delivers them. Strings under a spill key, and data URLs under a url key, are
base64-decoded into the sink while they arrive. Everything else is collected as a skeleton, a JSON text in which each
spilled string is replaced by the literal NaN; `close` parses it with the standard library, whose hook for that literal
inserts the Spilled leaves in document order. Valid JSON has no capital N or I outside its strings, so a document cannot
forge one. Whole chunks are processed by find(), regular expressions and C libraries; Python runs once for each string
and bracket, never for each byte.
"""

from __future__ import annotations

import json
import math
import re
from types import TracebackType
from typing import Any

from cavendish.gemini.reader._base64 import Base64Decoder, NotBase64
from cavendish.gemini.reader._errors import BadBase64, MalformedJson, ReaderError, TooDeep, TooLarge
from cavendish.gemini.reader._leaves import has_surrogate, leaves_of, spilled_in, step
from cavendish.gemini.reader._sink import Spill, Spilled, SpoolSink

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
"""With which some programs begin what they write in UTF-8; a reader may pass over it (RFC 8259, section 8.1)."""
# JSON begins with ASCII, of which each character has a zero byte in these; their own marks come first.
_WIDE = re.compile(rb"\xff\xfe|\xfe\xff|\x00|[^\x00]\x00", re.DOTALL)

# Fields in which a client or a tool keeps values of its own: a `data` below them is theirs, not a picture.
OPAQUE_KEYS = frozenset({"metadata", "user_metadata", "labels", "arguments", "parameters", "schema"})

# Rough sizes of the Python objects that the document will become, so that max_memory bounds what parsing allocates
# and not only what was sent: 32 MiB of "[]," would be 700 MB of lists.
_COST = {ord("{"): 232, ord("["): 88, ord(","): 32, ord(":"): 8}
_COST_STRING = 64
_COST_SPILL = 1024

_NOT_PUNCTUATION = bytes(sorted(set(range(256)) - set(b"{}[],:")))
_STRING_BODY = re.compile(rb'(?:[^"\\]++|\\.)*+', re.DOTALL)
_SURROGATE_ESCAPE = re.compile(rb"\\u[dD][89a-fA-F]")
_DATA_URL = re.compile(rb"data:([^,]*);base64,", re.IGNORECASE)
_LONGEST_DATA_URL_HEAD = 300
_OUTSIDE, _KEPT, _SPILLED, _UNDECIDED = range(4)


class JsonReader:
    """Parses one document. With `sink=None` every string stays in memory. Strings under one of `url_keys` are spilled
    where they are data URLs in base64.

    `max_memory` bounds what is kept beside the spilled strings, in bytes; `max_depth` the nesting. Any error discards
    what this reader spilled, as do `abort` and leaving a `with` block by an exception.
    """

    def __init__(
        self,
        sink: SpoolSink | None,
        *,
        spill_keys: frozenset[str] = frozenset({"data"}),
        url_keys: frozenset[str] = frozenset(),
        opaque_keys: frozenset[str] = OPAQUE_KEYS,
        max_depth: int = 64,
        max_memory: int = 32 * 1024 * 1024,
    ) -> None:
        self._sink = sink
        self._spill_keys = spill_keys
        self._url_keys = url_keys
        self._head = b""  # the beginning of a string that may be a data URL
        self._media_type: str | None = None  # that of the data URL that is being spilled
        self._opaque_keys = opaque_keys
        self._max_depth = max_depth
        self._max_memory = max_memory
        self._skeleton = bytearray()
        self._removed: list[tuple[int, int]] = []  # (offset in the skeleton, bytes left out there)
        self._memory = 0
        self._state = _OUTSIDE
        self._escaped = False  # the chunk ended between a backslash and what it escapes
        self._last = 0  # the punctuation before the current string
        self._beginning: bytes | None = b""  # the first bytes, until they tell the encoding
        self._path: list[
            str | int | None
        ] = []  # a key (None before the first) for each object, an index for each array
        self._key_start = -1  # where the key that is being read began
        self._base64 = Base64Decoder()
        self._spill: Spill | None = None
        self._spills: list[Spill] = []
        self._leaves: list[Spilled] = []
        self._failed = False

    @property
    def memory(self) -> int:
        """About how many bytes the document occupies in memory."""
        return self._memory

    @property
    def empty(self) -> bool:
        """Whether nothing but blanks has arrived."""
        return self._state == _OUTSIDE and not self._skeleton.strip()

    @property
    def pointer(self) -> str:
        """The current position as a JSON pointer (RFC 6901)."""
        return "".join(step(name) for name in self._path if name is not None)

    def feed(self, chunk: bytes) -> None:
        """Takes the next bytes, any number of them. Raises ReaderError, or OSError when the sink cannot write."""
        if self._failed:
            raise MalformedJson("the document was aborted", 0)
        try:
            position = 0
            if self._beginning is not None:
                chunk = self._begin(chunk)
            while position < len(chunk):
                if self._state == _OUTSIDE:
                    position = self._feed_outside(chunk, position)
                elif self._state == _KEPT:
                    position = self._feed_kept(chunk, position)
                elif self._state == _UNDECIDED:
                    position = self._feed_undecided(chunk, position)
                else:
                    position = self._feed_spilled(chunk, position)
        except BaseException:
            self.abort()
            raise

    def close(self) -> Any:
        """Returns the tree: dict, list, str, int, float, bool, None, with Spilled leaves. Raises ReaderError."""
        if self._failed:
            raise MalformedJson("the document was aborted", 0)
        try:
            return self._parse()
        except BaseException:
            self.abort()
            raise

    def abort(self) -> None:
        """Ends the parsing and deletes what it spilled. It may be called at any time, also twice."""
        self._failed = True
        self._skeleton = bytearray()
        for spill in self._spills:
            spill.discard()
        self._spills = []

    def __enter__(self) -> JsonReader:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            self.abort()

    def _begin(self, chunk: bytes) -> bytes:
        """The chunk behind what may stand before the document; empty where the encoding does not show yet."""
        assert self._beginning is not None
        chunk = self._beginning + chunk
        if is_wide(chunk):
            raise MalformedJson("this is UTF-16 or UTF-32, send UTF-8", 0)
        if len(chunk) < len(BYTE_ORDER_MARK) and BYTE_ORDER_MARK.startswith(chunk):
            self._beginning = chunk
            return b""
        self._beginning = None
        if chunk.startswith(BYTE_ORDER_MARK):
            self._removed.append((0, len(BYTE_ORDER_MARK)))
            return chunk[len(BYTE_ORDER_MARK) :]
        return chunk

    def _feed_outside(self, chunk: bytes, position: int) -> int:
        quote = chunk.find(b'"', position)
        end = quote if quote >= 0 else len(chunk)
        if end > position:
            self._structure(chunk[position:end])
        if quote < 0:
            return end
        is_key = bool(self._path) and not isinstance(self._path[-1], int) and self._last in b"{,"
        if self._last == ord(":") and self._is_below(self._spill_keys):
            self._begin_spill()
        elif self._last == ord(":") and self._is_below(self._url_keys):
            self._head = b""
            self._state = _UNDECIDED
        else:
            self._charge(_COST_STRING)
            self._skeleton += b'"'
            self._key_start = len(self._skeleton) if is_key else -1
            self._state = _KEPT
        return quote + 1

    def _structure(self, segment: bytes) -> None:
        self._charge(len(segment))
        if b"N" in segment or b"I" in segment:
            raise self._malformed("NaN and Infinity are not JSON", len(self._skeleton))
        self._skeleton += segment
        for mark in segment.translate(None, _NOT_PUNCTUATION):
            self._memory += _COST.get(mark, 0)
            if mark in b"{[":
                if len(self._path) >= self._max_depth:
                    raise TooDeep(f"nested deeper than {self._max_depth} levels", self.pointer)
                self._path.append(None if mark == ord("{") else 0)
            elif mark in b"}]":
                if not self._path:
                    raise self._malformed("a bracket closes that none opened", len(self._skeleton))
                self._path.pop()
            elif mark == ord(",") and self._path and isinstance(index := self._path[-1], int):
                self._path[-1] = index + 1
            self._last = mark
        self._charge(0)

    def _feed_kept(self, chunk: bytes, position: int) -> int:
        start = position
        if self._escaped:
            self._escaped = False
            position += 1
        end = chunk.find(b'"', position)
        limit = end if end >= 0 else len(chunk)
        if (backslash := chunk.find(b"\\", position, limit)) >= 0:
            match = _STRING_BODY.match(chunk, backslash)
            end = match.end() if match else backslash
            if end < len(chunk) and chunk[end] == ord("\\"):  # the last byte: what it escapes comes with the next chunk
                self._escaped = True
                end = len(chunk)
            limit = end
            end = end if end < len(chunk) else -1
        self._charge(limit - start)
        if end < 0:
            self._skeleton += chunk[start:]
            return len(chunk)
        self._skeleton += chunk[start : end + 1]
        self._state = _OUTSIDE
        self._last = 0
        if self._key_start >= 0:
            self._path[-1] = _key(bytes(self._skeleton[self._key_start : -1]))
        return end + 1

    def _begin_spill(self, head: bytes = b"", media_type: str | None = None) -> None:
        """The rest of the string is base64; `head` is what came before it."""
        assert self._sink is not None
        self._charge(_COST_SPILL)
        self._spill = self._sink.open(self.pointer)
        self._spills.append(self._spill)
        self._media_type = media_type
        self._base64 = Base64Decoder()
        self._skeleton += b"NaN"
        # The string counts with its quotes, its replacement with three bytes.
        self._removed.append((len(self._skeleton), len(head) + 2 - 3))
        self._state = _SPILLED

    def _feed_undecided(self, chunk: bytes, position: int) -> int:
        """Collects a string until its beginning shows whether it is a data URL in base64."""
        limit = position + _LONGEST_DATA_URL_HEAD - len(self._head)
        comma = chunk.find(b",", position, limit)
        end = comma + 1 if comma >= 0 else min(len(chunk), limit)
        quote = chunk.find(b'"', position, end)
        if quote >= 0:
            comma, end = -1, quote
        self._head += chunk[position:end]
        head = self._head.replace(rb"\/", b"/")
        match = _DATA_URL.fullmatch(head) if comma >= 0 else None
        if match:
            self._begin_spill(self._head, match[1].decode("ascii", "replace"))
        elif (
            quote >= 0
            or comma >= 0
            or len(self._head) == _LONGEST_DATA_URL_HEAD
            or not b"data:".startswith(head[:5].lower())
        ):
            self._charge(_COST_STRING)
            self._skeleton += b'"'
            self._key_start = -1
            self._state = _KEPT
            self._feed_kept(self._head, 0)
        return end

    def _feed_spilled(self, chunk: bytes, position: int) -> int:
        assert self._spill is not None
        end = chunk.find(b'"', position)
        limit = end if end >= 0 else len(chunk)
        body = chunk[position:limit]
        place, removed = self._removed[-1]
        self._removed[-1] = (place, removed + len(body))
        try:
            decoded = self._base64.feed(body)
            if end >= 0:
                decoded += self._base64.close()
        except NotBase64:
            raise BadBase64("not valid base64", self.pointer) from None
        self._spill.write(decoded)
        if end < 0:
            return len(chunk)
        self._leaves.append(self._spill.finish(self._media_type))
        self._spill = None
        self._state = _OUTSIDE
        self._last = 0
        return end + 1

    def _is_below(self, keys: frozenset[str]) -> bool:
        """Whether the string that begins is spilled if it stands under one of `keys`."""
        return (
            self._sink is not None
            and bool(self._path)
            and self._path[-1] in keys
            and not any(name in self._opaque_keys for name in self._path[:-1])
        )

    def _charge(self, size: int) -> None:
        self._memory += size
        if self._memory > self._max_memory:
            raise TooLarge(f"more than {self._max_memory} bytes beside its pictures", self._max_memory, self.pointer)

    def _parse(self) -> Any:
        if self._state != _OUTSIDE:
            raise self._malformed("the document ends inside a string", len(self._skeleton))
        skeleton, self._skeleton = bytes(self._skeleton), bytearray()
        leaves = iter(self._leaves)
        decoder = json.JSONDecoder(parse_constant=lambda _: next(leaves), parse_float=_finite)
        try:
            text = skeleton.decode("utf-8")
            tree = decoder.decode(text)
        except UnicodeDecodeError as error:
            raise self._malformed("not UTF-8", error.start) from None
        except json.JSONDecodeError as error:
            place = len(text[: error.pos].encode("utf-8"))
            # Python's own words, of which some end with "at".
            message = error.msg[:1].lower() + error.msg[1:].removesuffix(" at")
            raise self._malformed(message, place) from None
        except ValueError:  # int() refuses thousands of digits, _finite what no float can hold
            raise MalformedJson("a number is out of range", None) from None
        if _SURROGATE_ESCAPE.search(skeleton):
            for pointer, _ in leaves_of(tree, has_surrogate):
                raise MalformedJson("half of a surrogate pair", None, pointer)
        self._discard_unused(tree)
        return tree

    def _discard_unused(self, tree: Any) -> None:
        # The last of two equal keys wins; the picture of the first is in no leaf, so nobody would delete its file.
        if len(self._leaves) > 1:
            used = {leaf.path for _, leaf in spilled_in(tree)}
            for spill in self._spills:
                if spill.path not in used:
                    spill.discard()

    def _malformed(self, message: str, place: int) -> ReaderError:
        """Returns the error for an offset in the skeleton, with the offset in the document."""
        return MalformedJson(message, place + sum(removed for at, removed in self._removed if at <= place), "")


def is_wide(head: bytes) -> bool:
    """Whether a document that begins so is written in UTF-16 or UTF-32."""
    return _WIDE.match(head) is not None


def _key(raw: bytes) -> str:
    if b"\\" not in raw:
        return raw.decode("utf-8", "replace")
    try:
        return str(json.loads(b'"' + raw + b'"'))
    except ValueError:
        return raw.decode("utf-8", "replace")


def _finite(digits: str) -> float:
    number = float(digits)
    if math.isinf(number):
        raise ValueError(digits[:20])
    return number
