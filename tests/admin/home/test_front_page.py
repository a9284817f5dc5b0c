"""The front page's figures, each computed by hand from a small history."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from django.db import connections
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from billing.models import Budget, BudgetPeriod, PlatformMonth, PlatformTotal
from cavendish.above.admin.home import lines
from cavendish.above.admin.home.selectors import front_page, money, parts, traffic, work
from cavendish.above.admin.home.selectors.window import Normal, Window
from cavendish.boot.clock import machine_now
from cavendish.gemini.client import KeyPool, key_fingerprint
from generations.models import TenantMove
from tests.admin.home import history
from tests.admin.home.history import HOUR, MODEL, NOW, WINDOW, failed
from tests.factories import make_tenant, submit_generation
from tests.generations.helpers import claim, one, register, rows

HOURS = timedelta(hours=1)
DAYS = timedelta(days=1)
STATEMENTS = 25
"""Of the whole page, however much there is. A new one is a decision."""


def about(value: float) -> Any:
    return pytest.approx(value)


def of(*values: Any) -> tuple[Any, ...]:
    """What is compared with numbers written as such."""
    return values


def test_pictures_and_jobs_are_compared_with_the_same_time_a_week_ago() -> None:
    tenant = make_tenant()
    history.latest(tenant, 90, pictures=100)
    history.latest(tenant, 10, **failed("internal"))
    history.total(HOUR - 7 * DAYS, 200, pictures=300)
    history.total(HOUR - 7 * DAYS - HOURS, 100)
    history.total(HOUR - HOURS, 7, pictures=8)
    history.total(HOUR, 1000)  # has not ended

    shown = traffic.traffic(WINDOW, traffic.hours_counted(WINDOW), traffic.latest_counted(WINDOW))

    assert (shown.jobs, shown.pictures) == (100, 100)
    assert (shown.jobs_last_week, shown.pictures_last_week) == (170, 240)  # 0.7 of one hour, 0.3 of the other
    assert shown.pictures_change == about(100 / 240 - 1)
    assert [(row.hour, row.jobs, row.pictures) for row in shown.hours[-2:]] == [
        (HOUR - 2 * HOURS, 0, 0), (HOUR - HOURS, 7, 8),
    ]  # fmt: skip
    assert len(shown.hours) == 24


def test_failures_have_reasons_and_what_is_normal_at_this_time() -> None:
    first, other = make_tenant(), make_tenant()
    history.latest(first, 40, retried=3)
    history.latest(first, 5, **failed("upstream_unavailable", 503))
    history.latest(other, 1, **failed("upstream_unavailable", 503))
    history.latest(other, 1, **failed("safety_blocked"))
    history.latest(other, 2, outcome="canceled")
    for day in range(1, 29):
        for hour in (HOUR - day * DAYS, HOUR - day * DAYS - HOURS):
            history.total(hour, 100 - (day > 14))
            if day > 14:
                history.total(hour, 1, **failed("upstream_unavailable", 503))

    shown = traffic.failures(WINDOW, traffic.hours_counted(WINDOW), traffic.latest_counted(WINDOW))

    assert (shown.failed, shown.judged, shown.retried) == (7, 47, 3)
    assert shown.normal == Normal(0.0, about(0.01), 28)
    assert shown.is_above
    outage, blocked = shown.reasons
    assert (outage.error_code, outage.upstream_status, outage.jobs, outage.tenants) == (
        "upstream_unavailable", 503, 6, 2,
    )  # fmt: skip
    assert outage.normal == Normal(0, about(1), 28)
    assert [(row.tenant_id, row.name, row.jobs) for row in outage.whose] == [
        (first.id, first.name, 5), (other.id, other.name, 1),
    ]  # fmt: skip
    assert (blocked.error_code, blocked.upstream_status, blocked.normal) == ("safety_blocked", None, Normal(0, 0, 28))


def test_a_new_platform_calls_nothing_normal() -> None:
    history.latest(make_tenant(), 3, **failed("internal"))
    shown = traffic.failures(WINDOW, traffic.hours_counted(WINDOW), traffic.latest_counted(WINDOW))
    assert (shown.share, shown.normal, shown.is_above) == (1.0, None, False)


def test_durations_are_read_from_the_summed_histograms() -> None:
    history.latest(make_tenant(), 60, seconds=[8.5] * 60)
    history.latest(make_tenant(), 40, seconds=[9] * 30 + [17] * 10)
    history.latest(make_tenant(), 5, image_size="4K", pictures=9, seconds=[30] * 5)
    for day in range(1, 29):
        # seven in ten of the blend are of the first
        history.total(HOUR - day * DAYS, 100, seconds=[8.5] * 100)
        history.total(HOUR - day * DAYS - HOURS, 100, seconds=[17] * 100)

    history.latest(make_tenant(), 5, model="another", image_size="4K", seconds=[30] * 5)
    history.total(HOUR - 3 * HOURS, 10, seconds=[17] * 10)

    (small, large, other), sizes = traffic.durations(WINDOW, traffic.latest_counted(WINDOW))

    assert (small.model, small.image_size, small.jobs, small.pictures) == (MODEL, "1K", 100, 100)
    eight, sixteen = 8 * (2**0.25 - 1), 16 * (2**0.25 - 1)  # widths of the buckets from 8 and 16 seconds
    assert small.p50 == about(8 + eight * 50 / 90)
    assert small.p95 == about(16 + sixteen * 5 / 10)
    p50, p95 = 8 + eight * 50 / 70, 16 + sixteen * 25 / 30
    assert small.normal_p50 == Normal(about(p50), about(p50), 28)
    assert small.normal_p95 == Normal(about(p95), about(p95), 28)
    assert small.hours[-3:] == [about(16 + sixteen * 0.95), None, None]
    assert (large.image_size, large.pictures, large.normal_p95) == ("4K", 9, None)
    assert (other.model, other.pictures) == ("another", 5)
    assert [(row.model, row.image_size, row.jobs, row.pictures) for row in sizes] == [
        ("", "1K", 100, 100), ("", "4K", 10, 14),
    ]  # fmt: skip
    assert sizes[0].p95 == small.p95


def test_money_is_summed_by_the_operators_days_and_currencies_stand_apart() -> None:
    midnight = datetime(2031, 3, 5, tzinfo=UTC)
    history.money(midnight, "10", "6")
    history.money(HOUR, "5", "3")
    history.money(midnight - HOURS, "1", "0.5")
    history.money(midnight - 7 * DAYS, "8", "4")
    history.money(HOUR - 7 * DAYS, "10", "5")  # seven tenths of it by this time
    history.money(HOUR - 7 * DAYS + HOURS, "100", "50")  # later on that day
    history.money(midnight, "3", "1", "EUR")
    history.money(midnight - 40 * DAYS, "1000", "1")

    shown = money.money_cards(WINDOW, ZoneInfo("UTC"))

    main = shown.main
    assert of(main.today.revenue, main.today.cost, main.today.margin, main.today.margin_share) == (15, 9, 6, 0.4)
    assert of(main.last_week.revenue, main.last_week.cost) == (15, Decimal("7.5"))
    assert of(main.revenue_change, main.cost_change) == (0.0, about(0.2))
    assert [of(row.day.day, row.money.revenue) for row in main.days[-2:]] == [(4, 1), (5, 15)]
    assert len(main.days) == 30
    assert main.total.revenue == 15 + 1 + 118
    [euro] = shown.others
    assert of(euro.today.currency, euro.today.revenue, euro.today.margin) == ("EUR", 3, None)

    shanghai = money.money_cards(WINDOW, ZoneInfo("Asia/Shanghai")).main  # whose day began at 16:00 in UTC
    assert of(shanghai.days[-1].day, shanghai.today.revenue) == (date(2031, 3, 5), 16)


def test_a_margins_normal_is_that_of_whole_days() -> None:
    for day in range(29):
        history.money(HOUR - day * DAYS, "10", "9" if day == 0 else "7" if day > 14 else "6")
    assert money.money_cards(WINDOW, ZoneInfo("UTC")).main.normal_margin == Normal(about(0.3), about(0.4), 28)


def test_tenants_that_move_are_six_the_others_and_all() -> None:
    tenants = [make_tenant() for _ in range(8)]
    elsewhere = make_tenant()
    rows("owner", "UPDATE billing_wallet SET currency = 'EUR' WHERE tenant_id = %s", elsewhere.id)
    amounts = {tenant: (1, 100 - n, 50) for n, tenant in enumerate(tenants)}
    amounts[tenants[0]] = (5, 100, 200)  # falls
    amounts[tenants[7]] = (0, 95, 0)  # grows most, from nothing
    amounts[elsewhere] = (1000, 1000, 1000)
    for tenant, (today, week, before) in amounts.items():
        TenantMove.objects.create(
            tenant=tenant, livemode=True, day=NOW.date(), today=today, week=week, week_before=before
        )
    budget(tenants[0], cap=100, used=93, held=0)

    shown = money.tenant_moves(WINDOW)

    assert [row.tenant_id for row in shown.top] == [tenants[n].id for n in (0, 1, 2, 3, 4, 5)]
    first = shown.top[0]
    assert of(first.today, first.week, first.week_before, first.change, first.budget_share) == (5, 100, 200, -0.5, 0.93)
    assert shown.top[1].budget_share is None
    assert of(shown.others_count, shown.others.week, shown.others.week_before) == (2, 95 + 94, 50)
    assert of(shown.all.today, shown.all.week) == (11, 100 + 99 + 98 + 97 + 96 + 95 + 94 + 95)
    assert [row.tenant_id for row in shown.falling] == [tenants[0].id]
    assert shown.rising[0].tenant_id == tenants[7].id
    assert shown.elsewhere == 1


def budget(
    tenant: object, *, cap: int, used: int, held: int, began: timedelta = 9 * DAYS, left: timedelta | None = 22 * DAYS
) -> Budget:
    row: Budget = Budget.objects.create(
        tenant=tenant, scope="tenant", scope_id=tenant.id, period="month", metric="money", limit=cap  # type: ignore[attr-defined]
    )  # fmt: skip
    for resets_at, sums in ((NOW - began, (cap, 0)), (NOW + left if left else None, (used, held))):
        BudgetPeriod.objects.create(
            tenant=tenant, budget=row, starts_at=NOW - began - (31 * DAYS if sums == (cap, 0) else 0 * DAYS),
            resets_at=resets_at, cap=cap, hard=True, used=sums[0], held=sums[1],
        )  # fmt: skip
    return row


def test_budgets_near_their_end_are_told_with_the_day_on_which_they_end() -> None:
    tenant = make_tenant()
    ends = budget(tenant, cap=100, used=90, held=2)  # ten a day, eight are left
    lasts = budget(tenant, cap=100, used=90, held=1, began=30 * DAYS, left=0.5 * DAYS)
    over = budget(tenant, cap=100, used=60, held=40, left=None)
    fine = budget(tenant, cap=100, used=80, held=9)

    found = {row.budget_id: row for row in money.budgets_near_end(WINDOW, limit=10_000).first}

    assert found[ends.id].full_at == NOW + 0.8 * DAYS
    assert (found[ends.id].share, found[ends.id].tenant) == (0.92, tenant.name)
    assert found[lasts.id].full_at is None
    assert found[over.id].full_at == NOW
    assert fine.id not in found
    order = [row.budget_id for row in money.budgets_near_end(WINDOW, limit=10_000).first]
    assert order.index(over.id) < order.index(ends.id) < order.index(lasts.id)
    Budget.objects.filter(tenant=tenant).update(deleted_at=NOW)


def test_what_is_held_is_summed_by_currency() -> None:
    for held in (3, 4, 0):
        tenant = make_tenant()
        rows("owner", "UPDATE billing_wallet SET currency = 'XTS', held = %s WHERE tenant_id = %s AND livemode", held, tenant.id)  # fmt: skip  # noqa: E501
    history.gauge("held_XTS", HOUR - HOURS, 5, 9)
    shown = {row.currency: row for row in money.held(WINDOW, parts.gauges_read(WINDOW))}["XTS"]
    assert of(shown.amount, shown.wallets, shown.hours[-1], shown.hours[0]) == (7, 2, 5, 0)
    rows("owner", "UPDATE billing_wallet SET currency = 'USD', held = 0 WHERE currency = 'XTS'")


def test_the_queue_the_workers_and_the_keys(settings: Settings) -> None:
    settings.GEMINI_API_KEYS = ["first", "second", "third"]
    tenant = make_tenant()
    jobs = [submit_generation(tenant) for _ in range(6)]
    well, gone = register("well"), register("late")
    assert len(claim(well, 2)) == 2
    later = "UPDATE generations_generation SET run_after = %s, deadline_at = %s WHERE id = ANY (%s)"
    waits = [row["id"] for row in rows("owner", "SELECT id FROM generations_generation WHERE status = 'queued' ORDER BY id")]  # fmt: skip  # noqa: E501
    rows("owner", later, NOW - timedelta(seconds=40), NOW, waits[:1])
    rows("owner", later, NOW - timedelta(seconds=5), NOW, waits[1:3])
    rows("owner", later, NOW + timedelta(seconds=60), NOW, waits[3:])
    rows("owner", later, NOW, NOW - timedelta(minutes=1), [job for job in jobs if job not in waits][:1])
    rows("owner", later, NOW, NOW + timedelta(minutes=1), [job for job in jobs if job not in waits][1:])
    told = {
        "slots": 20,
        "keys": [
            key("first", cooling=40, calls=7, errors=2, status=429),
            key("second", refused=30, calls=1, errors=1, status=403),
        ],
    }  # fmt: skip
    beat = "UPDATE generations_worker SET expires_at = %s, state = %s WHERE id = %s"
    rows("owner", beat, NOW + timedelta(seconds=settings.LEASE_SECONDS - 2), json.dumps(told), well)
    told = {"slots": 5, "keys": [key("first", calls=3, errors=0), key("second", calls=1, errors=0, hour=-1)]}
    rows("owner", beat, NOW + timedelta(seconds=1), json.dumps(told), gone)
    history.gauge("queue_waiting", HOUR - HOURS, 1, 12)

    waiting, running = work.queue(WINDOW, parts.gauges_read(WINDOW))
    workers, keys = work.workers_and_keys(WINDOW, running)

    assert (waiting.waiting, waiting.delayed, waiting.oldest_seconds) == (3, 1, 40)
    assert [(row.tier, row.is_batch, row.waiting) for row in waiting.tiers] == [("standard", False, 3)]
    assert (waiting.running, waiting.running_batch, waiting.overdue) == (2, 0, 1)
    assert waiting.hours[-2:] == [0, 12]
    assert [(row.name, row.is_well, row.running, row.slots) for row in workers.workers] == [
        ("late", False, 0, 5), ("well", True, 2, 20),
    ]  # fmt: skip
    assert (workers.well, workers.running, workers.slots) == (1, 2, 20)
    first, second, third = keys.keys
    assert (first.state, first.until, first.last_status) == ("cooling", NOW + timedelta(seconds=40), 429)
    assert (first.calls, first.errors) == (10, 2)
    assert (second.state, second.calls, second.errors) == ("refused", 1, 1)
    assert (third.fingerprint, third.state, third.calls) == (key_fingerprint("third"), "free", 0)
    assert [row.fingerprint for row in keys.cooling] == [first.fingerprint, second.fingerprint]


def key(
    secret: str,
    *,
    calls: int,
    errors: int,
    cooling: int = 0,
    refused: int = 0,
    status: int | None = None,
    hour: int = 0,
) -> dict[str, object]:
    now = NOW.timestamp()
    return {
        "fingerprint": key_fingerprint(secret), "hour": int((HOUR + hour * HOURS).timestamp()), "calls": calls,
        "errors": errors, "cooling_until": now + cooling if cooling else 0.0,
        "refused_until": now + refused if refused else 0.0, "last_status": status,
        "last_error_at": now - 1 if status else 0.0,
    }  # fmt: skip


def test_a_worker_tells_of_its_keys_what_the_page_reads(settings: Settings) -> None:
    settings.GEMINI_API_KEYS = ["first"]
    pool = KeyPool(["first"])
    picked = pool.pick()
    pool.note(picked, status=200, failed=False)
    pool.note(picked, status=429, failed=True)
    pool.cool(picked, 100)
    worker = register()
    state = {"slots": 3, "keys": pool.report()}
    assert one("system", "SELECT worker_heartbeat(%s, 30, %s)::text", worker, json.dumps(state)) == "{}"

    at = one("owner", "SELECT now()")
    window = Window(at)
    workers, keys = work.workers_and_keys(window, {})

    assert [(row.id, row.slots, row.is_well) for row in workers.workers] == [(worker, 3, True)]
    [shown] = keys.keys
    assert (shown.state, shown.last_status, shown.calls, shown.errors) == ("cooling", 429, 2, 1)
    assert shown.until is not None
    assert 90 < (shown.until - at).total_seconds() <= 101


def test_what_is_noted_by_the_hour_is_summed_over_a_day() -> None:
    for hours, count in ((0, 1), (23, 2), (26, 100)):
        history.gauge("sweeper_freed", HOUR - hours * HOURS, count)
        history.gauge("webhooks_succeeded", HOUR - hours * HOURS, 10 * count)
    history.gauge("webhooks_retried", HOUR, 2)
    history.gauge("storage_bytes", HOUR - DAYS, 100)
    history.gauge("counted_at", HOUR, (NOW - timedelta(seconds=8)).timestamp())
    gauges = parts.gauges_read(WINDOW)

    assert (parts.sweeper(gauges).freed, parts.sweeper(gauges).repairs) == (3, 3)
    hooks = parts.webhooks(WINDOW, gauges)
    assert (hooks.succeeded, hooks.retried, hooks.failed, hooks.share) == (30, 2, 0, 30 / 32)
    stored = one("owner", "SELECT coalesce(sum(bytes), 0)::bigint FROM accounts_storageuse")
    assert parts.storage(WINDOW, gauges) == parts.Storage(stored, stored - 100)
    assert parts.counted_at(gauges) == NOW - timedelta(seconds=8)


def test_a_backup_is_as_old_as_it_is_also_after_a_week_and_a_day() -> None:
    # What another run's backup noted is newer than ours only beside this test.
    rows("owner", "DELETE FROM generations_platformgauge WHERE name = 'backup_at'")
    assert parts.backed_up_at(parts.gauges_read(WINDOW)) is None
    page = front_page(now=NOW)
    assert (page.backed_up_at, [part.word for part in lines.platform(page) if part.name == "Backup"]) == (
        None, ["Never made"],
    )  # fmt: skip
    for days, tone in ((8, "bad"), (0, "good")):
        made = machine_now() - timedelta(days=days, minutes=5)
        history.gauge("backup_at", HOUR - days * DAYS, made.timestamp())
        page = front_page(now=NOW)
        assert page.backed_up_at is not None
        assert abs(page.backed_up_at - made) < timedelta(seconds=1)
        assert [part.tone for part in lines.platform(page) if part.name == "Backup"] == [tone]


def test_models_are_summed_over_thirty_days() -> None:
    today = NOW.date()
    tenant, name = make_tenant(), f"m-{uuid4().hex[:8]}"
    sums = {"livemode": True, "model": name, "flagged": 0, "amount": 1, "cost": 1}
    for ago in (0, 29, 30):
        PlatformTotal.objects.create(billing_date=today - ago * DAYS, currency="USD", requests=1, images=10, **sums)
    PlatformMonth.objects.create(month=today.replace(day=1), tenant=tenant, requests=1, images=1, **sums)
    [shown] = [row for row in money.models_used(WINDOW) if row.model == name]
    assert (shown.requests, shown.images, shown.tenants) == (2, 20, 1)


def test_the_whole_page_is_so_many_statements() -> None:
    """A failing tenant, a failed job and a tenant that paid are each a statement more than an empty platform asks."""
    tenant = make_tenant()
    history.latest(tenant, 10, **failed("internal"))
    sums = {"today": 1, "week": 1, "week_before": 0}
    TenantMove.objects.create(day=NOW.date(), livemode=True, tenant=tenant, **sums)
    with CaptureQueriesContext(connections["operator"]) as captured:
        page = front_page(now=NOW)
    assert page.needs_you >= 1
    assert [move.tenant_id for move in page.moves.top] == [tenant.id]
    assert len(captured) == STATEMENTS, "\n".join(query["sql"][:150] for query in captured)
