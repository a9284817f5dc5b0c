from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connections, transaction

from accounts.models import ApiKey, Membership, Role, Scope, User
from accounts.models import Tenant as TenantRow
from billing.models import BillingPeriod, Budget, BudgetPeriod, Subscription, Wallet
from billing.plans.services import plan_ensure
from cavendish.db.call import call
from cavendish.db.router import acting_as
from cavendish.management.seeding.rows import COLUMNS, MARKUP, ZONES, RowFactory, Size, Tenant, uuid7

SLUG = "bench-"
Report = Callable[[str], object]


class Refused(Exception):
    """The database must not be seeded; the message says why."""


def seed(size: Size, *, beside_others: bool = False, report: Report = lambda text: None) -> int:
    """Writes all rows in one transaction, as the owner. Returns the number of usage records. Raises Refused.

    Until it commits, the tables are locked and have neither indexes nor foreign keys.
    """
    began = time.monotonic()

    def report_step(text: str) -> None:
        report(f"{time.monotonic() - began:6.1f} s  {text}")

    with acting_as("owner"):
        with transaction.atomic(using="owner"):
            _require_seedable(beside_others)
            rng = random.Random(size.seed)
            tenants = _create_tenants(size, rng)
            report_step(f"{len(tenants)} tenants")
            with _without_indexes():
                records = 0
                for chunk in RowFactory(tenants, rng).chunks(size):
                    for table, lines in chunk.lines.items():
                        _copy(table, lines)
                    records += chunk.records
                report_step(f"{records} usage records with their jobs, holds, charges and ledger")
                _roll_up(report_step)
            report_step("indexes and foreign keys")
            _fill_wallets()
            _create_budgets(size)
            report_step("wallets and budgets")
        with connections["owner"].cursor() as cursor:
            cursor.execute("VACUUM (ANALYZE)")
        report_step("vacuumed")
    return records


def _require_seedable(beside_others: bool) -> None:
    if TenantRow.objects.filter(slug__startswith=SLUG).exists():
        raise Refused("The database is seeded already; use a fresh one.")
    others = TenantRow.objects.count()
    if others and not beside_others:
        raise Refused(
            f"The database has {others} tenants. Seeding is for benchmarks: it locks all books and makes them large. "
            "Use a separate database, or pass --beside-real-tenants."
        )


def _create_tenants(size: Size, rng: random.Random) -> list[Tenant]:
    """Creates tenants with a plan, wallets, open months and one to three keys; the first key belongs to a member."""
    plan = plan_ensure(slug="bench", name="Bench", markup_percent=Decimal(MARKUP - 100))
    born = datetime.combine(size.first, datetime.min.time(), UTC)
    tenants = []
    rows: dict[Any, list[Any]] = {
        kind: [] for kind in (TenantRow, User, Membership, ApiKey, Subscription, Wallet, BillingPeriod)
    }
    months = [date(n // 12, n % 12 + 1, 1) for n in _months(size)]
    for number in range(size.tenants):
        zone = ZONES[number % len(ZONES)]
        row = TenantRow(
            id=uuid7(born, rng),
            slug=f"{SLUG}{number:05d}",
            name=f"Bench {number}",
            billing_timezone=zone,
        )
        person = User(id=uuid7(born, rng), email=f"owner@{row.slug}.example.com", password="!")
        rows[TenantRow].append(row)
        rows[User].append(person)
        rows[Membership].append(Membership(id=uuid7(born, rng), tenant=row, user=person, role=Role.OWNER))
        keys = [uuid7(born, rng) for _ in range(1 + number % 3)]
        for place, key in enumerate(keys):
            rows[ApiKey].append(
                ApiKey(
                    id=key,
                    tenant=row,
                    name=f"Key {place}",
                    prefix=f"cvd_live_{key.hex[-12:]}",
                    livemode=True,
                    digest=rng.randbytes(32),
                    scopes=list(Scope.values),
                    revoked_at=born,
                )
            )
        rows[Subscription].append(Subscription(id=uuid7(born, rng), tenant=row, plan=plan, starts_at=born))
        rows[Wallet] += [Wallet(tenant=row, livemode=livemode) for livemode in (True, False)]
        rows[BillingPeriod] += [BillingPeriod(id=uuid7(born, rng), tenant=row, month=month) for month in months]
        tenants.append(Tenant(row.id, ZoneInfo(zone), tuple(keys), (person.id, *[None] * (len(keys) - 1))))
    for kind, objects in rows.items():
        kind.objects.bulk_create(objects, batch_size=2000)
    call("usage_partitions_create", size.first, size.months, using="owner")
    return tenants


def _months(size: Size) -> range:
    """Returns the months, counted from January of the year 0."""
    last = size.until.year * 12 + size.until.month - 1
    return range(last - size.months + 1, last + 1)


@contextmanager
def _without_indexes() -> Iterator[None]:
    """Drops the tables' constraints, indexes and triggers, and creates them again at the end.

    Checking foreign keys and building indexes once takes a tenth of the time of doing it row by row.
    """
    tables = [*COLUMNS, "billing_usagerollup"]
    with connections["owner"].cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # a table with pending deferred checks cannot be altered
        cursor.execute("SET LOCAL maintenance_work_mem = '512MB'")
        cursor.execute(
            """SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid), contype = 'f' FROM pg_constraint
               WHERE conparentid = 0 AND (
                   (contype IN ('f', 'p', 'u') AND conrelid = ANY (%s::regclass[]))
                   OR (contype = 'f' AND confrelid = ANY (%s::regclass[]))) ORDER BY contype = 'f', oid""",
            [tables, tables],
        )
        constraints = cursor.fetchall()
        cursor.execute(
            """SELECT i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid) FROM pg_index i
               WHERE i.indrelid = ANY (%s::regclass[])
                   AND NOT EXISTS (SELECT 1 FROM pg_constraint c WHERE c.conindid = i.indexrelid) ORDER BY 1""",
            [tables],
        )
        indexes = cursor.fetchall()
        for table, name, *_ in reversed(constraints):
            cursor.execute(f'ALTER TABLE {table} DROP CONSTRAINT "{name}"')
        for name, _ in indexes:
            cursor.execute(f"DROP INDEX {name}")
        for table in tables:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        yield
        for table, name, definition, is_foreign in constraints:
            if not is_foreign:
                cursor.execute(f'ALTER TABLE {table} ADD CONSTRAINT "{name}" {definition}')
        for _, definition in indexes:
            cursor.execute(definition)
        for table, name, definition, is_foreign in constraints:
            if is_foreign:
                cursor.execute(f'ALTER TABLE {table} ADD CONSTRAINT "{name}" {definition}')
        for table in tables:
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")


def _copy(table: str, lines: list[str]) -> None:
    if not lines:
        return
    with (
        connections["owner"].cursor() as cursor,
        cursor.copy(f"COPY {table} ({COLUMNS[table]}) FROM STDIN") as copy,
    ):
        copy.write("".join(lines).encode())


SEEDED = f"(SELECT id FROM accounts_tenant WHERE slug LIKE '{SLUG}%%')"  # noqa: S608


def _roll_up(report_step: Report) -> None:
    """Writes the roll-ups that settlements would have written, in order of time."""
    with connections["owner"].cursor() as cursor:
        cursor.execute("SET LOCAL work_mem = '256MB'")
        cursor.execute(
            f"""INSERT INTO billing_usagerollup (tenant_id, billing_date, hour, livemode, model, api_key_id, member_id,
                    image_size, kind, records, quantity, images, flagged, amount, cost)
                SELECT tenant_id, billing_date, date_trunc('hour', at, 'UTC'), livemode, model, api_key_id,
                    coalesce(member_id, '00000000-0000-0000-0000-000000000000'), image_size, kind, count(*),
                    sum(quantity), sum(images), 0, sum(amount), sum(cost)
                FROM billing_usagerecord WHERE tenant_id IN {SEEDED}
                GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9 ORDER BY 3""",  # noqa: S608
            {},
        )
        cursor.execute(
            f"""INSERT INTO billing_usagerollup (tenant_id, billing_date, hour, livemode, model, api_key_id, member_id,
                    image_size, kind, records, quantity, images, flagged, amount, cost)
                SELECT c.tenant_id, c.billing_date, date_trunc('hour', c.created_at, 'UTC'), c.livemode, g.model,
                    g.api_key_id, coalesce(g.member_id, '00000000-0000-0000-0000-000000000000'), g.image_size,
                    'request', 0, count(*), 0, count(*) FILTER (WHERE c.flags <> '[]'), 0, 0
                FROM billing_charge c JOIN generations_generation g ON g.id = c.generation_id
                WHERE c.tenant_id IN {SEEDED} GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9 ORDER BY 3""",  # noqa: S608
            {},
        )
        report_step("roll-ups")
        cursor.execute("DELETE FROM billing_platformday")  # an empty table makes the refresh sum every date
        call("usage_platform_refresh", using="owner")
        report_step("the operator's days")


def _fill_wallets() -> None:
    """Tops up every wallet with what was charged and a fifth more."""
    with connections["owner"].cursor() as cursor:
        cursor.execute(
            f"""WITH spent AS (
                    SELECT tenant_id, -sum(amount) AS amount FROM billing_ledgerentry
                    WHERE tenant_id IN {SEEDED} AND account = 'wallet' GROUP BY 1
                ), paid AS (
                    INSERT INTO billing_ledgertransaction (id, tenant_id, livemode, kind, reason, actor)
                    SELECT gen_random_uuid(), tenant_id, true, 'top_up', 'Bench', 'bench' FROM spent
                    RETURNING id, tenant_id
                ), sides AS (
                    INSERT INTO billing_ledgerentry (tenant_id, transaction_id, account, livemode, amount, currency)
                    SELECT p.tenant_id, p.id, side.account, true, side.sign * ceil(s.amount * 1.2), 'USD'
                    FROM paid p JOIN spent s USING (tenant_id),
                        (VALUES ('wallet', 1), ('funding', -1)) side (account, sign)
                )
                UPDATE billing_wallet w SET balance = ceil(s.amount * 1.2) - s.amount
                FROM spent s WHERE w.tenant_id = s.tenant_id AND w.livemode""",  # noqa: S608
            {},
        )


def _create_budgets(size: Size) -> None:
    """Creates a monthly budget in money for each tenant, with the use of the last month."""
    born = datetime.combine(size.first, datetime.min.time(), UTC)
    tenants = list(TenantRow.objects.filter(slug__startswith=SLUG).order_by("slug"))
    rng = random.Random(size.seed + 1)
    budgets = [
        Budget(
            id=uuid7(born, rng),
            tenant=tenant,
            scope="tenant",
            scope_id=tenant.id,
            period="month",
            metric="money",
            limit=Decimal(10**6),
            created_at=born,
        )
        for tenant in tenants
    ]
    Budget.objects.bulk_create(budgets, batch_size=2000)
    BudgetPeriod.objects.bulk_create(
        [
            BudgetPeriod(
                tenant=tenant,
                budget=budget,
                starts_at=datetime.combine(size.until, datetime.min.time(), ZoneInfo(tenant.billing_timezone)),
                resets_at=datetime.combine(size.end, datetime.min.time(), ZoneInfo(tenant.billing_timezone)),
                cap=budget.limit,
                hard=True,
            )
            for tenant, budget in zip(tenants, budgets, strict=True)
        ],
        batch_size=2000,
    )
    with connections["owner"].cursor() as cursor:
        cursor.execute(
            f"""UPDATE billing_budgetperiod p SET used = u.used FROM billing_budget b, billing_budgetperiod q,
                    LATERAL budget_use(b, q.starts_at, q.resets_at) u
                WHERE q.id = p.id AND b.id = p.budget_id AND p.tenant_id IN {SEEDED}""",  # noqa: S608
            {},
        )
