from __future__ import annotations

import random
import time
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connections, transaction

from accounts.models import ApiKey, Membership, Role, Scope, User
from accounts.models import Tenant as TenantRow
from billing.models import BillingPeriod, Budget, BudgetPeriod, Subscription, Wallet
from billing.plans.services import plan_ensure
from cavendish.above.seeding.bulk import ROLL_UPS, Report, rows_copy, tables_without_indexes, usage_roll_up
from cavendish.above.seeding.rows import COLUMNS, MARKUP, ZONES, RowFactory, Size, Tenant, uuid7
from cavendish.db.call import call
from cavendish.db.router import acting_as

SLUG = "bench-"


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
            with tables_without_indexes([*COLUMNS, ROLL_UPS]):
                records = 0
                for chunk in RowFactory(tenants, rng).chunks(size):
                    for table, lines in chunk.lines.items():
                        rows_copy(table, COLUMNS[table], lines)
                    records += chunk.records
                report_step(f"{records} usage records with their jobs, holds, charges and ledger")
                usage_roll_up(SEEDED, report_step)
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


SEEDED = f"(SELECT id FROM accounts_tenant WHERE slug LIKE '{SLUG}%%')"  # noqa: S608


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
