"""Parses server-sent events whose payloads are JSON documents of any size, each on one line or several."""

from __future__ import annotations

from typing import Any

from cavendish.gemini.reader._errors import MalformedJson, TooLarge
from cavendish.gemini.reader._json import JsonReader
from cavendish.gemini.reader._sink import SpoolSink

_END = b"[DONE]"
_LONGEST_FIELD = 16
_FIELD, _DATA, _IGNORED = range(3)


class SseReader:
    """Splits a stream into events and parses each payload as it arrives. `data: [DONE]` sets `done` and is no event.

    `max_memory` bounds what all events of the stream keep together, in bytes.
    """

    def __init__(self, sink: SpoolSink | None, *, max_depth: int = 64, max_memory: int = 32 * 1024 * 1024) -> None:
        self._sink = sink
        self._max_depth = max_depth
        self._max_memory = max_memory
        self._memory = 0
        self._state = _FIELD
        self._field = b""
        self._after_colon = False  # one space after the colon is not part of the value
        self._skip_newline = False  # the last byte was a carriage return
        self._line_is_empty = True
        self._head: bytes | None = b""  # the start of the payload until it is clear that it is not [DONE]
        self._event: JsonReader | None = None
        self._finished: list[JsonReader] = []
        self.done = False

    def feed(self, chunk: bytes) -> list[Any]:
        """Returns the events that `chunk` completes, in order. Raises ReaderError."""
        events: list[Any] = []
        position = 0
        try:
            while position < len(chunk):
                if self._skip_newline:
                    self._skip_newline = False
                    if chunk[position] == 10:
                        position += 1
                        continue
                position = self._take(chunk, position, events)
        except BaseException:
            self.abort()
            raise
        return events

    def close(self) -> None:
        """Ends the stream. An event without its closing empty line is discarded with its pictures."""
        if self._event is not None:
            self._event.abort()
            self._event = None

    def abort(self) -> None:
        """Deletes what all events spilled."""
        self.close()
        for reader in self._finished:
            reader.abort()
        self._finished = []

    def _take(self, chunk: bytes, position: int, events: list[Any]) -> int:
        end = _line_end(chunk, position)
        limit = end if end >= 0 else len(chunk)
        if limit > position:
            self._line_is_empty = False
            self._part_of_line(chunk, position, limit)
        if end < 0:
            return limit
        self._skip_newline = chunk[end] == 13
        if self._line_is_empty:
            self._dispatch(events)
        elif self._state == _DATA:
            self._payload(b"\n")
        self._state, self._field, self._line_is_empty = _FIELD, b"", True
        return end + 1

    def _part_of_line(self, chunk: bytes, position: int, limit: int) -> None:
        if self._state == _FIELD:
            colon = chunk.find(b":", position, limit)
            self._field += chunk[position : colon if colon >= 0 else min(limit, position + _LONGEST_FIELD + 1)]
            if colon < 0:
                if len(self._field) > _LONGEST_FIELD:
                    self._state = _IGNORED
                return
            self._state = _DATA if self._field == b"data" else _IGNORED
            self._after_colon = True
            position = colon + 1
        if self._state == _DATA and position < limit:
            if self._after_colon and chunk[position] == 32:
                position += 1
            self._after_colon = False
            self._payload(chunk[position:limit])

    def _payload(self, data: bytes) -> None:
        if self._head is not None:
            self._head += data
            if (_END + b"\n").startswith(self._head):
                return
            data, self._head = self._head, None
        if self._event is None:
            self._event = JsonReader(self._sink, max_depth=self._max_depth, max_memory=self._max_memory - self._memory)
        self._event.feed(data)

    def _dispatch(self, events: list[Any]) -> None:
        if self._head:
            if self._head.strip() != _END:
                raise MalformedJson("an event is not JSON", 0)
            self.done = True
        event, self._event, self._head = self._event, None, b""
        if event is None:
            return
        if event.empty:
            event.abort()
            return
        events.append(event.close())
        self._memory += event.memory
        self._finished.append(event)
        if self._memory >= self._max_memory:
            self.abort()
            raise TooLarge(f"more than {self._max_memory} bytes beside its pictures", self._max_memory)


def _line_end(chunk: bytes, position: int) -> int:
    newline = chunk.find(b"\n", position)
    carriage = chunk.find(b"\r", position, newline if newline >= 0 else len(chunk))
    return carriage if carriage >= 0 else newline
