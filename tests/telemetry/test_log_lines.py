"""Lines of the log: as JSON, once a minute, and to a Sentry; never with a secret."""

from __future__ import annotations

import json
import logging
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from queue import Queue
from typing import Any

import psycopg
import pytest
from django.db import DataError, connections

from cavendish.boot.declared import SETTINGS
from cavendish.boot.declared.kinds import WrongValue
from cavendish.telemetry.errors import ErrorsHandler
from cavendish.telemetry.json_lines import JsonFormatter
from cavendish.telemetry.logs import SafeFormatter
from cavendish.telemetry.repeats import KEEP_SECONDS, RepeatsFilter
from cavendish.telemetry.request_ids import Request, request_entered
from tests.api.accounts import Account, Books

GENERATION = "gen_01a2247b7b0875438a9fceb05a85bdd6"
SECRET = "cvd_live_" + "p" * 12 + "canary" + "s" * 32


def record(message: str, *args: object, name: str = "generations.work.run", error: BaseException | None = None,
           level: int = logging.ERROR) -> logging.LogRecord:  # fmt: skip
    exc_info = None
    if error is not None:
        try:
            raise error
        except BaseException:
            exc_info = sys.exc_info()
    return logging.LogRecord(name, level, __file__, 1, message, args, exc_info)


def test_a_line_is_an_object_with_ids_and_without_secrets() -> None:
    with request_entered(Request("req_1", "4bf92f3577b34da6a3ce929d0e0e4736")):
        said = JsonFormatter().format(
            record("Generation %s failed with ?key=%s", GENERATION, SECRET, error=OSError("x"))
        )
    line = json.loads(said)
    assert line["message"] == f"Generation {GENERATION} failed with ?key=…"
    assert (line["level"], line["logger"], line["generation_id"]) == ("ERROR", "generations.work.run", GENERATION)
    assert (line["request_id"], line["trace_id"]) == ("req_1", "4bf92f3577b34da6a3ce929d0e0e4736")
    assert line["time"].endswith("+00:00")
    assert line["exception"].startswith("Traceback")
    assert line["exception"].endswith("OSError: x")
    assert "canary" not in said


def test_an_outage_has_no_traceback() -> None:
    away = record("A heartbeat failed.", error=psycopg.OperationalError("server closed the connection"))
    assert SafeFormatter("%(message)s").format(away) == "A heartbeat failed. (OperationalError)"
    assert away.exc_info, "another handler has its own way"
    broken = record("A heartbeat failed.", error=psycopg.DatabaseError("no connection"))
    assert SafeFormatter("%(message)s").format(broken) == "A heartbeat failed. (DatabaseError)"


def test_what_is_said_a_hundred_times_is_written_once_a_minute() -> None:
    now = 0.0
    repeats = RepeatsFilter(clock=lambda: now)
    own = [record("PostgreSQL is away (%s).", "PoolTimeout", level=logging.WARNING) for _ in range(100)]
    assert [line.getMessage() for line in own if repeats.filter(line)] == ["PostgreSQL is away (PoolTimeout)."]
    # Two jobs that fail are two lines, two queues of a library are one.
    assert all(repeats.filter(record("Generation %s failed.", job)) for job in "ab")
    theirs = [record("Consumer %s lost its connection.", q, name=f"dramatiq.worker.{q}") for q in "abc"]
    assert [repeats.filter(line) for line in theirs] == [True, False, False]
    assert all(repeats.filter(record("ready", level=logging.INFO)) for _ in range(3))
    now += KEEP_SECONDS
    assert repeats.filter(own[0])
    assert own[0].getMessage() == "PostgreSQL is away (PoolTimeout). (and 99 more like it)"


class Ingest(BaseHTTPRequestHandler):
    came: Queue[tuple[str, str, list[dict[str, object]]]] = Queue()

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.came.put((self.path, self.headers["X-Sentry-Auth"], [json.loads(line) for line in body.splitlines()]))
        self.send_response(200)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        pass


@contextmanager
def ingest() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), Ingest)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://public@127.0.0.1:{server.server_port}/errors/42"
    finally:
        server.shutdown()
        server.server_close()


def test_an_error_reaches_sentry_without_what_it_quotes() -> None:
    prompt = "-".join(["canary", "prompt"])  # not in the source line that a traceback shows
    with connections["operator"].cursor() as cursor, pytest.raises(DataError) as caught:
        cursor.execute("SELECT %s::text::uuid", [prompt])
    with ingest() as dsn:
        with request_entered(Request("req_1")):
            ErrorsHandler(dsn, "staging").handle(record("It failed for ?key=%s", SECRET, error=caught.value))
        path, auth, lines = Ingest.came.get(timeout=10)
    assert (path, auth.partition("sentry_key=")[2][:6]) == ("/errors/api/42/envelope/", "public")
    event: Any = lines[2]
    assert lines[0] == {"event_id": event["event_id"]}
    assert lines[1] == {"type": "event"}
    assert event["logentry"] == {"formatted": "It failed for ?key=…"}
    assert event["environment"] == "staging"
    assert event["tags"]["request_id"] == "req_1"
    first, last = event["exception"]["values"]
    assert (first["type"], first["value"]) == ("InvalidTextRepresentation", "22P02")
    assert (last["type"], last["value"]) == ("DataError", "message withheld")
    assert last["stacktrace"]["frames"][-1]["filename"].endswith("cursor.py")
    assert "canary" not in json.dumps(lines)


@pytest.mark.parametrize("dsn", ["sentry.example.com", "https://sentry.example.com/42", "https://a@b.example/x"])
def test_what_is_no_dsn_is_refused(dsn: str) -> None:
    with pytest.raises(WrongValue, match="is no DSN"):
        SETTINGS["SENTRY_DSN"].kind.read(dsn)


def test_a_request_has_its_line(account: Account, books: Books) -> None:
    account.get("/api/v1/generations/gen_01a2247b7b0875438a9fceb05a85bdd6", headers={"X-Request-Id": "line-1"})
    log = (books.running.data_dir / "logs" / "web.log").read_text()
    lines = [line for line in log.splitlines() if line.endswith("[line-1]")]
    assert len(lines) == 1
    _, _, said = lines[0].partition("INFO cavendish.access ")
    assert said.startswith("GET api/v1/generations/")
    assert " 404 " in said
    assert f"ten_{account.tenant.id.hex}" in said
    assert "gen_" not in said
