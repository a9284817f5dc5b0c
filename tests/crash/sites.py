"""A whole platform whose parts can be killed, frozen and looked into."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import secrets
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import psutil
import psycopg
from psycopg.rows import dict_row

from cavendish.db import ids
from tests.services import Running

FLASH = "gemini-3.1-flash-image"
ENDED = ("succeeded", "failed", "canceled")


def until(done: Callable[[], Any], timeout: float = 40.0, what: str = "it") -> float:
    """Seconds until `done()` was true; errors of services that are away count as not yet."""
    began = time.monotonic()
    while True:
        with contextlib.suppress(psycopg.OperationalError, httpx.HTTPError, FileNotFoundError):
            if done():
                return time.monotonic() - began
        assert time.monotonic() - began < timeout, f"{what} did not happen in {timeout} s"
        time.sleep(0.02)


class Site:
    """`marker` goes into every prompt, so that this test's interactions at the sandbox can be counted."""

    def __init__(self, running: Running) -> None:
        self.running = running
        self.data = running.data_dir
        self.sandbox = self.data / "sandbox"
        self.marker = f"m{secrets.token_hex(6)}"
        self.jobs: list[UUID] = []

    # Clients

    def client(self, tenant: int = 0) -> httpx.Client:
        key = self.running.ready["tenants"][tenant]["api_key"]
        return httpx.Client(base_url=self.running.url, headers={"Authorization": f"Bearer {key}"}, timeout=60)

    def post(self, words: str = "", *, tenant: int = 0, wait: int = 0, **body: Any) -> UUID:
        """An accepted generation; `input` may be given whole instead of words for the prompt."""
        headers = {"Prefer": f"wait={wait}"} if wait else {}
        sent = {"model": FLASH, "input": f"{self.marker} {len(self.jobs)} {words}", **body}
        with self.client(tenant) as client:
            answer = client.post("/api/v1/generations", json=sent, headers=headers)
        assert answer.status_code in {200, 202}, answer.text
        id = ids.decode(ids.GENERATION, answer.json()["id"])
        assert id is not None
        self.jobs.append(id)
        return id

    # Looking in

    def sql(self, query: str, *values: Any) -> list[dict[str, Any]]:
        url = json.loads((self.data / "connection.json").read_text())["DATABASE_OWNER_URL"]
        with psycopg.connect(url, autocommit=True, row_factory=dict_row, connect_timeout=3) as connection:
            cursor = connection.execute(query, values)
            return cursor.fetchall() if cursor.description else []

    def generation(self, id: UUID) -> dict[str, Any]:
        return self.sql("SELECT * FROM generations_generation WHERE id = %s", id)[0]

    def resumable(self, *wanted: UUID) -> bool:
        """The upstream has them and the books know under which id."""
        found = self.sql(
            "SELECT count(*) AS n FROM generations_generation WHERE id = ANY (%s) AND upstream_id <> ''", list(wanted)
        )
        return bool(found[0]["n"] == len(wanted))

    def ended(self, wanted: Sequence[UUID], timeout: float = 40.0) -> float:
        query = "SELECT count(*) AS n FROM generations_generation WHERE id = ANY (%s) AND status = ANY (%s)"
        return until(lambda: self.sql(query, list(wanted), list(ENDED))[0]["n"] == len(wanted), timeout, "the end")

    def spooled(self, id: UUID, name: str = "result.json") -> bool:
        return any((self.data / "spool" / "jobs").glob(f"{id.hex}-*/{name}"))

    def bought(self) -> int:
        return sum(self.marker in path.read_text() for path in self.sandbox.glob("interactions/*.json"))

    # Killing

    def pids(self, name: str) -> list[int]:
        """Of the running children whose name begins so, with all processes below them."""
        found = []
        for child, pid, _ in json.loads((self.data / "children.json").read_text()):
            if child.startswith(name):
                with contextlib.suppress(psutil.Error):
                    found += [pid, *(below.pid for below in psutil.Process(pid).children(recursive=True))]
        return found

    def signal(self, name: str, number: signal.Signals) -> list[int]:
        pids = self.pids(name)
        assert pids, f"{name} does not run"
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)
        return pids

    def kill(self, name: str) -> None:
        self.signal(name, signal.SIGKILL)

    @contextlib.contextmanager
    def frozen(self, name: str) -> Iterator[None]:
        pids = self.signal(name, signal.SIGSTOP)
        try:
            yield
        finally:
            for pid in pids:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGCONT)

    @contextlib.contextmanager
    def storage_away(self) -> Iterator[None]:
        """The folder of the objects is a file: an outage that binds root as well."""
        tenants = self.data / "objects" / "tenants"
        tenants.mkdir(parents=True, exist_ok=True)
        aside = tenants.with_name("aside")
        tenants.rename(aside)
        tenants.write_bytes(b"")
        try:
            yield
        finally:
            tenants.unlink()
            aside.rename(tenants)

    # What must hold afterwards

    def holds(self, *, attempts: dict[UUID, set[int]] | None = None, bought: int | None = None) -> None:
        """I1, I2, I4, I5, I7 for all that was posted: each succeeded once, was charged once, is stored whole."""
        rows = self.sql(
            """SELECT g.id, g.status, g.attempts, g.failures, h.status AS hold, c.status AS charge, c.amount,
                 (SELECT count(*) FROM events_event e WHERE e.subject = g.id
                  AND e.data->>'new' IN ('succeeded', 'failed', 'canceled')) AS ends,
                 (SELECT count(*) FROM billing_ledgertransaction l WHERE l.generation_id = g.id) AS booked,
                 (SELECT sum(amount) FROM billing_usagerecord u WHERE u.generation_id = g.id) AS used
               FROM generations_generation g
               JOIN billing_hold h ON h.generation_id = g.id LEFT JOIN billing_charge c ON c.generation_id = g.id
               WHERE g.id = ANY (%s)""",
            self.jobs,
        )
        assert len(rows) == len(self.jobs)
        for row in rows:
            said = (row["status"], row["ends"], row["hold"], row["charge"], row["booked"], row["failures"])
            assert said == ("succeeded", 1, "settled", "charged", 1, 0), said
            assert row["amount"] == row["used"] > 0
            assert row["attempts"] in (attempts or {}).get(row["id"], {1})
        self._objects_are_whole()
        self._books_balance()
        if bought is not None:
            assert self.bought() == bought
        until(lambda: not any(self.spooled(id) for id in self.jobs), 5, "an empty spool")

    def _objects_are_whole(self) -> None:
        outputs = self.sql("SELECT * FROM generations_output WHERE generation_id = ANY (%s)", self.jobs)
        assert {output["generation_id"] for output in outputs} == set(self.jobs)
        for output in outputs:
            content = (self.data / "objects" / output["storage_key"]).read_bytes()
            assert (len(content), hashlib.sha256(content).hexdigest()) == (output["bytes"], output["sha256"])
        # And nothing else: what a lost attempt stored is deleted again.
        wanted = {Path(output["storage_key"]).name for output in outputs}
        until(lambda: self._objects() == wanted, 10, "the end of late answers")

    def _objects(self) -> set[str]:
        stored = self.data / "objects" / "tenants"
        return {path.name for id in self.jobs for path in stored.glob(f"*/outputs/{id.hex}/*")}

    def _books_balance(self) -> None:
        (found,) = self.sql(
            """SELECT (SELECT sum(amount) FROM billing_ledgerentry) AS ledger,
                 (SELECT sum(amount) FROM billing_ledgerentry WHERE account = 'wallet')
                   - (SELECT sum(balance) FROM billing_wallet) AS wallets,
                 (SELECT coalesce(sum(amount), 0) FROM billing_charge)
                   - (SELECT coalesce(sum(amount), 0) FROM billing_usagerecord) AS usage,
                 (SELECT coalesce(sum(amount), 0) FROM billing_usagerecord)
                   - (SELECT coalesce(sum(amount), 0) FROM billing_usagerollup) AS rollups,
                 (SELECT sum(held) FROM billing_wallet)
                   - (SELECT coalesce(sum(amount), 0) FROM billing_hold WHERE status = 'held') AS held"""
        )
        assert set(found.values()) == {0}
