"""What a log line may not say (I9)."""

from __future__ import annotations

import logging
import sys

import pytest
from django.db import DataError, connections

from cavendish.telemetry.logs import RedactingFilter, SafeFormatter


def _logged(error: BaseException) -> str:
    try:
        raise error
    except BaseException:
        record = logging.LogRecord("test", logging.ERROR, __file__, 1, "It failed.", None, sys.exc_info())
    return SafeFormatter("%(message)s").format(record)


def test_a_database_error_does_not_repeat_its_value() -> None:
    prompt = "-".join(["canary", "prompt"])  # not in the source line that a traceback shows
    with connections["operator"].cursor() as cursor, pytest.raises(DataError) as caught:
        cursor.execute("SELECT %s::text::uuid", [prompt])

    assert prompt in str(caught.value)  # the trap is real
    said = _logged(caught.value)
    assert prompt not in said
    assert "22P02" in said  # invalid_text_representation
    assert "test_logs.py" in said


def test_other_errors_keep_their_words() -> None:
    assert "the disk is full" in _logged(OSError("the disk is full"))


def test_an_encoding_error_does_not_show_the_text() -> None:
    error = UnicodeEncodeError("ascii", "canary-prompt é", 14, 15, "ordinal not in range")

    assert "canary" not in _logged(error)


SECRET = "cvd_live_" + "p" * 12 + "canary" + "s" * 32


@pytest.mark.parametrize(
    ("said", "logged"),
    [
        (f"GET /v1beta/models?key={SECRET} 200", "GET /v1beta/models?key=… 200"),
        (f"/x?alt=sse&key={SECRET}&a=b", "/x?alt=sse&key=…&a=b"),
        ("/x?key=AIzaSomebodysGoogleKey", "/x?key=…"),
        (f"The key {SECRET} is odd.", f"The key cvd_live_{'p' * 12}… is odd."),
        ("cvd_operator_" + "p" * 12 + "canary", f"cvd_operator_{'p' * 12}…"),
        ("/content?expires=1&signature=canary", "/content?expires=1&signature=…"),
        ('"POST /upload/v1/files?upload_id=canary&x=1"', '"POST /upload/v1/files?upload_id=…&x=1"'),
        ("a monkey=banana and keys=7", "a monkey=banana and keys=7"),
    ],
)
def test_a_line_names_a_key_and_does_not_show_it(said: str, logged: str) -> None:
    record = logging.LogRecord("test", logging.INFO, __file__, 1, "%s", (said,), None)
    assert SafeFormatter("%(message)s").format(record) == logged
    foreign = logging.LogRecord("uvicorn.access", logging.INFO, __file__, 1, '%s - "%s" %d', ("a", said, 200), None)
    assert RedactingFilter().filter(foreign)
    assert foreign.getMessage() == f'a - "{logged}" 200'


def test_a_traceback_does_not_show_a_key_either() -> None:
    assert "canary" not in _logged(ValueError(f"?key={SECRET}"))
    try:
        raise ValueError(f"?key={SECRET}")
    except ValueError:
        record = logging.LogRecord("uvicorn.error", logging.ERROR, __file__, 1, "It failed.", None, sys.exc_info())
    RedactingFilter().filter(record)
    shown = logging.Formatter().format(record)
    assert "ValueError" in shown
    assert "canary" not in shown.replace('ValueError(f"?key={SECRET}")', "")
