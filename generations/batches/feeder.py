"""The feeder: makes jobs of the items of batches, a few at a time, as there is room for them.

Room is what the queue holds of a tenant's items (`BATCH_AHEAD`): the others wait as rows, hold no money and cost the
claim of a worker nothing. An item is read from the batch's input by its place, so that of the whole never more than one
item is looked at, and its pictures go through the spool.

An item whose pictures have to be fetched goes aside (`aside`): its host may take half a minute, and others go on. A
batch of which nothing is left but such items goes behind the tenant's other batches.

Any number of feeders may run, and any of them may die between two lines: an item becomes a job, and stops waiting, in
one transaction (`generation_submit`). The lease of a batch only spares two feeders the same work.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from typing import Any, cast
from uuid import UUID

from django.conf import settings
from django.db import DatabaseError, DataError, InterfaceError, connections
from django.utils import timezone

from billing.contracts import HoldRefusal
from billing.errors import BudgetExceeded, InsufficientBalance
from cavendish.db.call import call_rows
from cavendish.db.storable import storable
from cavendish.db.tenancy import tenant_context
from cavendish.http.problems import FieldError, Problem, Refusal
from cavendish.storage import ObjectMissing, is_outage, objects
from cavendish.telemetry.request_ids import Request, request_entered
from cavendish.telemetry.tracing import span, traceparent_of
from generations.accept.funnel import check_model, generation_admit, request_spool
from generations.accept.guards import HooksNeeded
from generations.accept.submission import JobOwner, JobTerms
from generations.batches.aside import Aside
from generations.batches.services import batch_wind_down, item_fail
from generations.batches.source import request_of
from generations.errors import ErrorCode, ItemTaken, JobsInFlight, TenantInactive, TooManyFetches, TooManyHooks
from generations.models import Batch, BatchItem, Generation, ItemStatus, Priority, Status
from generations.prompt_templates.selectors import template_finder
from generations.request import Dialect, body_read, request_parse

logger = logging.getLogger(__name__)

LEASE_SECONDS = 20.0
LOT_ITEMS = 50
LOT_SECONDS = 5.0
"""A lot ends after so many items or so long, that one tenant's slow pictures do not keep a thread for themselves."""
PAUSE, OUTAGE_PAUSE = 1.0, 5.0
PATIENCE = timedelta(minutes=15)
"""How long an item waits for a budget or a wallet that what still runs may relieve."""
ASIDE_SECONDS = 10.0
"""How long a batch is behind the tenant's others when all that is left of it waits for fetches."""
TICK = 0.5
THREADS = 4
FED, TAKEN, WAITS, FETCHES = "fed", "taken", "waits", "fetches"


@dataclass(frozen=True)
class ItemDialect:
    """How the request of an item is read: its dialect, what translates it to a generation's body, and what puts a
    problem with that body in the words of the item.
    """

    dialect: Dialect
    translate: Callable[[dict[str, Any]], dict[str, Any]]
    placed: Callable[[Problem], Problem]


ItemDialects = Mapping[str, Callable[[Batch], ItemDialect]]
"""By the dialect of a batch. The compatible API's is given by whoever runs the feeder: it stands above this module."""


def native_dialect(batch: Batch) -> ItemDialect:
    return ItemDialect("native", lambda body: body, lambda problem: problem)


NATIVE: ItemDialects = {Batch.Dialect.NATIVE: native_dialect}


@dataclass(frozen=True)
class Due:
    """A batch that this process holds for a while. `room` is how many items more may be queued."""

    batch_id: UUID
    tenant_id: UUID
    task: str
    room: int


def batches_claim(limit: int) -> list[Due]:
    """Leases up to so many batches that want work now."""
    rows = call_rows("batch_feed_claim", limit, LEASE_SECONDS, settings.BATCH_AHEAD, using="system")
    return [Due(**row) for row in rows]


class _FetchNeeded(Exception):
    """An item names pictures by URL, and who feeds it does not wait for those."""


def batch_work(
    due: Due, dialects: ItemDialects, *, is_stopping: Callable[[], bool] = lambda: False, aside: Aside | None = None
) -> None:
    """Feeds one lot of a batch, or ends it. What fails because a service is away is tried again after the lease.

    Without `aside`, pictures are fetched here.
    """
    if due.task == "wind_down":
        with tenant_context(due.tenant_id):
            batch = Batch.objects.get(id=due.batch_id)
        status = ItemStatus.CANCELED if batch.cancel_requested_at else ItemStatus.EXPIRED
        batch_wind_down(tenant_id=due.tenant_id, batch_id=due.batch_id, status=status)
        _release(due, PAUSE)
        return
    result = _feed(due, dialects, is_stopping, aside)
    _release(due, PAUSE if result else 0, aside=ASIDE_SECONDS if result == FETCHES else 0)


def _feed(due: Due, dialects: ItemDialects, is_stopping: Callable[[], bool], aside: Aside | None) -> str | None:
    """Feeds one lot. Returns what the batch has to wait for: WAITS for money, FETCHES for fetches alone; else None."""
    with tenant_context(due.tenant_id):
        batch: Batch = Batch.objects.get(id=due.batch_id)
        waiting = BatchItem.objects.filter(batch_id=batch.id, status=ItemStatus.WAITING).order_by("index")
        items, known = _lot(batch, waiting, min(due.room, LOT_ITEMS), aside)
    for item in known:
        assert aside is not None
        aside.put(batch, item)
    until = time.monotonic() + LOT_SECONDS
    for item in items:
        result = item_feed(batch, item, dialects, may_fetch=aside is None)
        if result == WAITS:
            return WAITS
        if aside is not None:
            if result == FETCHES:
                aside.put(batch, item)
            aside.note_seen(batch.id, item.index)
        if is_stopping() or time.monotonic() > until:
            return None
    return None if items or aside is None else FETCHES


def _lot(batch: Batch, waiting: Any, size: int, aside: Aside | None) -> tuple[list[BatchItem], list[BatchItem]]:
    """Returns the next items, and those to put aside of which it is known that they have to be fetched for."""
    if aside is None:
        return list(waiting[:size]), []
    seen = aside.seen(batch.id)
    known = waiting.filter(index__lte=seen).exclude(index__in=aside.indexes(batch.id))
    return list(waiting.filter(index__gt=seen)[:size]), list(known[: aside.room(batch.tenant_id)])


def _release(due: Due, pause: float, *, aside: float = 0) -> None:
    now = timezone.now()
    with tenant_context(due.tenant_id):
        Batch.objects.filter(id=due.batch_id).update(
            feed_after=now + timedelta(seconds=pause),
            aside_until=now + timedelta(seconds=aside) if aside else None,
        )


def item_feed(batch: Batch, item: BatchItem, dialects: ItemDialects, *, may_fetch: bool = True) -> str:
    """Makes a job of an item, or fails it.

    Returns FED, TAKEN where somebody else was first, WAITS for money or for jobs of its key to end, FETCHES where
    something has to be fetched or a guard hook to be asked: not unless `may_fetch`, or too much is under way already.
    """
    problem: Problem
    try:
        # A job of a batch came with the batch's request.
        with (
            request_entered(Request(batch.request_id, batch.trace_id)),
            span("accept", parent=traceparent_of(batch.trace_id)),
        ):
            _submit(batch, item, dialects[batch.dialect](batch), may_fetch)
        return FED
    except (_FetchNeeded, HooksNeeded, TooManyFetches, TooManyHooks):
        return FETCHES
    except ItemTaken:
        return TAKEN
    except (TenantInactive, JobsInFlight):
        return WAITS  # for its time, until it is active again or its key's jobs have ended
    except (BudgetExceeded, InsufficientBalance) as refusal:
        if _may_find_room(batch, refusal):
            return WAITS
        problem = refusal
    except Problem as refused:
        if refused.status >= 500 and not isinstance(refused, Refusal):
            raise
        problem = refused
    except ObjectMissing:
        problem = Problem(404, "input_deleted", "The file of this batch was deleted before this item's turn came.")
    except DataError:
        # Never the exception's text: it quotes the value.
        problem = Problem(422, "cannot_be_stored", "The item holds a text that cannot be stored; nothing is charged.")
    except (DatabaseError, InterfaceError):
        raise
    except Exception as error:
        if is_outage(error):
            raise
        # Never the exception's text: it may quote the request. And never again: one item must not stop the others.
        logger.exception(
            "Item %s of batch %s failed inside the platform: %s", item.index, batch.id, type(error).__name__
        )
        problem = Problem(500, ErrorCode.INTERNAL, "The platform failed; nothing is charged.")
    failed = item_fail(tenant_id=batch.tenant_id, batch_id=batch.id, index=item.index, error=error_of(problem))
    return FED if failed else TAKEN


def _submit(batch: Batch, item: BatchItem, dialect: ItemDialect, may_fetch: bool) -> None:
    """Takes an item through the funnel of every generation, with the batch's key, prices and patience.

    Raises Problem in the words of the item.
    """
    with request_spool() as spool:
        stream = ObjectStream(objects().read(batch.input_key, start=item.start, length=item.length))
        try:
            tree = body_read(stream, spool=spool, max_bytes=settings.MAX_BODY_BYTES)
        except Problem as problem:
            raise dialect.placed(problem) from None
        body = request_of(tree, dialect.dialect)
        try:
            templates = template_finder(tenant_id=batch.tenant_id, livemode=batch.livemode)
            parsed = request_parse(dialect.translate(body), dialect=dialect.dialect, templates=templates)
            check_model(batch, parsed.model)
            if not may_fetch and any(media.needs_fetch for media in parsed.media()):
                raise _FetchNeeded
            generation_admit(
                parsed,
                spool=spool,
                owner=JobOwner(batch.tenant_id, batch.api_key_id, batch.member_id, batch.livemode),
                terms=JobTerms(
                    tier="batch",
                    priority=Priority.BATCH,
                    deadline=max((batch.expires_at - timezone.now()).total_seconds(), 0.001),
                    item=(batch.id, item.index),
                ),
                may_ask=may_fetch,
            )
        except Problem as problem:
            raise _in_item(dialect.placed(problem)) from None


def _in_item(problem: Problem) -> Problem:
    """The same problem, with pointers from the item that holds the request."""
    problem.errors = [replace(error, pointer=f"/request{error.pointer}") for error in problem.errors]
    return problem


def _may_find_room(batch: Batch, refusal: BudgetExceeded | InsufficientBalance) -> bool:
    """Whether waiting may help: holds are worst cases, so what runs may leave room when it ends.

    It does not help where nothing runs, nor after PATIENCE.
    """
    if not _fits(refusal.refusal):
        return False
    now = timezone.now()
    with tenant_context(batch.tenant_id):
        busy = Generation.objects.filter(
            status__in=[Status.QUEUED, Status.RUNNING], tenant_id=batch.tenant_id, livemode=batch.livemode
        ).exists()
        if not busy:
            return False
        Batch.objects.filter(id=batch.id, refused_at=None).update(refused_at=now)
        since = Batch.objects.values_list("refused_at", flat=True).get(id=batch.id)
    return since is None or now - since < PATIENCE


def _fits(refusal: HoldRefusal) -> bool:
    """Whether the item would have room if nothing else were held."""
    needed = Decimal(refusal["wanted"])
    if refusal["code"] == "budget_exceeded":
        return needed + Decimal(refusal["used"]) <= Decimal(refusal["limit"])
    room = Decimal(refusal["balance"] or 0) + Decimal(refusal["credit_limit"] or 0)
    # with nothing held less tax is kept back, too: at most this much
    return needed <= room - (Decimal(refusal["tax_kept"]) if not Decimal(refusal["held"] or 0) else 0)


def error_of(problem: Problem) -> dict[str, Any]:
    """A problem as the error of an item: what `POST /generations` would have answered, without its frame."""
    errors: list[FieldError] = problem.errors
    detail = problem.detail if problem.code != "invalid_request" else " ".join(error.detail for error in errors[:5])
    error: dict[str, Any] = {
        **problem.extra,
        "status": problem.status,
        "code": problem.code,
        "message": detail[:1000],
        "errors": [error.as_json() for error in errors[:20]],
    }
    # A detail repeats what was sent, which may be what made it fail.
    return cast(dict[str, Any], storable(error))


class ObjectStream:
    """An object's bytes as `body_read` takes them; a chunk is as large as the store gives it."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks

    def read(self, size: int, /) -> bytes:
        return next(self._chunks, b"")


class Feeder(threading.Thread):
    """Feeds until it is stopped, beside whatever else its process does."""

    def __init__(self, dialects: ItemDialects) -> None:
        super().__init__(name="batch-feeder", daemon=True)
        self._readings = dialects
        self._stopping = threading.Event()
        self._aside = Aside(self._feed_aside)

    def run(self) -> None:
        busy: set[Future[None]] = set()
        with ThreadPoolExecutor(THREADS, thread_name_prefix="batch") as pool:
            while not self._stopping.is_set():
                due = self._claim(THREADS - len(busy))
                busy |= {pool.submit(self._work, batch) for batch in due}
                if busy:
                    _, busy = wait(busy, timeout=TICK, return_when=FIRST_COMPLETED)
                else:
                    self._stopping.wait(TICK)
        connections.close_all()

    def stop(self) -> None:
        """Returns when the items in hand are done."""
        self._stopping.set()
        self.join()
        self._aside.stop()

    def _claim(self, limit: int) -> list[Due]:
        try:
            return batches_claim(limit) if limit else []
        except Exception as error:  # whatever it is, the thread has to live
            logger.warning("Batches wait: PostgreSQL answered %s.", type(error).__name__)
            connections.close_all()
            return []

    def _work(self, due: Due) -> None:
        try:
            batch_work(due, self._readings, is_stopping=self._stopping.is_set, aside=self._aside)
        except Exception as error:
            # Never the text: see above.
            logger.warning("Batch %s waits: %s.", due.batch_id, type(error).__name__)
            with suppress(DatabaseError, InterfaceError):
                _release(due, OUTAGE_PAUSE)  # else the lease runs out
        finally:
            connections.close_all()

    def _feed_aside(self, batch: Batch, item: BatchItem) -> None:
        try:
            item_feed(batch, item, self._readings)
        except Exception as error:
            # It waits on, and goes aside again.
            logger.warning("Item %s of batch %s waits: %s.", item.index, batch.id, type(error).__name__)
        finally:
            connections.close_all()
