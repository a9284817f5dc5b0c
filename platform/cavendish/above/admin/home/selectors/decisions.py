"""The three lists that need a decision today: flagged charges, what fails or stands still, invoices that wait.

Each says how many there are in all and has its first rows, the most urgent or oldest first.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.conf import settings

from billing.charges.selectors import flag_text
from billing.money import ZERO
from cavendish.above.admin.home.selectors.window import Window, hours_of, json_of, normal_of, rows

FIRST = 3
FEWEST_FAILED = 3
CANDIDATES = 20
FLOOR = 0.05
"""A share of failed jobs up to which no tenant is said to fail, whatever its normal."""
STILL = timedelta(minutes=15)
FAILING = timedelta(hours=1)
OVERDUE_GRACE = timedelta(seconds=30)
OFF_SHOWN = timedelta(days=7)


@dataclass(frozen=True)
class FlaggedCharge:
    generation_id: UUID
    tenant_id: UUID
    tenant: str
    absorbed: Decimal
    currency: str
    flags: list[str]
    why: str
    """The first flag as a sentence, with its numbers where there are any."""
    created_at: datetime


@dataclass(frozen=True)
class FlaggedCharges:
    count: int
    absorbed: dict[str, Decimal]
    """By currency."""
    oldest_at: datetime | None
    first: list[FlaggedCharge]


@dataclass(frozen=True)
class Trouble:
    """What fails or stands still.

    `kind` is one of
    - `tenant_failing`: `count` of `total` jobs failed in the last hour, most by `error_code` and `upstream_status`
    - `batch_stalled`: `count` of `total` items have ended; `reason`: `no_room` (a budget or the wallet is full), `idle`
    - `webhook_off`: disabled, with `reason` `gone` (410) or `failing` (for days)
    - `webhook_failing`: it has failed for an hour, and `count` deliveries wait
    - `job_overdue`: it runs past its deadline
    """

    kind: str
    tenant_id: UUID
    tenant: str
    subject_id: UUID
    """The tenant, batch, endpoint or job."""
    since: datetime
    count: int = 0
    total: int = 0
    error_code: str = ""
    upstream_status: int | None = None
    reason: str = ""
    label: str = ""
    """The batch's name, the endpoint's URL."""


@dataclass(frozen=True)
class Troubles:
    count: int
    first: list[Trouble]
    by_kind: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class WaitingInvoice:
    """`kind`: `overdue` (`days` since its last day to pay, `amount` is left), `draft` (its grace time is over)."""

    kind: str
    invoice_id: UUID
    number: str
    tenant_id: UUID
    tenant: str
    amount: Decimal
    currency: str
    days: int
    month: date


@dataclass(frozen=True)
class WaitingInvoices:
    count: int
    overdue: dict[str, Decimal]
    """What is left of overdue invoices, by currency."""
    first: list[WaitingInvoice]


_FLAGGED = """
    WITH open AS MATERIALIZED (
        SELECT c.generation_id, c.tenant_id, c.absorbed, c.currency, c.flags, c.created_at FROM billing_charge c
        WHERE c.flags <> '[]' AND c.livemode = %(livemode)s AND NOT EXISTS (
            SELECT 1 FROM billing_flagresolution r WHERE r.charge_id = c.generation_id)
    ), sums AS (
        SELECT currency, count(*) AS charges, sum(absorbed) AS absorbed FROM open GROUP BY 1
    ), earliest AS (
        SELECT * FROM open ORDER BY created_at LIMIT %(first)s
    )
    SELECT (SELECT jsonb_agg(jsonb_build_array(s.currency, s.charges, s.absorbed::text)) FROM sums s),
           e.generation_id, e.tenant_id, t.name, e.absorbed, e.currency, e.flags, e.created_at, h.images
    FROM earliest e JOIN accounts_tenant t ON t.id = e.tenant_id
    LEFT JOIN billing_hold h ON h.generation_id = e.generation_id ORDER BY e.created_at"""
_FAILING = """
    SELECT l.tenant_id, t.name, l.failed, l.judged, l.first_at, l.code, l.status FROM (
        SELECT l.tenant_id, sum(l.jobs) FILTER (WHERE l.outcome = 'failed') AS failed,
               sum(l.jobs) FILTER (WHERE l.outcome <> 'canceled') AS judged,
               min(l.first_at) FILTER (WHERE l.outcome = 'failed') AS first_at,
               (array_agg(l.error_code ORDER BY l.jobs DESC) FILTER (WHERE l.outcome = 'failed'))[1] AS code,
               (array_agg(l.upstream_status ORDER BY l.jobs DESC) FILTER (WHERE l.outcome = 'failed'))[1] AS status
        FROM generations_activitylatest l
        WHERE l.livemode = %(livemode)s AND l.tenant_id IN (
            SELECT f.tenant_id FROM generations_activitylatest f
            WHERE f.livemode = %(livemode)s AND f.outcome = 'failed'
            GROUP BY 1 HAVING sum(f.jobs) >= %(fewest)s)
        GROUP BY 1) l
    JOIN accounts_tenant t ON t.id = l.tenant_id
    WHERE l.failed >= %(fewest)s AND l.failed > %(floor)s * l.judged ORDER BY l.failed DESC LIMIT %(candidates)s"""
_USUAL = """
    SELECT h.tenant_id, h.hour, coalesce(sum(h.jobs) FILTER (WHERE h.outcome = 'failed'), 0), sum(h.jobs)
    FROM generations_activityhour h
    WHERE h.hour = ANY (%(hours)s) AND h.livemode = %(livemode)s AND h.tenant_id = ANY (%(tenants)s)
        AND h.outcome <> 'canceled'
    GROUP BY 1, 2"""
_BATCHES = """
    SELECT b.id, b.tenant_id, t.name, b.succeeded + b.failed + b.canceled + b.expired, b.total, b.refused_at, b.name,
           greatest(coalesce(b.started_at, b.created_at), m.moved_at)
    FROM generations_batch b JOIN accounts_tenant t ON t.id = b.tenant_id AND t.status <> 'suspended'
    CROSS JOIN LATERAL (
        SELECT max(greatest(g.started_at, g.finished_at)) AS moved_at FROM (
            SELECT g.started_at, g.finished_at FROM generations_generation g WHERE g.batch_id = b.id
            ORDER BY g.id DESC LIMIT 100) g) m
    WHERE b.status IN ('queued', 'running', 'canceling') AND b.livemode = %(livemode)s
        AND greatest(coalesce(b.started_at, b.created_at), m.moved_at) < %(still)s"""
_WEBHOOKS = """
    SELECT e.id, e.tenant_id, t.name, e.url, e.status, e.disabled_reason, e.failing_since, e.updated_at, w.waiting
    FROM accounts_webhookendpoint e JOIN accounts_tenant t ON t.id = e.tenant_id
    CROSS JOIN LATERAL (SELECT count(*) AS waiting FROM (
        SELECT 1 FROM accounts_webhookdelivery d WHERE d.endpoint_id = e.id AND d.status = 'pending' LIMIT 10000) d) w
    WHERE e.failing_since IS NOT NULL AND e.subject IS NULL AND e.livemode = %(livemode)s
        AND ((e.status = 'disabled' AND e.disabled_reason <> 'by_tenant' AND e.updated_at > %(off_since)s)
             OR (e.status = 'enabled' AND e.failing_since < %(failing_since)s))"""
_OVERDUE_JOBS = """
    SELECT g.id, g.tenant_id, t.name, g.deadline_at, count(*) OVER () FROM generations_generation g
    JOIN accounts_tenant t ON t.id = g.tenant_id
    WHERE g.status = 'running' AND g.livemode = %(livemode)s AND g.deadline_at < %(late)s
    ORDER BY g.deadline_at LIMIT %(first)s"""
_INVOICES = """
    SELECT 'overdue', i.id, i.number, i.tenant_id, t.name, i.amount_due - coalesce(p.paid, 0) - coalesce(n.credited, 0),
           i.currency, %(now)s::timestamptz AT TIME ZONE i.timezone, i.due_on, i.month
    FROM billing_invoice i JOIN accounts_tenant t ON t.id = i.tenant_id
    LEFT JOIN LATERAL (SELECT sum(p.amount) AS paid FROM billing_payment p WHERE p.invoice_id = i.id) p ON true
    LEFT JOIN LATERAL (SELECT sum(n.to_due) AS credited FROM billing_creditnote n WHERE n.invoice_id = i.id) n ON true
    WHERE i.status = 'finalised' AND i.due_on < (%(now)s::timestamptz AT TIME ZONE i.timezone)::date
    UNION ALL
    SELECT 'draft', i.id, '', i.tenant_id, t.name, i.amount_due, i.currency,
           %(now)s::timestamptz AT TIME ZONE i.timezone, (i.month + interval '1 month')::date, i.month
    FROM billing_invoice i JOIN accounts_tenant t ON t.id = i.tenant_id
    WHERE i.status = 'draft' AND (i.month + interval '1 month') + make_interval(secs => %(grace)s)
        < (%(now)s::timestamptz - interval '1 hour') AT TIME ZONE i.timezone"""


def flagged_charges(window: Window) -> FlaggedCharges:
    """Returns flagged charges that nobody has decided about, the oldest first. One statement.

    It reads all that were ever flagged (an index has no others); they are few, but they only become more.
    """
    found = rows(_FLAGGED, {"livemode": window.livemode, "first": FIRST})
    sums = json_of(found[0][0]) if found else []
    first = [
        FlaggedCharge(
            generation_id=generation,
            tenant_id=tenant,
            tenant=name,
            absorbed=absorbed,
            currency=currency,
            flags=json_of(flags),
            why=flag_text(json_of(flags)[0]),
            created_at=created_at,
        )
        for _, generation, tenant, name, absorbed, currency, flags, created_at, _ in found
    ]
    return FlaggedCharges(
        count=sum(count for _, count, _ in sums),
        absorbed={currency: Decimal(absorbed) for currency, _, absorbed in sums},
        oldest_at=first[0].created_at if first else None,
        first=first,
    )


def troubles(window: Window, *, first: int = FIRST) -> Troubles:
    """Returns what fails or stands still: tenants, then the longest first. Five statements at most."""
    overdue, overdue_count = _overdue_jobs(window, first)
    others = sorted([*_stalled_batches(window), *_failing_webhooks(window), *overdue], key=lambda row: row.since)
    found = [*_failing_tenants(window), *others]
    by_kind: dict[str, int] = defaultdict(int)
    for trouble in found:
        by_kind[trouble.kind] += 1
    if overdue_count:
        by_kind["job_overdue"] = overdue_count
    return Troubles(count=sum(by_kind.values()), first=found[:first], by_kind=dict(by_kind))


def invoices_waiting(window: Window, *, first: int = FIRST) -> WaitingInvoices:
    """Returns overdue invoices, the longest first, and drafts past their grace time. One statement."""
    if not window.livemode:
        return WaitingInvoices(0, {}, [])
    found = [
        WaitingInvoice(*(*shown, (local.date() - due_on).days, month))
        for *shown, local, due_on, month in rows(
            _INVOICES, {"now": window.now, "grace": 3600 * settings.INVOICE_GRACE_HOURS}
        )
        if shown[0] == "draft" or shown[5] > 0
    ]
    found.sort(key=lambda row: (row.kind != "overdue", -row.days, row.tenant))
    overdue: dict[str, Decimal] = defaultdict(lambda: ZERO)
    for row in found:
        if row.kind == "overdue":
            overdue[row.currency] += row.amount
    return WaitingInvoices(count=len(found), overdue=dict(overdue), first=found[:first])


def _failing_tenants(window: Window) -> list[Trouble]:
    """Returns tenants whose share of failed jobs is above their own normal, or, without one, above the floor."""
    values = {"livemode": window.livemode, "fewest": FEWEST_FAILED, "floor": FLOOR, "candidates": CANDIDATES}
    candidates = rows(_FAILING, values)
    if not candidates:
        return []
    failed_before: dict[UUID, dict[datetime, int]] = defaultdict(dict)
    judged_before: dict[UUID, dict[datetime, int]] = defaultdict(dict)
    tenants = [row[0] for row in candidates]
    hours = hours_of(window.pairs())
    for tenant, hour, failed, judged in rows(_USUAL, {"livemode": window.livemode, "hours": hours, "tenants": tenants}):
        failed_before[tenant][hour], judged_before[tenant][hour] = int(failed), int(judged)
    found = []
    for tenant, name, failed, judged, first_at, code, status in candidates:
        failed_of, judged_of = failed_before[tenant], judged_before[tenant]
        days = [pair for pair in window.pairs() if window.blend(pair, judged_of)]
        normal = normal_of([window.blend(pair, failed_of) / window.blend(pair, judged_of) for pair in days])
        if normal is None or failed / judged > normal.high:
            found.append(
                Trouble(
                    kind="tenant_failing", tenant_id=tenant, tenant=name, subject_id=tenant, since=first_at,
                    count=int(failed), total=int(judged), error_code=code, upstream_status=status or None,
                )
            )  # fmt: skip
    return found


def _stalled_batches(window: Window) -> list[Trouble]:
    """Returns batches none of whose newest hundred items began or ended lately."""
    return [
        Trouble(
            kind="batch_stalled", tenant_id=tenant, tenant=name, subject_id=batch, since=moved_at,
            count=ended, total=total, reason="no_room" if refused_at else "idle", label=label,
        )
        for batch, tenant, name, ended, total, refused_at, label, moved_at in rows(
            _BATCHES, {"livemode": window.livemode, "still": window.now - STILL}
        )
    ]  # fmt: skip


def _failing_webhooks(window: Window) -> list[Trouble]:
    values = {
        "livemode": window.livemode,
        "off_since": window.now - OFF_SHOWN,
        "failing_since": window.now - FAILING,
    }
    return [
        Trouble(
            kind="webhook_off" if status == "disabled" else "webhook_failing", tenant_id=tenant, tenant=name,
            subject_id=endpoint, since=failing_since, count=waiting, reason=reason, label=url,
        )
        for endpoint, tenant, name, url, status, reason, failing_since, _, waiting in rows(_WEBHOOKS, values)
    ]  # fmt: skip


def _overdue_jobs(window: Window, first: int) -> tuple[list[Trouble], int]:
    found: list[tuple[Any, ...]] = rows(
        _OVERDUE_JOBS, {"livemode": window.livemode, "late": window.now - OVERDUE_GRACE, "first": first}
    )
    jobs = [Trouble("job_overdue", tenant, name, job, deadline_at) for job, tenant, name, deadline_at, _ in found]
    return jobs, found[0][4] if found else 0
