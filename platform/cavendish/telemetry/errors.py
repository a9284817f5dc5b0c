"""Errors to a Sentry (SENTRY_DSN), in its own protocol: what the log says of them, and where in the code they happened.

No variable, no source of a request and no header is read, so nothing has to be found and taken out afterwards; messages
go through the same redaction as lines of the log.
"""

from __future__ import annotations

import atexit
import json
import logging
import queue
import socket
import threading
import time
import urllib.request
from importlib.metadata import version
from traceback import TracebackException
from typing import Any
from uuid import uuid4

from cavendish.boot.dsn import Dsn
from cavendish.db.address import process_name
from cavendish.telemetry.logs import sanitised, without_secrets
from cavendish.telemetry.request_ids import current_request

WAITING = 100
"""Events that wait to be sent; more are dropped: they tell the same, mostly."""
TIMEOUT = 5.0
LAST_SECONDS = 2.0
"""What a process that ends gives to those that wait."""
MOST_FRAMES = 50
OWN = ("cavendish", "accounts", "billing", "generations")


class ErrorsHandler(logging.Handler):
    """Sends lines of ERROR and above, from a thread of its own that starts with the first."""

    def __init__(self, dsn: str, environment: str = "production") -> None:
        super().__init__(logging.ERROR)
        self._dsn = Dsn.of(dsn)
        self._environment = environment
        self._events: queue.Queue[dict[str, Any]] = queue.Queue(WAITING)
        self._thread: threading.Thread | None = None
        self._starting = threading.Lock()

    def emit(self, record: logging.LogRecord) -> None:
        try:
            self._events.put_nowait(self._event(record))
        except queue.Full:
            return
        except Exception:
            self.handleError(record)
            return
        with self._starting:
            if self._thread is None:
                self._thread = threading.Thread(target=self._send_all, name="errors", daemon=True)
                self._thread.start()
                atexit.register(self._wait)

    def _event(self, record: logging.LogRecord) -> dict[str, Any]:
        request = current_request()
        tags = {"process": process_name().removeprefix("cavendish").strip()}
        tags |= {"request_id": without_secrets(request.id)} if request.id else {}
        tags |= {"trace_id": request.trace_id} if request.trace_id else {}
        event: dict[str, Any] = {
            "event_id": uuid4().hex,
            "timestamp": record.created,
            "platform": "python",
            "level": "fatal" if record.levelno >= logging.CRITICAL else "error",
            "logger": record.name,
            "server_name": socket.gethostname(),
            "release": f"cavendish@{version('cavendish')}",
            "environment": self._environment,
            "tags": tags,
            "logentry": {"formatted": without_secrets(record.getMessage())[:8000]},
        }
        if record.exc_info and record.exc_info[1] is not None:
            event["exception"] = {"values": _chain(sanitised(record.exc_info[1]))}
        return event

    def _send_all(self) -> None:
        while True:
            event = self._events.get()
            try:
                self._send(event)
            except OSError:
                time.sleep(1)  # it is away: the line in the log is what is left
            finally:
                self._events.task_done()

    def _send(self, event: dict[str, Any]) -> None:
        head = {"event_id": event["event_id"]}
        lines = (head, {"type": "event"}, event)
        request = urllib.request.Request(
            self._dsn.url,
            data="\n".join(json.dumps(line) for line in lines).encode(),
            headers={
                "Content-Type": "application/x-sentry-envelope",
                "X-Sentry-Auth": f"Sentry sentry_version=7, sentry_key={self._dsn.key}, sentry_client=cavendish/1",
            },
        )
        with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:
            answer.read()

    def _wait(self) -> None:
        until = time.monotonic() + LAST_SECONDS
        while self._events.unfinished_tasks and time.monotonic() < until:
            time.sleep(0.05)


def _chain(last: TracebackException) -> list[dict[str, Any]]:
    """Returns an error and those that led to it, the first one first, as Sentry has them."""
    chain: list[dict[str, Any]] = []
    error: TracebackException | None = last
    while error is not None and len(chain) < 10:
        chain.append(
            {
                "type": error.exc_type.__name__ if error.exc_type else "Exception",
                "module": error.exc_type.__module__ if error.exc_type else "",
                "value": without_secrets(str(error))[:4000],
                "stacktrace": {
                    "frames": [
                        {
                            "filename": frame.filename,
                            "function": frame.name,
                            "lineno": frame.lineno,
                            "context_line": frame.line,
                            "in_app": any(f"/{name}/" in frame.filename for name in OWN),
                        }
                        for frame in error.stack[-MOST_FRAMES:]
                    ]
                },
            }
        )
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return chain[::-1]
