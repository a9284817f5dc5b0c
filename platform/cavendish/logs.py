"""Log lines without content: a database error repeats the values of the row it refused, and those are prompts."""

from __future__ import annotations

import logging
import traceback
from types import TracebackType

import psycopg
from django.db import DatabaseError

ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


class SafeFormatter(logging.Formatter):
    """Tracebacks as usual, but of database and encoding errors only the class and the SQLSTATE."""

    def formatException(self, ei: ExcInfo) -> str:
        if ei[1] is None:
            return ""
        shown = traceback.TracebackException.from_exception(ei[1])
        _sanitise(shown, ei[1], seen=set())
        return "".join(shown.format()).rstrip()


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
