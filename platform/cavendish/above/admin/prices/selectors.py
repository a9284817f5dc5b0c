"""What a change of prices would have done to the bills of a month that is over, by tenant.

Every usage record whose price the change decides is priced again by the function that priced it at its settlement; all
others stay as they were booked. So without a change nothing differs, to the last digit.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from uuid import UUID

from django.db import connections, transaction
from django.utils import timezone

from billing.contracts import KindPrice
from billing.models import Plan, PlanVersion, Price, Tier
from billing.money import LINE, UNIT_SIZE, ZERO, line_amount
from billing.months import month_after, month_first
from billing.oversight.below_cost import BelowCost, new_rows, prices_below_cost, tier_prices
from billing.plans.selectors import plans_listed
from billing.prices.pricing import Line, lines_price
from billing.prices.selectors import plan_terms, rows_at
from billing.prices.services import UPSTREAM_CURRENCY, NewPrice, PriceChange, prices_preview
from cavendish.db import ids
from cavendish.db.router import current_alias
from cavendish.gemini.catalog import Model, get_model, models

WORK_MEM = "64MB"
Place = tuple[UUID | None, str, str, str, str]
"""(plan, model, tier, image size, kind)"""


@dataclass(frozen=True)
class Sums:
    """What a tenant pays in its currency, and what that costs in USD."""

    amount: Decimal = ZERO
    cost: Decimal = ZERO

    def plus(self, other: Sums) -> Sums:
        return Sums(self.amount + other.amount, self.cost + other.cost)


@dataclass(frozen=True)
class Effect:
    """A month before and after. Margins are None where price and cost are in different currencies."""

    currency: str
    before: Sums
    after: Sums

    @property
    def margin_before(self) -> Decimal | None:
        return self._margin(self.before)

    @property
    def margin_after(self) -> Decimal | None:
        return self._margin(self.after)

    @property
    def difference(self) -> Decimal:
        """What the tenant pays more, or less."""
        return self.after.amount - self.before.amount

    def _margin(self, sums: Sums) -> Decimal | None:
        return sums.amount - sums.cost if self.currency == UPSTREAM_CURRENCY else None


@dataclass(frozen=True)
class TenantEffect:
    """`plan` is the one that the tenant is on now: its prices are those that change."""

    tenant_id: UUID
    slug: str
    name: str
    plan: Plan | None
    effect: Effect


@dataclass(frozen=True)
class PriceChangePreview:
    """`tenants`: all that used something in the month and are on a plan whose prices change; the most changed first.

    `below_cost`: what of the changed models would be sold below its cost. `changes` are the prices themselves.
    """

    month: date
    changes: list[PriceChange]
    tenants: list[TenantEffect]
    totals: list[Effect]
    """One for each currency."""
    below_cost: list[BelowCost]


def price_change_preview(
    *,
    plan: Plan | None,
    new: Sequence[NewPrice] = (),
    markup_percent: Decimal | None = None,
    month: date | None = None,
) -> PriceChangePreview:
    """Returns what new prices of the upstream (without a plan) or of a plan, or a plan's new mark-up, would have done.

    `month` is any day of it, by default of the last one that is over. Pictures that a plan includes, and what was
    absorbed, keep their share of a job's price; answers that were thrown away keep their cost, since no record has
    their tokens. Raises ValuesInvalid for prices that `prices_add` would refuse. As the operator.
    """
    first = month_first(month or month_first(timezone.now().date()) - timedelta(days=1))
    changes: list[PriceChange] = []
    if new:
        _, changes = prices_preview(plan=plan, new=new, effective_from=None)
    scenario = _Scenario(plan, [change.new for change in changes], markup_percent)
    with transaction.atomic(using=current_alias()):
        tenants = _tenants(first, scenario)
        places = scenario.places({row.plan.id if row.plan else None: row.plan for row in tenants})
        deltas = _deltas(first, {row.tenant_id: row.plan.id if row.plan else None for row in tenants}, places)
        listed = [(row.plan, row.tenants) for row in plans_listed() if row.tenants and scenario.concerns(row.plan)]
    effects = [
        replace(row, effect=replace(row.effect, after=row.effect.before.plus(deltas.get(row.tenant_id, Sums()))))
        for row in tenants
    ]
    return PriceChangePreview(
        month=first,
        changes=changes,
        tenants=sorted(effects, key=lambda row: (-abs(row.effect.difference), row.slug)),
        totals=_totals(effects),
        below_cost=prices_below_cost(
            listed, scenario.models, rows_of=scenario.rows, version_of=lambda plan: scenario.version(plan)
        ),
    )


class _Scenario:
    """The price book as it would be. Rows that are given stand above all others."""

    def __init__(self, plan: Plan | None, new: Sequence[NewPrice], markup: Decimal | None) -> None:
        self.plan, self.new, self.markup = plan, new, markup
        self.at = timezone.now()
        names = {price.model for price in new}
        self.models: list[Model] = list(models()) if markup is not None else [get_model(name) for name in sorted(names)]

    def concerns(self, plan: Plan | None) -> bool:
        """Returns whether a plan's prices can change: the upstream's do for all, a plan's for itself."""
        return self.plan is None or plan == self.plan

    def rows(self, plan: Plan | None, model: str, *, more: Decimal = ZERO) -> list[Price]:
        """Returns the rows of a model's prices, oldest first, the new ones `more` than they are."""
        added = new_rows(self.plan, self.new, model, more=more) if self.concerns(plan) else []
        return [*rows_at(model, plan=plan, at=self.at), *added]

    def version(self, plan: Plan | None, *, more: Decimal = ZERO) -> PlanVersion | None:
        """Returns a plan's terms, with the new mark-up and `more` where it is that plan's."""
        version = plan_terms(plan, at=self.at) if plan else None
        if self.markup is None or plan is None or plan != self.plan:
            return version
        return PlanVersion(plan=plan, markup_percent=self.markup + more)

    def places(self, plans: Mapping[UUID | None, Plan | None]) -> dict[Place, KindPrice]:
        """Returns the price of each place that the change decides: those that move when it is a little more."""
        found: dict[Place, KindPrice] = {}
        for plan_id, plan in plans.items():
            version, version_more = self.version(plan), self.version(plan, more=Decimal(1))
            for model in self.models:
                rows, rows_more = self.rows(plan, model.id), self.rows(plan, model.id, more=Decimal(1))
                for tier in Tier.values:
                    for size in ("", *model.sizes):
                        prices = tier_prices(rows, plan=plan, version=version, tier=tier, image_size=size)
                        moved = tier_prices(rows_more, plan=plan, version=version_more, tier=tier, image_size=size)
                        for kind, price in prices.items():
                            if price != moved.get(kind):
                                found[plan_id, model.id, tier, size, kind] = price
        return found


_TENANTS = """
    SELECT t.id, t.slug, t.name, s.plan_id, w.currency, sum(m.amount), sum(m.cost)
    FROM billing_platformmonth m
    JOIN accounts_tenant t ON t.id = m.tenant_id
    JOIN billing_wallet w ON w.tenant_id = m.tenant_id AND w.livemode
    LEFT JOIN LATERAL (SELECT plan_id FROM billing_subscription
                       WHERE tenant_id = m.tenant_id AND starts_at <= now() ORDER BY starts_at DESC LIMIT 1) s ON true
    WHERE m.livemode AND m.month = %(month)s
    GROUP BY 1, 2, 3, 4, 5"""


def _tenants(month: date, scenario: _Scenario) -> list[TenantEffect]:
    """Returns the tenants of the month with what was booked, before and after alike."""
    with connections[current_alias()].cursor() as cursor:
        cursor.execute(_TENANTS, {"month": month})
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    plans = Plan.objects.in_bulk([row[3] for row in rows if row[3]])
    effects = []
    for tenant_id, slug, name, plan_id, currency, amount, cost in rows:
        plan = plans.get(plan_id)
        if scenario.concerns(plan):
            booked = Sums(amount, cost)
            effects.append(TenantEffect(tenant_id, slug, name, plan, Effect(currency, booked, booked)))
    return effects


# By quantity, of which there are far fewer than records, so that the rounding of each line is that of its settlement;
# where nothing is rounded, one sum does. A job of which a part was included or absorbed stands by itself: what its
# tenant paid is a share of the whole.
_RECORDS = """
    WITH parted AS MATERIALIZED (
        SELECT DISTINCT generation_id FROM billing_usagerecord
        WHERE billing_date >= %(first)s AND billing_date < %(end)s AND livemode AND kind IN ('included', 'absorbed')
    ), records AS (
        SELECT r.tenant_id, r.model, r.image_size, coalesce(g.tier, 'standard') AS tier, r.kind, r.quantity, r.images,
               r.amount, r.cost, coalesce(c.is_free, false) AS is_free,
               CASE WHEN p.generation_id IS NOT NULL THEN r.generation_id END AS job
        FROM billing_usagerecord r
        LEFT JOIN generations_generation g
            ON g.id = r.generation_id AND g.id >= %(oldest)s AND g.id < %(youngest)s
        -- of few records: the price of what a tenant does not pay for is zero
        LEFT JOIN LATERAL (SELECT c.status <> 'charged' AS is_free FROM billing_charge c
                           WHERE c.generation_id = r.generation_id AND r.unit_price = 0 OFFSET 0) c ON true
        LEFT JOIN parted p ON p.generation_id = r.generation_id
        WHERE r.billing_date >= %(first)s AND r.billing_date < %(end)s AND r.livemode AND r.model = ANY (%(models)s)
            AND r.tenant_id = ANY (%(tenants)s) AND (r.kind = ANY (%(kinds)s) OR p.generation_id IS NOT NULL)
    )
    SELECT tenant_id, model, image_size, tier, kind, job, is_free, CASE WHEN %(linear)s THEN 1 ELSE count(*) END,
           sum(quantity)::bigint, sum(images)::bigint, sum(amount), sum(cost)
    FROM records
    GROUP BY 1, 2, 3, 4, 5, 6, 7,
             CASE WHEN %(linear)s THEN 0 ELSE quantity END, CASE WHEN %(linear)s THEN 0 ELSE images END"""


@dataclass
class _Job:
    """A job of which a part was included or absorbed: what all of it was worth, and would be, and what was paid."""

    tenant_id: UUID
    whole: Decimal = ZERO
    after: Decimal = ZERO
    paid: Decimal = ZERO

    @property
    def difference(self) -> Decimal:
        if not self.whole:
            return ZERO
        return (self.paid * self.after / self.whole).quantize(LINE, rounding=ROUND_HALF_UP) - self.paid


def _deltas(month: date, plans: Mapping[UUID, UUID | None], places: Mapping[Place, KindPrice]) -> dict[UUID, Sums]:
    """Returns by how much each tenant's sums would differ."""
    if not places:
        return {}
    amounts: dict[UUID, Decimal] = dict.fromkeys(plans, ZERO)
    costs: dict[UUID, Decimal] = dict.fromkeys(plans, ZERO)
    jobs: dict[UUID, _Job] = {}
    lines: dict[tuple[Place, int, int], Line] = {}  # tenants of a plan have many in common
    for tenant_id, model, size, tier, kind, job_id, is_free, count, quantity, images, amount, cost in _records(
        month, list(plans), places
    ):
        place = (plans[tenant_id], model, tier, size, kind)
        price = places.get(place)
        amount_after, cost_after = amount, cost
        if price is not None:
            # `count` lines that are all the same
            key = (place, quantity // count, images // count)
            line = lines.get(key)
            if line is None:
                [line] = lines_price({kind: key[1]}, {kind: price}, images=key[2])[0]
                lines[key] = line
            amount_after = ZERO if is_free else line.amount * count
            cost_after = line.cost * count
        if job_id is not None:
            job = jobs.setdefault(job_id, _Job(tenant_id))
            job.paid += amount
            if kind not in ("included", "absorbed"):
                job.whole += amount
                job.after += amount_after
            amount_after = amount
        amounts[tenant_id] += amount_after - amount
        costs[tenant_id] += cost_after - cost
    for job in jobs.values():
        amounts[job.tenant_id] += job.difference
    return {tenant_id: Sums(amounts[tenant_id], costs[tenant_id]) for tenant_id in plans}


def _records(month: date, tenants: list[UUID], places: Mapping[Place, KindPrice]) -> Iterator[tuple[Any, ...]]:
    """Yields the month's records of these tenants whose price is one of `places`, summed by all that it depends on."""
    values: dict[str, Any] = {
        "first": month,
        "end": month_after(month),
        "tenants": tenants,
        "models": sorted({model for _, model, *_ in places}),
        "kinds": sorted({kind for *_, kind in places}),
        # ids are ordered by time, and no job is billed longer after its acceptance
        "oldest": ids.first_at(datetime.combine(month - timedelta(days=35), time(), UTC)),
        "youngest": ids.first_at(datetime.combine(month_after(month) + timedelta(days=2), time(), UTC)),
        "linear": all(_is_linear(price) for price in places.values()),
    }
    with connections[current_alias()].cursor() as cursor:
        # for the caller's transaction: sums of a month do not fit into what a page's queries need
        cursor.execute("SELECT set_config('work_mem', %s, true), set_config('jit', 'off', true)", [WORK_MEM])
        cursor.execute(_RECORDS, values)
        while rows := cursor.fetchmany(5_000):
            yield from rows


def _is_linear(price: KindPrice) -> bool:
    """Returns whether no line of this price and cost is rounded, so that the sum of lines is the line of their sum."""
    pairs = ((price["unit"], price["price"]), (price.get("cost_unit", price["unit"]), price["cost"]))
    return all(
        Decimal(text) / UNIT_SIZE[unit] == line_amount(quantity=1, unit_price=Decimal(text), unit=unit)
        for unit, text in pairs
    )


def _totals(rows: Sequence[TenantEffect]) -> list[Effect]:
    totals: dict[str, Effect] = {}
    for row in rows:
        one = row.effect
        total = totals.get(one.currency, Effect(one.currency, Sums(), Sums()))
        totals[one.currency] = Effect(one.currency, total.before.plus(one.before), total.after.plus(one.after))
    return [totals[currency] for currency in sorted(totals)]
