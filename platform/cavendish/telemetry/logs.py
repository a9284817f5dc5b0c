"""Log lines without content and without keys.

A database error repeats the values of the row it refused, and those are prompts. Clients of Google's REST API write
their key into the address (`?key=`), and whoever logs addresses would log it.
"""

from __future__ import annotations

import logging
import re
import traceback
from types import TracebackType

import psycopg
from django.db import DatabaseError

ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


# A key's prefix names it and opens nothing; what follows does. Likewise what stands for a signature in an address.
_SECRETS = re.compile(r"(cvd_[a-z]+_[0-9A-Za-z]{12})[0-9A-Za-z]+|([?&](?:key|signature|upload_id)=)[^&\s\"']+")


def without_secrets(text: str) -> str:
    return _SECRETS.sub(lambda found: f"{found[1] or found[2]}…", text)


class SafeFormatter(logging.Formatter):
    """Lines without secrets. Tracebacks as usual, but of database and encoding errors only class and SQLSTATE."""

    def format(self, record: logging.LogRecord) -> str:
        return without_secrets(super().format(record))

    def formatException(self, ei: ExcInfo) -> str:
        if ei[1] is None:
            return ""
        shown = traceback.TracebackException.from_exception(ei[1])
        _sanitise(shown, ei[1], seen=set())
        return "".join(shown.format()).rstrip()


class RedactingFilter(logging.Filter):
    """The same for loggers whose lines somebody else formats, as uvicorn does with its own."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg = without_secrets(str(record.msg))
        if isinstance(record.args, tuple):
            record.args = tuple(without_secrets(arg) if isinstance(arg, str) else arg for arg in record.args)
        if record.exc_info and not record.exc_text:
            # formatters take it as it is
            record.exc_text = without_secrets(SafeFormatter().formatException(record.exc_info))
        return True


def _sanitise(shown: traceback.TracebackException, error: BaseException, seen: set[int]) -> None:
    if id(error) in seen:
        return
    seen.add(id(error))
    if isinstance(error, psycopg.Error | DatabaseError | UnicodeError):
        shown._str = getattr(error, "sqlstate", None) or "message withheld"  # type: ignore[attr-defined]
    for inner, cause in ((shown.__cause__, error.__cause__), (shown.__context__, error.__context__)):
        if inner is not None and cause is not None:
            _sanitise(inner, cause, seen)
    if shown.exceptions and isinstance(error, BaseExceptionGroup):
        for part, cause in zip(shown.exceptions, error.exceptions, strict=True):
            _sanitise(part, cause, seen)
