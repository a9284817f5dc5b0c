"""Writes the demo: all of it in one transaction of the owner, or nothing."""

from __future__ import annotations

import random
import secrets
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from django.conf import settings
from django.db import connections, transaction
from django.utils import timezone

from accounts.actor import SYSTEM, Actor
from accounts.models import Tenant, User
from billing.models import Credit, LedgerTransaction, Subscription
from billing.months import month_first
from cavendish.above.demo.batches import Batches
from cavendish.above.demo.books import (
    credits_give,
    entries_in_order,
    flags_decide,
    periods_open,
    purses_open,
    refunds_book,
    sandbox_days_count,
    tags_save,
    wallets_fill,
)
from cavendish.above.demo.budgets import budgets_create
from cavendish.above.demo.contents import Contents
from cavendish.above.demo.finding import (
    collections_create,
    guard_rules_create,
    outputs_rate,
    tags_create,
    templates_create,
)
from cavendish.above.demo.history import History, actor_of, triggers_off
from cavendish.above.demo.invoices import months_close
from cavendish.above.demo.life import DAYS, Life, life_draw
from cavendish.above.demo.people import TenantRows, taken_over_clear, tenants_create
from cavendish.above.demo.pictures import Library, pictures_store
from cavendish.above.demo.plans import parties_create, plans_create, subscriptions_create
from cavendish.above.demo.profiles import PLANS, PROFILES
from cavendish.above.demo.refusals import DemoRefused
from cavendish.above.demo.rows import COLUMNS, RowWriter
from cavendish.above.demo.standing import gauges_note, invitation_create, notes_create
from cavendish.above.demo.tariffs import Tariffs
from cavendish.above.demo.webhooks import webhooks_create
from cavendish.above.seeding.bulk import ROLL_UPS, Report, rows_copy, tables_without_indexes, usage_roll_up
from cavendish.db.call import call
from cavendish.db.router import acting_as
from cavendish.storage import objects
from generations.models import Generation
from generations.upkeep.durations import EDGES

TOLD = timedelta(days=3)
"""Of how long the jobs have their history of events."""
COUNTED = timedelta(days=35)
"""How far back the scheduler counts hours that it finds uncounted (`activity_due`)."""
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


@dataclass(frozen=True)
class Seeded:
    """What was written. `password` opens the account of every person that the demo made, by the email; `keys` are
    secrets of a live key by the tenant's slug.
    """

    tenants: int
    jobs: int
    records: int
    pictures: int
    password: str
    keys: dict[str, str]


def is_seeded() -> bool:
    """Returns whether the database has the demo already."""
    with acting_as("owner"):
        plans = [plan.slug for plan in PLANS]
        rows = Subscription.objects.filter(plan__slug__in=plans, tenant__slug=PROFILES[0].slug)
        return bool(rows.exists())


def seed(
    *,
    scale: float = 1.0,
    days: int = DAYS,
    tenants: int = len(PROFILES),
    taken_over: frozenset[str] = frozenset(),
    password: str | None = None,
    now: datetime | None = None,
    number: int = 1,
    report: Report = lambda text: None,
) -> Seeded:
    """Writes tenants, `days` days of their jobs, and everything that belongs to them, up to `now`.

    `scale` makes it larger or smaller; `taken_over` are the slugs of tenants that `manage.py demo` has made, which get
    a past. The same `number` draws the same life, but for ids and times. Raises DemoRefused.
    """
    now = now or timezone.now()
    password = password or secrets.token_urlsafe(12)
    stored: list[str] = []
    step = _steps(report)
    refuse_elsewhere()
    with acting_as("owner"):
        refuse_unless_own(taken_over)
        try:
            with transaction.atomic(using="owner"):
                seeded = _write(scale, days, tenants, taken_over, password, now, random.Random(number), stored, step)
        except BaseException:
            for key in stored:
                objects().delete(key)
            raise
        with connections["owner"].cursor() as cursor:
            cursor.execute(f"ANALYZE {', '.join([*COLUMNS, ROLL_UPS])}")
        step("statistics")
        _activity_count(now - min(timedelta(days=days), COUNTED), now)
        step("hours counted")
    return seeded


def _activity_count(since: datetime, until: datetime) -> None:
    """Counts the hours in one statement, as the owner: a transaction for each would take longer."""
    first = since.replace(minute=0, second=0, microsecond=0)
    with connections["owner"].cursor() as cursor:
        cursor.execute(
            """SELECT count(activity_hour_refresh(hour, %s::float8[]))
               FROM generate_series(%s::timestamptz, %s, interval '1 hour') hour""",
            [list(EDGES), first, until],
        )
    call("activity_latest_refresh", list(EDGES), using="owner")


def refuse_elsewhere() -> None:
    """Raises DemoRefused where others may reach the platform."""
    host = urlsplit(settings.BASE_URL).hostname or ""
    if host not in LOOPBACK and not host.endswith(".localhost"):
        raise DemoRefused(
            f"The demo is for this machine alone, and BASE_URL is {settings.BASE_URL}. Leave BASE_URL unset, or DEMO."
        )


def refuse_unless_own(taken_over: frozenset[str] = frozenset()) -> None:
    """Raises DemoRefused where it would stand beside anybody's real tenants. Runs as the owner."""
    others = list(Tenant.objects.exclude(slug__in=taken_over).order_by("slug").values_list("slug", flat=True)[:4])
    if others:
        names = ", ".join(others[:3]) + (", …" if len(others) > 3 else "")
        raise DemoRefused(
            f"The database has tenants that are not the demo's ({names}), and it would stand beside them. "
            "Use another CAVENDISH_DATA_DIR or database."
        )
    if Generation.objects.exists() or LedgerTransaction.objects.exclude(kind="top_up").exists():
        raise DemoRefused(
            "The demo tenants have generations already, and would not get a past. Use another CAVENDISH_DATA_DIR."
        )


def _write(
    scale: float,
    days: int,
    count: int,
    taken_over: frozenset[str],
    password: str,
    now: datetime,
    rng: random.Random,
    stored: list[str],
    step: Report,
) -> Seeded:
    history = History(now, rng)
    library = Library()
    step("pictures drawn")
    with triggers_off():
        plans = plans_create(now, history)
        tenants, keys = tenants_create(PROFILES[:count], password=password, now=now, history=history, rng=rng)
        taken_over_clear(tenants)
        subscriptions_create(tenants, plans)
        parties_create(tenants)
    step(f"{len(tenants)} tenants")
    batches = Batches(rng)
    life = life_draw(
        tenants,
        tariffs=Tariffs(plans),
        library=library,
        batches=batches,
        now=now,
        days=days,
        scale=scale,
        rng=rng,
    )
    step(f"{len(life.jobs)} jobs drawn")
    first = month_first((now - timedelta(days=days + 1)).date())
    call("usage_partitions_create", first, days // 28 + 3, using="owner")
    writer = RowWriter(purses_open(tenants, life.jobs), now - TOLD, rng)
    credits = credits_give(writer, life.jobs, now=now, days=days, history=history, rng=rng)
    for job in life.jobs:
        writer.job(job)
    step("rows made")
    with tables_without_indexes([*COLUMNS, ROLL_UPS]):
        for table, lines in writer.lines.items():
            rows_copy(table, COLUMNS[table], lines)
        # what the rows above refer to, and is theirs to fill
        Credit.objects.bulk_create(credits)
        batches.save()
        slugs = ", ".join(f"'{tenant.profile.slug}'" for tenant in tenants)
        usage_roll_up(f"(SELECT id FROM accounts_tenant WHERE slug IN ({slugs}))", lambda text: None)  # noqa: S608
    step("rows written")
    with triggers_off():
        contents = _contents(life, rng)
        step("contents")
        _settings(tenants, life, history, rng)
        _books(writer, tenants, life, now, history, rng)
        history.save()
        step("books")
    pictures_store(contents.bytes, stored.append)
    step(f"{len(contents.bytes)} pictures stored")
    return Seeded(len(tenants), len(life.jobs), writer.records, len(contents.bytes), password, keys)


def _contents(life: Life, rng: random.Random) -> Contents:
    contents = Contents(rng)
    for job, picture in life.kept:
        contents.add(job, picture)
    outputs_rate(contents.outputs, rng)
    contents.save()
    return contents


def _settings(tenants: list[TenantRows], life: Life, history: History, rng: random.Random) -> None:
    """What people have set up and put together."""
    kept = [job for job, _ in life.kept]
    tags_create(kept, rng)
    collections_create(kept, rng)
    templates_create(tenants, history=history, rng=rng)
    guard_rules_create(tenants, history=history, rng=rng)
    webhooks_create(tenants, kept, history=history, rng=rng)
    notes_create(tenants, history=history, operator=_operator_user(), rng=rng)
    invitation_create(tenants[0], history=history, rng=rng)
    gauges_note(history=history, hours=COUNTED.days * 24, rng=rng)
    for tenant in tenants:
        if tenant.profile.suspended:
            age, reason = tenant.profile.suspended
            suspended = {"status": "suspended", "reason": reason}
            history.add(history.now - timedelta(days=age), tenant.id, "tenant.suspended", "tenant", tenant.id,
                        actor=_operator(), before={"status": "active"}, after=suspended)  # fmt: skip


def _books(
    writer: RowWriter,
    tenants: list[TenantRows],
    life: Life,
    now: datetime,
    history: History,
    rng: random.Random,
) -> None:
    operator = _operator()
    months = periods_open(tenants)
    wallets_fill(writer, history=history)
    tags_save(writer.tags, tenants)
    sandbox_days_count(tenants)
    refunds_book(life.jobs, now=now, history=history, operator=operator, rng=rng)
    flags_decide(life.flagged, now=now, history=history, operator=operator)
    months_close(months, tenants, now=now, history=history, operator=operator)
    budgets_create(tenants, now=now, history=history, rng=rng)
    entries_in_order()


def _operator_user() -> User | None:
    return User.objects.filter(is_staff=True).order_by("id").first()


def _operator() -> Actor:
    user = _operator_user()
    return actor_of(user) if user else SYSTEM


def _steps(report: Report) -> Report:
    began = time.monotonic()
    return lambda text: report(f"{time.monotonic() - began:6.1f} s  {text}")
