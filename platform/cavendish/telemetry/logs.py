"""Formatters and filters that keep content and keys out of log lines.

A database error repeats the values of the row it refused, and those are prompts. Clients of Google's REST API write
their key into the address (`?key=`), and whoever logs addresses would log it.
"""

from __future__ import annotations

import logging
import re
import traceback
from copy import copy
from types import TracebackType

import psycopg
from django.db import DatabaseError

from cavendish.db.away import is_away
from cavendish.telemetry.request_ids import current_request

ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


# A key's prefix identifies it and the rest is secret; signatures and upload ids in addresses are secret as well.
_SECRETS = re.compile(r"(cvd_[a-z]+_[0-9A-Za-z]{12})[0-9A-Za-z]+|([?&](?:key|signature|upload_id|token)=)[^&\s\"']+")


def without_secrets(text: str) -> str:
    """Returns the text with the secret parts of keys, signatures and upload ids replaced by "…"."""
    return _SECRETS.sub(lambda match: f"{match[1] or match[2]}…", text)


def as_outage(record: logging.LogRecord) -> logging.LogRecord:
    """Returns the record without its traceback where it only says that PostgreSQL or a broker is away."""
    error = record.exc_info[1] if record.exc_info else None
    if error is None or not _is_outage(error):
        return record
    short = copy(record)
    short.msg, short.args = f"{record.getMessage()} ({type(error).__name__})", ()
    short.exc_info = short.exc_text = None
    return short


def _is_outage(error: BaseException) -> bool:
    # By the name of its package: a process need not have imported the library of a broker that it does not use.
    package = type(error).__module__.partition(".")[0]
    return is_away(error) or (package in _BROKERS and "Connection" in type(error).__name__) or type(error) in _REFUSED


_BROKERS = frozenset({"redis", "pika", "dramatiq"})
_REFUSED = frozenset({ConnectionRefusedError, ConnectionResetError, BrokenPipeError, TimeoutError})


class SafeFormatter(logging.Formatter):
    """Formats lines without secrets, with the id of the request that they are about.

    Of database and encoding errors, tracebacks only have the class and SQLSTATE."""

    def format(self, record: logging.LogRecord) -> str:
        return without_secrets(super().format(as_outage(record)))

    def formatMessage(self, record: logging.LogRecord) -> str:
        line = super().formatMessage(record)
        request_id = current_request().id
        return f"{line} [{request_id}]" if request_id else line

    def formatException(self, ei: ExcInfo) -> str:
        if ei[1] is None:
            return ""
        return "".join(sanitised(ei[1]).format()).rstrip()


class RedactingFilter(logging.Filter):
    """Does what SafeFormatter does, for loggers whose lines another library formats, such as uvicorn's."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg = without_secrets(str(record.msg))
        if isinstance(record.args, tuple):
            record.args = tuple(without_secrets(arg) if isinstance(arg, str) else arg for arg in record.args)
        if record.exc_info and not record.exc_text:
            # Formatters use this text instead of formatting the exception themselves.
            record.exc_text = without_secrets(SafeFormatter().formatException(record.exc_info))
        return True


def sanitised(error: BaseException) -> traceback.TracebackException:
    """Returns an error's traceback, in which database and encoding errors do not repeat values."""
    trace = traceback.TracebackException.from_exception(error)
    _sanitise(trace, error, seen=set())
    return trace


def _sanitise(trace: traceback.TracebackException, error: BaseException, seen: set[int]) -> None:
    if id(error) in seen:
        return
    seen.add(id(error))
    if isinstance(error, psycopg.Error | DatabaseError | UnicodeError):
        trace._str = getattr(error, "sqlstate", None) or "message withheld"  # type: ignore[attr-defined]
    for inner, cause in ((trace.__cause__, error.__cause__), (trace.__context__, error.__context__)):
        if inner is not None and cause is not None:
            _sanitise(inner, cause, seen)
    if trace.exceptions and isinstance(error, BaseExceptionGroup):
        for inner, cause in zip(trace.exceptions, error.exceptions, strict=True):
            _sanitise(inner, cause, seen)
