"""Loops over what tenants and models write take time and memory in proportion to it: texts of up to a megabyte."""

from __future__ import annotations

import gc
import io
import json
import time
import tracemalloc
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from cavendish.gemini.client._interaction import Assembler
from cavendish.gemini.reader import JsonReader, ReaderError, SpoolSink, SseReader
from cavendish.http.problems import FieldError, Problem, invalid
from cavendish.sandbox.errors import ApiError
from cavendish.sandbox.words import parse_words, without_words
from cavendish.telemetry.logs import without_secrets
from generations.batches.json_scan import NotJson, elements, members
from generations.compat.shared.camel_fields import camel_tree
from generations.compat.shared.pointer_map import PointerMap, placed
from generations.request import body_read, request_canonical, request_parse
from generations.show.pages.text import Sources, cited_runs, plain_runs
from generations.work.answer import _citations
from generations.work.ends import reason_of
from tests.request.helpers import FLASH, inline, picture

SMALL, LARGE = 64_000, 1_024_000
"""Bytes. 16 times the text may take 16 times as long; what is quadratic takes 256 times."""
Case = Callable[[int, Path], Callable[[], object]]


def _pages(text: str) -> Callable[[], object]:
    return lambda: plain_runs(text)


def _cited(size: int, end: Callable[[int], int]) -> Callable[[], object]:
    citations = [
        {"url": f"https://example.com/{number}", "title": "", "start_index": 0, "end_index": end(number)}
        for number in range(size // 100)
    ]
    return lambda: cited_runs("ü" * (size // 2), citations, Sources())


def _citations_of(size: int) -> Callable[[], object]:
    text = "x" * size
    notes = [{"type": "url_citation", "url": "https://example.com", "start_index": 0}] * (size // 100)
    return lambda: list(_citations(text, notes))


def _scan(text: bytes) -> Callable[[], object]:
    def run() -> None:
        for scan in (elements, members):
            with suppress(NotJson):
                list(scan(text, 0, len(text)))

    return run


def _read(document: bytes, directory: Path, chunk: int) -> Callable[[], object]:
    def run() -> None:
        reader = JsonReader(SpoolSink(directory / "spool", max_bytes=10**8))
        with suppress(ReaderError):
            for start in range(0, len(document), chunk):
                reader.feed(document[start : start + chunk])
            reader.close()
        reader.abort()

    return run


def _stream(document: bytes) -> Callable[[], object]:
    def run() -> None:
        reader = SseReader(None)
        with suppress(ReaderError):
            for start in range(0, len(document), 16_384):
                reader.feed(document[start : start + 16_384])
        reader.abort()

    return run


def _parse(**body: Any) -> Callable[[], object]:
    tree = {"model": FLASH, "input": "x", **body}

    def run() -> None:
        with suppress(Problem):
            request_parse(tree)

    return run


def _canonical(size: int, directory: Path) -> Callable[[], object]:
    parts = [{"type": "image", "data": inline(picture()), "mime_type": "image/png"}, {"type": "text", "text": "x"}]
    body = {"model": FLASH, "input": parts, "metadata": {"k" * 64: "v"}}
    parsed = request_parse(body_read(io.BytesIO(json.dumps(body).encode()), spool=directory, max_bytes=10**8))
    # What a later version of the document may hold: a long name, and a lot below it.
    assert isinstance(parsed.document, dict)
    parsed.document["later"] = {"k" * (size // 2): [0] * (size // 4)}
    return lambda: request_canonical(parsed, {"/input/0": "file_1"})


def _assemble(size: int) -> Callable[[], object]:
    def run() -> None:
        assembler = Assembler()
        assembler.add({"event_type": "interaction.created", "interaction": {"id": "v1_1", "status": "completed"}})
        for _ in range(size // 4):
            assembler.add({"event_type": "step.delta", "index": 0, "delta": {"type": "text", "text": "word"}})
        assert len(assembler.interaction().steps[0]["content"][0]["text"]) == size // 4 * 4

    return run


def _words(text: str) -> Callable[[], object]:
    def run() -> None:
        with suppress(ApiError):
            parse_words([text])
        without_words(text)

    return run


def _problem(size: int) -> Callable[[], object]:
    errors = [FieldError("/" + "k/" * (size // 2), "wrong", "x" * size) for _ in range(50)]
    return lambda: invalid(errors).body()


def _placed(pointer: str) -> Callable[[], object]:
    return lambda: placed(invalid([FieldError(pointer, "wrong", "It is wrong.")]), PointerMap())


CASES: dict[str, Case] = {
    "bold that does not end": lambda size, _: _pages("**a " * (size // 4)),
    "bold that ends behind blanks": lambda size, _: _pages("**a **" * (size // 6)),
    "bold on every line": lambda size, _: _pages("**a**\n" * (size // 6)),
    "asterisks": lambda size, _: _pages("*" * size),
    "sources at one place": lambda size, _: _cited(size, lambda number: 50),
    "sources at many places": lambda size, _: _cited(size, lambda number: number * 7),
    "citations of everything": lambda size, _: _citations_of(size),
    "words of safety": lambda size, _: lambda: reason_of("", "safety_setting" * (size // 14)),
    "a string of a batch that does not end": lambda size, _: _scan(b'[{"a":"' + b'\\"' * (size // 2)),
    "brackets of a batch": lambda size, _: _scan(b"[" * (size // 2) + b"]" * (size // 2)),
    "items of a batch": lambda size, _: _scan(b"[" + b"{}, " * (size // 4) + b"{}]"),
    "names of an item": lambda size, _: _scan(b"{" + b'"a" : 1 , ' * (size // 10) + b'"b":1}'),
    "blanks of a batch": lambda size, _: _scan(b"[" + b" " * size),
    "escapes in small pieces": lambda size, path: _read(b'["' + b'\\"' * (size // 2) + b'"]', path, 64),
    "strings in small pieces": lambda size, path: _read(b"[" + b'"a",' * (size // 4) + b'""]', path, 64),
    "names with much below": lambda size, path: _read(
        b'{"' + b"k" * (size // 2) + b'":[' + b'"\\ud800",' * (size // 20) + b'"a"]}', path, 65_536
    ),
    "names above pictures": lambda size, path: _read(
        b'{"' + b"k" * (size // 2) + b'":[' + b'{"data":""},' * 250 + b"0]}", path, 65_536
    ),
    "base64 in small pieces": lambda size, path: _read(b'{"data":"' + b"QUJD" * (size // 4) + b'"}', path, 61),
    "lines of a stream": lambda size, _: _stream(b"\r" * size),
    "fields of a stream": lambda size, _: _stream(b"a" * size),
    "data of a stream": lambda size, _: _stream(b"data: {}\r" * (size // 9)),
    "a streamed text": lambda size, _: _assemble(size),
    "a name with much below": lambda size, _: _parse(later={"k" * (size // 2): [0] * (size // 4)}),
    "names": lambda size, _: _parse(**{f"k{number}": 0 for number in range(size // 20)}),
    "a text": lambda size, _: _parse(input="x" * size),
    "texts": lambda size, _: _parse(input=[{"type": "text", "text": "x" * (size // 1000)}] * 1000),
    "a text of U+0000": lambda size, _: _parse(input="\0" * size),
    "texts with U+0000": lambda size, _: _parse(later={"k" * (size // 2): ["\0"] * (size // 4)}),
    "a canonical request": _canonical,
    "camels": lambda size, _: lambda: camel_tree({"a_b" * (size // 6): [{"c_d": 0}] * (size // 40)}),
    "pointers of a body": lambda size, _: _placed(f"/{'a_b.1' * (size // 300)}" * 60),
    "errors": lambda size, _: _problem(size // 10),
    "words of the sandbox": lambda size, _: _words("[[" + " " * size),
    "options of the sandbox": lambda size, _: _words("[[a" + " a=1" * (size // 4)),
    "letters for the sandbox": lambda size, _: _words("a_" * (size // 2)),
    "secrets in a line": lambda size, _: lambda: without_secrets("cvd_" * (size // 8) + "cvd_a_" + "a" * (size // 2)),
}  # fmt: skip


def taken(run: Callable[[], object]) -> float:
    gc.disable()  # its passes cost what all of the run's objects cost, not this loop's
    try:
        started = time.process_time()
        run()
        return time.process_time() - started
    finally:
        gc.enable()


@pytest.mark.parametrize("name", CASES)
def test_a_loop_is_linear(name: str, tmp_path: Path) -> None:
    small, large = CASES[name](SMALL, tmp_path), CASES[name](LARGE, tmp_path)

    before = min(taken(small) for _ in range(3))
    after = taken(large)
    for _ in range(2):  # what a neighbour on this machine costs comes and goes
        if after > 64 * max(before, 0.001):
            after = min(after, taken(large))
    assert after < 64 * max(before, 0.001), f"{after / before:.0f} times as long for 16 times as much"
    assert after < 10 * LARGE / 1_000_000  # seconds: 10 microseconds for each byte


@pytest.mark.parametrize("name", ["citations of everything", "names above pictures", "names with much below", "errors"])
def test_memory_is_in_proportion(name: str, tmp_path: Path) -> None:
    run = CASES[name](LARGE, tmp_path)

    tracemalloc.start()
    try:
        run()
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 25 * LARGE
