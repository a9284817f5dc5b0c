"""Roll-ups are written with the settlement, by member and by metadata too, and stay few."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.db import connections

from accounts.models import Tenant
from accounts.people.services import user_create
from billing.models import UsageTag
from billing.reconcile import Scope, books_checks, snapshot
from billing.usage.dashboard import platform_dashboard
from billing.usage.services import usage_partitions_create, usage_platform_refresh
from cavendish.db.router import acting_as
from tests.factories import make_tenant, queue_clear, submit_generation
from tests.generations.helpers import books_balance, claim, finish, one, register, rows, succeeded


def end(*, images: int = 1, **changes: Any) -> None:
    """Ends the one generation that waits, with that many pictures; `changes` go into its charge."""
    [job] = claim(register())
    result = succeeded(job)
    result["charge"].update({"images": images, **changes})  # type: ignore[typeddict-item]
    assert finish(job, result) == "ended"


def rollup(tenant: Tenant, table: str = "billing_usagerollup") -> dict[str, dict[str, Any]]:
    found = rows("owner", f"SELECT * FROM {table} WHERE tenant_id = %s", tenant.id)
    return {row["kind"]: row for row in found}


def test_a_settlement_is_counted_with_its_pictures_its_member_and_its_whole_cost() -> None:
    tenant = make_tenant()
    with acting_as("operator"):
        member = user_create(email=f"{tenant.slug}@example.com", password="a-password-of-ours")
    queue_clear()
    id = submit_generation(tenant)
    with connections["owner"].cursor() as cursor:
        cursor.execute("UPDATE generations_generation SET member_id = %s WHERE id = %s", [member.id, id])

    cost = Decimal(1)
    end(images=2, cost=str(cost), flags=["repeated_answers"])

    found = rollup(tenant)
    assert {kind: (row["quantity"], row["images"], row["records"]) for kind, row in found.items()} == {
        "text_input": (10, 0, 1),
        "image_output": (1120, 2, 1),
        "request": (1, 0, 0),
    }
    assert {row["member_id"] for row in found.values()} == {member.id}
    assert sum(row["cost"] for row in found.values()) == cost
    assert (found["request"]["flagged"], found["request"]["amount"]) == (1, 0)
    books_balance(tenant)


def test_a_generation_that_never_ran_is_counted_and_costs_nothing() -> None:
    tenant = make_tenant()
    queue_clear()
    submit_generation(tenant)

    queue_clear()

    [row] = rollup(tenant).values()
    assert (row["kind"], row["quantity"], row["amount"], row["cost"]) == ("request", 1, 0, 0)
    assert row["member_id"].int == 0


def test_the_metadata_that_a_tenant_chose_is_summed_and_no_other() -> None:
    tenant = make_tenant()
    with acting_as("operator"):
        UsageTag.objects.create(tenant=tenant, key="team")
    queue_clear()
    for metadata in ({"team": "red", "ticket": "1"}, {"team": "red", "ticket": "2"}, {"ticket": "3"}):
        submit_generation(tenant, metadata=metadata)
        end()

    found = rollup(tenant, "billing_usagetagrollup")

    assert {(row["key"], row["value"]) for row in found.values()} == {("team", "red")}
    assert {kind: (row["quantity"], row["images"]) for kind, row in found.items()} == {
        "text_input": (20, 0),
        "image_output": (2240, 2),
        "request": (2, 0),
    }
    whole = rollup(tenant)
    assert found["image_output"]["amount"] == whole["image_output"]["amount"] / 3 * 2


def test_a_tag_has_a_hundred_values_a_month_and_then_others() -> None:
    tenant = make_tenant()
    with acting_as("operator"):
        UsageTag.objects.create(tenant=tenant, key="ticket")
    take = "usage_tags_reserve(%s, true, '2026-11-25', jsonb_build_object('ticket', n::text, 'else', 'x'))->>'ticket'"

    first = rows("owner", f"SELECT {take} AS it FROM generate_series(1, 102) n", tenant.id)
    again = rows("owner", f"SELECT {take} AS it FROM generate_series(99, 103) n", tenant.id)

    assert [row["it"] for row in first] == [*map(str, range(1, 101)), "(other)", "(other)"]
    assert [row["it"] for row in again] == ["99", "100", "(other)", "(other)", "(other)"]
    next_month = take.replace("2026-11-25", "2026-12-01")
    assert one("owner", f"SELECT {next_month} FROM generate_series(103, 103) n", tenant.id) == "103"


def test_a_partition_that_comes_late_takes_its_rows_out_of_the_default_one() -> None:
    tenant = make_tenant()
    queue_clear()
    submit_generation(tenant)
    end()
    # as if nobody had made partitions for years
    far = "2071-03-14"
    named = """SELECT string_agg(CASE attname WHEN 'billing_date' THEN quote_literal(%s) || '::date'
                                 ELSE attname END, ', ' ORDER BY attnum)
               FROM pg_attribute WHERE attrelid = 'billing_usagerecord'::regclass AND attnum > 0"""
    copied = one("owner", named, far)
    where = "SELECT DISTINCT tableoid::regclass::text AS name FROM billing_usagerecord WHERE billing_date = %s"
    with connections["owner"].cursor() as cursor:
        cursor.execute(
            f"INSERT INTO billing_usagerecord SELECT {copied} FROM billing_usagerecord WHERE tenant_id = %s",
            [tenant.id],
        )
    assert one("owner", where, far) == "billing_usagerecord_default"
    try:
        assert one("system", "SELECT usage_partitions_create(%s, 2)", far) == 2
        assert one("system", "SELECT usage_partitions_create(%s, 2)", far) == 0

        assert one("owner", where, far) == "billing_usagerecord_207103"
    finally:
        with connections["owner"].cursor() as cursor:
            for month in ("207103", "207104"):
                cursor.execute(f"DROP TABLE IF EXISTS billing_usagerecord_{month}")


def test_the_partitions_of_a_year_are_there() -> None:
    usage_partitions_create()
    assert usage_partitions_create() == 0
    for months in (0, 12):
        name = one("owner", "SELECT to_char(current_date + make_interval(months => %s), 'YYYYMM')", months)
        assert one("owner", "SELECT to_regclass(%s)::text", f"billing_usagerecord_{name}")


def test_the_operators_days_follow_the_roll_ups() -> None:
    tenant = make_tenant()
    queue_clear()
    for images in (1, 2):
        submit_generation(tenant)
        end(images=images)
        assert usage_platform_refresh() >= 1

    assert usage_platform_refresh() == 0
    [day] = rows("owner", "SELECT * FROM billing_platformday WHERE tenant_id = %s", tenant.id)
    assert (day["requests"], day["images"], day["flagged"]) == (2, 3, 0)
    assert day["amount"] == sum(row["amount"] for row in rollup(tenant).values())
    assert day["cost"] == sum(row["cost"] for row in rollup(tenant).values())


def test_the_operators_page_shows_the_same_sums() -> None:
    tenant = make_tenant(balance=10_000)
    queue_clear()
    today = one("owner", "SELECT (now() AT TIME ZONE 'UTC')::date")
    usage_platform_refresh()
    with acting_as("operator"):
        before = platform_dashboard(day=today, tenants=10_000)
    for images in (1, 2):
        submit_generation(tenant)
        end(images=images, flags=["usage_missing"])
    usage_platform_refresh()

    with acting_as("operator"):
        shown = platform_dashboard(day=today, tenants=10_000)

    charged = one("owner", "SELECT sum(amount) FROM billing_charge WHERE tenant_id = %s", tenant.id)
    cost = one("owner", "SELECT sum(cost) FROM billing_charge WHERE tenant_id = %s", tenant.id)
    [mine] = [sums for id, slug, sums in shown.by_tenant if (id, slug) == (tenant.id, tenant.slug)]
    assert (mine.requests, mine.images, mine.flagged, mine.amount, mine.cost) == (2, 3, 2, charged, cost)
    assert mine.margin == charged - cost
    # Other tests write sums by hand, so what these jobs have added is compared.
    added = [
        sum(sums.requests for sums in after) - sum(sums.requests for sums in earlier)
        for after, earlier in (
            (shown.day, before.day),
            (shown.month, before.month),
            ([sums for _, sums in shown.by_model], [sums for _, sums in before.by_model]),
            ([sums for _, sums in shown.by_day], [sums for _, sums in before.by_day]),
            ([sums for _, _, sums in shown.by_tenant], [sums for _, _, sums in before.by_tenant]),
        )
    ]
    assert added == [2] * 5


def test_days_that_were_summed_by_nobody_are_summed_later() -> None:
    tenant = make_tenant()
    queue_clear()
    submit_generation(tenant)
    end()
    with connections["owner"].cursor() as cursor:
        cursor.execute(
            "UPDATE billing_usagerollup SET billing_date = billing_date - 400 WHERE tenant_id = %s", [tenant.id]
        )
        cursor.execute("DELETE FROM billing_platformday")
    usage_platform_refresh()
    month = "SELECT sum(requests) FROM billing_platformmonth WHERE tenant_id = %s"
    assert one("owner", month, tenant.id) == 1


def test_after_days_without_a_scheduler_nothing_differs_before_its_next_look() -> None:
    """Finding 21: what nobody has summed yet lags, whatever its date; what was summed for good is compared."""
    tenant = make_tenant()
    queue_clear()
    submit_generation(tenant)
    end()
    usage_platform_refresh()
    # as if the last look had been ten days ago, and jobs had ended on all of them since
    rows("owner", "UPDATE billing_usagerollup SET billing_date = billing_date - 10 WHERE tenant_id = %s", tenant.id)
    rows("owner", "DELETE FROM billing_platformday WHERE billing_date > (now() AT TIME ZONE 'UTC')::date - 12")
    assert platform_differences(tenant) == 0
    usage_platform_refresh()
    assert platform_differences(tenant) == 0
    rows("owner", "UPDATE billing_platformday SET requests = 7 WHERE tenant_id = %s", tenant.id)
    assert platform_differences(tenant) == 1


def test_a_late_job_of_an_open_month_reaches_the_operators_sums() -> None:
    """It was accepted in a month that no invoice has closed: its date is that month's last, weeks ago perhaps."""
    tenant = make_tenant()
    queue_clear()
    submit_generation(tenant)
    end()
    usage_platform_refresh()
    last = one("owner", "SELECT (date_trunc('month', now() AT TIME ZONE 'UTC') - interval '1 day')::date")
    rows(
        "owner",
        """UPDATE billing_usagerollup SET billing_date = %s, amount = amount + 1
           WHERE tenant_id = %s AND kind = 'image_output'""",
        last,
        tenant.id,
    )
    usage_platform_refresh()
    for table, day in (("billing_platformday", "billing_date"), ("billing_platformmonth", "month")):
        found = one("owner", f"SELECT amount FROM {table} WHERE tenant_id = %s ORDER BY {day} LIMIT 1", tenant.id)
        assert found > 1, table


def platform_differences(tenant: Tenant) -> int:
    with snapshot() as books:
        [check] = [check for check in books_checks() if check.name == "platform_days"]
        return books.run(check, Scope(tenant.id), most=1).count
