"""The worker's SQL functions, called as the roles that may call them, and what the books say afterwards."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from decimal import Decimal
from typing import Any, TypeVar
from uuid import UUID, uuid4

from django.db import connections

from accounts.models import Tenant
from billing.usage.upstream import usage_parse
from generations.contracts import GenerationResult
from generations.work.answer import Answer
from generations.work.job import Job
from generations.work.result import success

A = TypeVar("A")
B = TypeVar("B")
PLENTY = 1 << 50
JSONB = 3802


def rows(alias: str, query: str, *values: Any) -> list[dict[str, Any]]:
    with connections[alias].cursor() as cursor:
        cursor.execute(query, values)
        if cursor.description is None:
            return []
        columns = [(column.name, column.type_code == JSONB) for column in cursor.description]
        return [
            # Django leaves jsonb as text to its fields
            {
                name: json.loads(value) if is_json and value else value
                for (name, is_json), value in zip(columns, row, strict=True)
            }
            for row in cursor.fetchall()
        ]


def one(alias: str, query: str, *values: Any) -> Any:
    """The only column of the only row."""
    (row,) = rows(alias, query, *values)
    (value,) = row.values()
    return value


def register(name: str | None = None, *, seconds: float = 60.0, keep: Sequence[UUID] = ()) -> UUID:
    worker = uuid4()
    one("system", "SELECT worker_register(%s, %s, %s, %s)", name or worker.hex, worker, seconds, list(keep))
    return worker


def claim(
    worker: UUID, limit: int = 1, *, room: int = PLENTY, idle: bool = True, batch: int = 1000, seconds: float = 600
) -> list[Job]:
    query = "SELECT * FROM generation_claim(%s, %s, %s, %s, %s, %s)"
    found = rows("system", query, worker, limit, room, idle, batch, seconds)
    return [Job.from_row(row) for row in found]


def claim_one(worker: UUID) -> Job:
    (job,) = claim(worker)
    return job


def reported(text: int = 10, image: int = 1120) -> dict[str, Any]:
    """A usage as the upstream reports it."""
    return {
        "total_tokens": text + image,
        "total_input_tokens": text,
        "input_tokens_by_modality": [{"modality": "text", "tokens": text}],
        "total_output_tokens": image,
        "output_tokens_by_modality": [{"modality": "image", "tokens": image}],
    }


def succeeded(job: Job, *, image: int = 1120) -> GenerationResult:
    """What a worker books for an answer with so many picture tokens; the picture itself is left out."""
    usage = reported(image=image)
    answer = Answer(usage=usage_parse(usage, picture_tokens=image, queries=0), usage_reported=usage)
    return success(job, answer, sandbox=True)


def finish(job: Job, result: GenerationResult, *, token: UUID | None = None, attempt: int | None = None) -> str:
    """'ended', 'already' or 'lost'."""
    return str(
        one(
            "default",
            "SELECT generation_finish(%s, %s, %s, %s, %s::jsonb)",
            job.tenant_id,
            job.id,
            attempt or job.attempt,
            token or job.lease_token,
            json.dumps(result),
        )
    )


def generation(id: UUID) -> dict[str, Any]:
    (row,) = rows("owner", "SELECT * FROM generations_generation WHERE id = %s", id)
    return row


def status(id: UUID) -> str:
    return str(generation(id)["status"])


def events(id: UUID) -> list[tuple[str, str]]:
    """(new status, reason), oldest first."""
    found = rows(
        "owner",
        "SELECT data->>'new' AS new, data->>'reason' AS reason FROM events_event WHERE subject = %s ORDER BY xid, id",
        id,
    )
    return [(row["new"], row["reason"]) for row in found]


def wallet(tenant: Tenant, *, livemode: bool = True) -> dict[str, Decimal]:
    (row,) = rows(
        "owner",
        "SELECT balance, held FROM billing_wallet WHERE tenant_id = %s AND livemode = %s",
        tenant.id,
        livemode,
    )
    return row


def books_balance(tenant: Tenant) -> None:
    """I4 and I5: ledger, wallet, charges, usage and roll-ups say the same, to the last digit, and nothing is held."""
    (found,) = rows(
        "owner",
        """SELECT
            (SELECT coalesce(sum(amount), 0) FROM billing_ledgerentry WHERE tenant_id = t.id) AS ledger,
            (SELECT coalesce(sum(amount), 0) FROM billing_ledgerentry
             WHERE tenant_id = t.id AND account = 'wallet') AS entries,
            (SELECT sum(balance) FROM billing_wallet WHERE tenant_id = t.id) AS balance,
            (SELECT sum(held) FROM billing_wallet WHERE tenant_id = t.id) AS held,
            (SELECT coalesce(sum(amount), 0) FROM billing_ledgerentry
             WHERE tenant_id = t.id AND account = 'revenue') AS revenue,
            (SELECT coalesce(sum(amount), 0) FROM billing_charge WHERE tenant_id = t.id) AS charges,
            (SELECT coalesce(sum(amount), 0) FROM billing_usagerecord WHERE tenant_id = t.id) AS usage,
            (SELECT coalesce(sum(amount), 0) FROM billing_usagerollup WHERE tenant_id = t.id) AS rollups,
            (SELECT coalesce(sum(quantity), 0) FROM billing_usagerecord WHERE tenant_id = t.id) AS quantity,
            (SELECT coalesce(sum(quantity), 0) FROM billing_usagerollup
             WHERE tenant_id = t.id AND kind <> 'request') AS rolled,
            (SELECT count(*) FROM billing_charge WHERE tenant_id = t.id) AS ended,
            (SELECT coalesce(sum(quantity), 0) FROM billing_usagerollup
             WHERE tenant_id = t.id AND kind = 'request') AS counted,
            (SELECT coalesce(sum(cost), 0) FROM billing_charge WHERE tenant_id = t.id) AS cost,
            (SELECT coalesce(sum(cost), 0) FROM billing_usagerollup WHERE tenant_id = t.id) AS rolled_cost,
            (SELECT count(*) FROM billing_hold WHERE tenant_id = t.id AND status = 'held') AS holds,
            (SELECT count(*) FROM generations_generation g LEFT JOIN billing_charge c ON c.generation_id = g.id
             WHERE g.tenant_id = t.id AND c.generation_id IS NULL) AS uncharged,
            (SELECT count(*) FROM billing_charge c JOIN billing_hold h USING (generation_id)
             WHERE c.tenant_id = t.id AND c.amount > h.amount) AS above
        FROM accounts_tenant t WHERE t.id = %s""",
        tenant.id,
    )
    assert found["ledger"] == 0
    assert found["entries"] == found["balance"]
    assert found["revenue"] == found["charges"] == found["usage"] == found["rollups"]
    assert found["quantity"] == found["rolled"]
    assert found["cost"] == found["rolled_cost"]
    assert found["ended"] == found["counted"]
    assert (found["held"], found["holds"], found["uncharged"], found["above"]) == (0, 0, 0, 0)


def in_threads(count: int, work: Callable[[A], B], items: Iterable[A]) -> list[B]:
    """`work` for each item in `count` threads with connections of their own."""

    def closing(item: A) -> B:
        try:
            return work(item)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(count) as threads:
        return list(threads.map(closing, items))


@contextmanager
def watched(look: Callable[[], A]) -> Iterator[list[A]]:
    """Collects what `look` sees, over and over, while the block runs."""
    seen: list[A] = []
    stop = threading.Event()

    def loop() -> None:
        try:
            while not stop.is_set():
                seen.append(look())
        finally:
            connections.close_all()

    thread = threading.Thread(target=loop)
    thread.start()
    try:
        yield seen
    finally:
        stop.set()
        thread.join()
