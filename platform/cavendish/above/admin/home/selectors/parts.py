"""The parts of the platform: sweeper, webhooks, storage, reconcile, prices below cost, batches at work."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from billing.providers import provider_name
from cavendish.above.admin.home.selectors.window import Window, rows
from cavendish.above.reconcile.models import ReconcileRun
from cavendish.above.reconcile.selectors import reconcile_last
from generations.upkeep.gauges import SWEPT, WEBHOOKS

Gauges = dict[str, dict[datetime, tuple[Decimal, Decimal]]]
DAY = timedelta(days=1)
BACKLOG_COUNTED = 10_000
PROVIDER = ("answered", "event", "unbooked")


@dataclass(frozen=True)
class Sweeper:
    """Repairs of 24 hours: 0 in calm weather.

    `freed` jobs of dead workers were taken back, `expired` ones failed past their deadline, `holds` of ended jobs were
    ended, `broken` rows could not be.
    """

    freed: int
    expired: int
    holds: int
    broken: int

    @property
    def repairs(self) -> int:
        return self.freed + self.expired + self.holds + self.broken


@dataclass(frozen=True)
class Webhooks:
    """Attempts of 24 hours: succeeded, retried (failed, another follows) and failed for good; what waits now.

    `due` are deliveries that are due and not taken, up to 10,000, the oldest for `oldest_seconds`; `off` are endpoints
    that failed until they were disabled, `failing` those that fail now.
    """

    succeeded: int
    retried: int
    failed: int
    due: int
    oldest_seconds: float
    off: int
    failing: int

    @property
    def share(self) -> float | None:
        """Of the attempts that succeeded; None where there were none."""
        attempts = self.succeeded + self.retried + self.failed
        return self.succeeded / attempts if attempts else None


@dataclass(frozen=True)
class Storage:
    """Bytes stored of all tenants, and how many more than 24 hours ago (None where nobody looked then)."""

    bytes: int
    growth: int | None


@dataclass(frozen=True)
class Reconcile:
    """The last whole comparison of the books; `differing` rows in all checks."""

    run: ReconcileRun
    ended_at: datetime
    differing: int

    @property
    def is_clean(self) -> bool:
        return self.run.status == ReconcileRun.Status.CLEAN


@dataclass(frozen=True)
class Batches:
    """Batches that have not ended, and their items that have not."""

    active: int
    items: int


_GAUGES = """
    SELECT g.name, g.hour, g.last, g.peak FROM generations_platformgauge g
    WHERE (g.hour >= %(day)s OR (g.hour >= %(week)s AND (g.name LIKE 'held\\_%%' OR g.name = 'queue_oldest_seconds'))
            OR g.name = 'backup_at') AND g.hour <= %(hour)s"""
_WEBHOOKS = """
    SELECT d.due, d.oldest, e.off, e.failing FROM (
        SELECT count(*) AS due, min(w.due_at) AS oldest FROM (
            SELECT due_at FROM accounts_webhookdelivery WHERE status = 'pending' AND due_at <= %(now)s
            LIMIT %(limit)s) w) d,
        (SELECT count(*) FILTER (WHERE status = 'disabled' AND disabled_reason <> 'by_tenant') AS off,
                count(*) FILTER (WHERE status = 'enabled') AS failing
         FROM accounts_webhookendpoint WHERE failing_since IS NOT NULL AND subject IS NULL) e"""
_STORAGE = "SELECT coalesce(sum(bytes), 0) FROM accounts_storageuse"
_BATCHES = """
    SELECT count(*), coalesce(sum(total - succeeded - failed - canceled - expired), 0) FROM generations_batch
    WHERE status IN ('queued', 'running', 'canceling') AND livemode = %(livemode)s"""


def gauges_read(window: Window) -> Gauges:
    """Returns what was noted, by name and hour: (last, peak). 25 hours, and seven days of a few. One statement."""
    values = {"hour": window.hour, "day": window.hour - DAY, "week": window.hour - 7 * DAY}
    found: Gauges = defaultdict(dict)
    for name, hour, last, peak in rows(_GAUGES, values):
        found[name][hour] = (last, peak)
    return dict(found)


def counted_at(gauges: Gauges) -> datetime | None:
    """Returns when the scheduler counted last; None where it did not within a day."""
    noted = gauges.get("counted_at")
    if not noted:
        return None
    newest = max(noted)
    return datetime.fromtimestamp(float(noted[newest][0]), newest.tzinfo)


def backed_up_at(gauges: Gauges) -> datetime | None:
    """Returns when the last backup ended; None before the first."""
    noted = gauges.get("backup_at")
    return datetime.fromtimestamp(float(noted[max(noted)][0]), UTC) if noted else None


def sweeper(gauges: Gauges) -> Sweeper:
    return Sweeper(**{name: _sum(gauges, f"sweeper_{name}") for name in SWEPT})


def webhooks(window: Window, gauges: Gauges) -> Webhooks:
    """Returns how deliveries go. One statement."""
    ((due, oldest, off, failing),) = rows(_WEBHOOKS, {"now": window.now, "limit": BACKLOG_COUNTED})
    seconds = (window.now - oldest).total_seconds() if oldest else 0.0
    attempts = {outcome: _sum(gauges, f"webhooks_{outcome}") for outcome in WEBHOOKS}
    return Webhooks(**attempts, due=due, oldest_seconds=seconds, off=off, failing=failing)


def storage(window: Window, gauges: Gauges) -> Storage:
    """Returns what is stored. One statement."""
    ((stored,),) = rows(_STORAGE, {})
    before = gauges.get("storage_bytes", {}).get(window.hour - DAY)
    return Storage(bytes=int(stored), growth=int(stored - before[0]) if before else None)


def reconcile() -> Reconcile | None:
    """Returns the last result; None before the first. One statement."""
    run = reconcile_last()
    return Reconcile(run, run.ended_at, run.differing) if run is not None and run.ended_at is not None else None


def below_cost(gauges: Gauges) -> int | None:
    """Returns how many prices are below their cost, of plans that have tenants; None where nobody looked for a day."""
    noted = gauges.get("below_cost")
    return int(noted[max(noted)][0]) if noted else None


def unusual(gauges: Gauges) -> int:
    """Returns how many tenants were out of their pattern of spend when the scheduler looked last."""
    noted = gauges.get("tenants_unusual")
    return int(noted[max(noted)][0]) if noted else 0


@dataclass(frozen=True)
class PaymentProvider:
    """`answered_at` is None where it has not answered for a day; `told_at` is its newest event's moment."""

    name: str
    answered_at: datetime | None
    told_at: datetime | None
    unbooked: int


def payment_provider(gauges: Gauges) -> PaymentProvider | None:
    """Returns how it stands with the payment provider; None where there is none."""
    name = provider_name()
    if not name:
        return None
    last = {kind: noted[max(noted)][0] for kind in PROVIDER if (noted := gauges.get(f"provider_{kind}"))}
    moments = {kind: datetime.fromtimestamp(float(value), UTC) for kind, value in last.items()}
    return PaymentProvider(name, moments.get("answered"), moments.get("event"), int(last.get("unbooked", 0)))


def batches(window: Window) -> Batches:
    """Returns how much is under way. One statement."""
    ((active, items),) = rows(_BATCHES, {"livemode": window.livemode})
    return Batches(active, int(items))


def _sum(gauges: Gauges, name: str) -> int:
    return int(sum(last for last, _ in gauges.get(name, {}).values()))
