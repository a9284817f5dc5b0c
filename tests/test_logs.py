"""What a log line may not say (I9)."""

from __future__ import annotations

import logging
import sys

import pytest
from django.db import DataError, connections

from cavendish.logs import SafeFormatter


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
