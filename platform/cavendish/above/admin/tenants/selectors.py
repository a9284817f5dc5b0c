"""What a tenant's page shows, by sections. Sums come from roll-ups: a tenant of years opens as fast as a new one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import connections
from django.utils import timezone

from accounts.models import (
    ApiKey,
    AuditEvent,
    Invitation,
    Membership,
    StorageUse,
    Tenant,
    TenantNote,
    WebhookDelivery,
    WebhookEndpoint,
)
from accounts.tenants.selectors import tenant_notes
from billing.models import Invoice, PlanVersion, Subscription
from billing.money import ZERO
from billing.months import Month, month_after, month_last, month_of
from billing.subscriptions.selectors import subscription_now
from billing.usage.query import UsageQuery
from billing.usage.selectors import usage_read
from cavendish.above.admin.home.selectors.decisions import Trouble, troubles
from cavendish.above.admin.home.selectors.window import Window
from cavendish.above.ui.budgets.lines import BudgetLine
from cavendish.db import ids
from cavendish.db.router import current_alias
from generations.models import Generation

LAST_JOBS = 6
LAST_INVOICES = 4
LAST_AUDIT = 6
KEYS_SHOWN = 8
OLD_KEY = timedelta(days=365)


@dataclass(frozen=True)
class Spend:
    """A month of live usage by day, up to `today`; `pace` is what a day brings at the pace of the last seven."""

    month: Month
    today: date
    days: list[tuple[date, Decimal]]
    total: Decimal
    pace: Decimal

    @property
    def forecast(self) -> Decimal:
        """Returns the month's sum at this pace."""
        last = month_last(self.month.first)
        spent_today = next((amount for day, amount in self.days if day == self.today), ZERO)
        rest_of_today = max(self.pace - spent_today, ZERO)
        return self.total + rest_of_today + self.pace * (last - self.today).days


@dataclass(frozen=True)
class KeyLine:
    key: ApiKey
    spent: Decimal

    @property
    def public_id(self) -> str:
        return ids.encode(ids.API_KEY, self.key.id)

    @property
    def is_old(self) -> bool:
        return self.key.revoked_at is None and self.key.created_at < timezone.now() - OLD_KEY


@dataclass(frozen=True)
class MemberLine:
    membership: Membership
    has_second_factor: bool

    @property
    def user_id(self) -> str:
        return ids.encode(ids.USER, self.membership.user_id)


def spend_of(tenant: Tenant) -> Spend:
    """Returns this month's live spend by day, in the tenant's own days."""
    month = month_of(tenant_id=tenant.id)
    start, end = month.first - timedelta(days=7), month_after(month.first)
    page = usage_read(UsageQuery(start=start, end=end, livemode=True, group_by=("day",), tenant_id=tenant.id))
    amounts: dict[date, Decimal] = {}
    for row in page.rows:
        day = row.group["day"]
        assert isinstance(day, date)
        amounts[day] = amounts.get(day, ZERO) + row.sums.amount
    today = timezone.localdate(timezone=ZoneInfo(tenant.billing_timezone))
    week = [amounts.get(today - timedelta(days=back), ZERO) for back in range(1, 8)]
    days = [(day, amount) for day, amount in sorted(amounts.items()) if day >= month.first]
    return Spend(month, today, days, sum((amount for _day, amount in days), ZERO), sum(week, ZERO) / 7)


def spend_by(tenant: Tenant, dimension: str, *, month: Month) -> list[tuple[Any, Decimal]]:
    """Returns this month's spend by model, key or member, dearest first."""
    end = month_after(month.first)
    query = UsageQuery(start=month.first, end=end, livemode=True, group_by=(dimension,), tenant_id=tenant.id)
    sums: dict[Any, Decimal] = {}
    for row in usage_read(query).rows:
        value = row.group[dimension]
        sums[value] = sums.get(value, ZERO) + row.sums.amount
    return sorted(sums.items(), key=lambda item: item[1], reverse=True)


def month_budget_of(lines: list[BudgetLine]) -> BudgetLine | None:
    """Returns the whole tenant's budget of money and month, the tightest where there are several."""
    months = [
        line
        for line in lines
        if line.budget.scope == "tenant" and line.budget.period == "month" and line.budget.metric == "money"
    ]
    return min(months, key=lambda line: line.limit, default=None)


def budget_ends_on(line: BudgetLine | None, spend: Spend) -> date | None:
    """Returns the day on which the month's budget is used up at this pace; None where it lasts."""
    if line is None or not spend.pace or spend.forecast <= line.limit:
        return None
    days = int((line.limit - line.use.used) / spend.pace) if line.use.used < line.limit else 0
    return spend.today + timedelta(days=days)


def key_lines(tenant: Tenant, spent: Mapping[UUID, Decimal]) -> list[KeyLine]:
    """Returns the keys that work, those that spent most first."""
    keys = ApiKey.objects.filter(tenant_id=tenant.id, revoked_at=None).order_by("-created_at")[:200]
    lines = [KeyLine(key, spent.get(key.id, ZERO)) for key in keys]
    return sorted(lines, key=lambda line: line.spent, reverse=True)


def member_lines(tenant: Tenant) -> list[MemberLine]:
    rows = list(Membership.objects.select_related("user").filter(tenant_id=tenant.id).order_by("created_at")[:50])
    with connections[current_alias()].cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT user_id FROM mfa_authenticator WHERE type IN ('totp', 'webauthn') AND user_id = ANY (%s)",
            [[row.user_id for row in rows]],
        )
        safe = {row[0] for row in cursor.fetchall()}
    order = {"owner": 0, "admin": 1, "developer": 2, "billing": 3, "viewer": 4}
    lines = [MemberLine(row, row.user_id in safe) for row in rows]
    return sorted(lines, key=lambda line: order.get(line.membership.role, 9))


def invitations_open(tenant: Tenant) -> list[Invitation]:
    return list(Invitation.objects.filter(tenant_id=tenant.id, accepted_at=None, revoked_at=None).order_by("-id")[:20])


def last_jobs(tenant: Tenant) -> list[Generation]:
    rows = Generation.objects.filter(tenant_id=tenant.id, livemode=True, deleted_at=None)
    return list(rows.order_by("-id")[:LAST_JOBS])


def job_charges(jobs: list[Generation]) -> dict[UUID, tuple[str, Decimal]]:
    """Returns for each job "charged" or "held" and how much."""
    with connections[current_alias()].cursor() as cursor:
        cursor.execute(
            """SELECT h.generation_id, CASE WHEN c.generation_id IS NULL THEN 'held' ELSE 'charged' END,
                      coalesce(c.amount, h.amount)
               FROM billing_hold h LEFT JOIN billing_charge c USING (generation_id) WHERE h.generation_id = ANY (%s)""",
            [[job.id for job in jobs]],
        )
        return {row[0]: (row[1], row[2]) for row in cursor.fetchall()}


def last_invoices(tenant: Tenant) -> list[Invoice]:
    return list(Invoice.objects.filter(tenant_id=tenant.id).order_by("-id")[:LAST_INVOICES])


def last_audit(tenant: Tenant) -> list[AuditEvent]:
    return list(AuditEvent.objects.filter(tenant_id=tenant.id).order_by("-id")[:LAST_AUDIT])


def webhook_health(tenant: Tenant) -> tuple[list[WebhookEndpoint], int]:
    """Returns the live endpoints, and how many of their deliveries of the last day failed for good."""
    endpoints = list(WebhookEndpoint.objects.filter(tenant_id=tenant.id, subject=None, livemode=True)[:20])
    failed = WebhookDelivery.objects.filter(
        tenant_id=tenant.id,
        endpoint_id__in=[endpoint.id for endpoint in endpoints],
        status=WebhookDelivery.Status.FAILED,
        id__gte=ids.first_at(timezone.now() - timedelta(days=1)),
    )
    return endpoints, failed.count()


def storage_of(tenant: Tenant) -> tuple[int, int]:
    """Returns bytes stored and the quota, 0 without one."""
    row = StorageUse.objects.filter(tenant_id=tenant.id).first()
    quota = settings.STORAGE_QUOTA_BYTES if tenant.storage_quota_bytes is None else tenant.storage_quota_bytes
    return (row.bytes if row else 0), quota


def plan_line(tenant: Tenant) -> tuple[Subscription | None, int]:
    """Returns the subscription now, and the number of the plan's version in force."""
    now = subscription_now(tenant_id=tenant.id)
    version = PlanVersion.objects.filter(plan_id=now.plan_id, effective_from__lte=timezone.now()).count() if now else 0
    return now, version


def troubles_of(tenant: Tenant) -> list[Trouble]:
    """Returns what fails or stands still at the tenant now, as the front page says it."""
    found = troubles(Window(timezone.now()), first=1000)
    return [trouble for trouble in found.first if trouble.tenant_id == tenant.id]


def last_hour(tenant: Tenant) -> tuple[int, int]:
    """Returns how many live jobs succeeded or failed in the last hour, and how many of them failed."""
    with connections[current_alias()].cursor() as cursor:
        cursor.execute(
            """SELECT coalesce(sum(jobs), 0)::int, coalesce(sum(jobs) FILTER (WHERE outcome = 'failed'), 0)::int
               FROM generations_activitylatest WHERE tenant_id = %s AND livemode AND outcome <> 'canceled'""",
            [tenant.id],
        )
        ended, failed = cursor.fetchone()
    return ended, failed


def notes_of(tenant: Tenant) -> list[tuple[str, TenantNote]]:
    """Returns the operators' notes with their ids, the newest first."""
    return [(ids.encode(ids.TENANT_NOTE, note.id), note) for note in tenant_notes(tenant.id)[:10]]


def jobs_running(tenant: Tenant) -> int:
    running: int = Generation.objects.filter(tenant_id=tenant.id, status="running").count()
    return running
