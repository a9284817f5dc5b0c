"""Revenue, cost and margin, what is held, the tenants that move, and budgets near their end.

Amounts are in the currency that is named; cost is what the upstream charges, in its own (UPSTREAM_CURRENCY). Nothing is
exchanged: where a tenant pays in another currency there is no margin, and its sums stand apart.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from operator import itemgetter
from uuid import UUID
from zoneinfo import ZoneInfo

from billing.money import ZERO
from billing.usage.dashboard import UPSTREAM_CURRENCY, ModelUse, platform_models
from cavendish.above.admin.home.selectors.window import Normal, Window, normal_of, rows

DAYS = 30
TOP = 6
SECOND = timedelta(seconds=1)


@dataclass(frozen=True)
class Money:
    """What jobs were charged in one currency, and what they cost the operator."""

    currency: str
    revenue: Decimal = ZERO
    cost: Decimal = ZERO

    @property
    def margin(self) -> Decimal | None:
        """None where revenue and cost are in different currencies."""
        return self.revenue - self.cost if self.currency == UPSTREAM_CURRENCY else None

    @property
    def margin_share(self) -> float | None:
        """Of the revenue: 0.306 is 30.6 %."""
        return float(self.margin / self.revenue) if self.margin is not None and self.revenue else None

    def plus(self, revenue: Decimal, cost: Decimal) -> Money:
        return Money(self.currency, self.revenue + revenue, self.cost + cost)


@dataclass(frozen=True)
class MoneyDay:
    """A day of the operator's zone. Hours are those of UTC: one that midnight divides counts where it begins."""

    day: date
    money: Money


@dataclass(frozen=True)
class MoneyCard:
    """One currency: today so far, last week's same day to the same time, and 30 days with today, oldest first."""

    today: Money
    last_week: Money
    days: list[MoneyDay]
    total: Money
    normal_margin: Normal | None
    """Of `margin_share`, over the whole days of the last four weeks."""

    @property
    def revenue_change(self) -> float | None:
        return _change(self.today.revenue, self.last_week.revenue)

    @property
    def cost_change(self) -> float | None:
        return _change(self.today.cost, self.last_week.cost)


@dataclass(frozen=True)
class MoneyCards:
    """`main` is in the upstream's currency, `others` in any other that tenants pay in."""

    main: MoneyCard
    others: list[MoneyCard]


@dataclass(frozen=True)
class Held:
    """Open holds in one currency: their sum, and on how many wallets."""

    currency: str
    amount: Decimal
    wallets: int
    hours: list[Decimal]
    """The newest value of each of 24 hours before the current one; 0 where nobody looked."""
    normal: Normal | None
    """Of the highest in an hour, over seven days."""


@dataclass(frozen=True)
class TenantMove:
    """A tenant's revenue: today (billing dates), the seven days before today, and the seven before those."""

    tenant_id: UUID | None
    name: str
    today: Decimal
    week: Decimal
    week_before: Decimal
    budget_share: float | None
    """Used and held of the tenant's own money budget that is nearest its end; None without one."""

    @property
    def change(self) -> float | None:
        return _change(self.week, self.week_before)

    @property
    def gain(self) -> Decimal:
        """Returns the week against the one before, in money."""
        return self.week - self.week_before


@dataclass(frozen=True)
class TenantMoves:
    """In one currency: six tenants, the most revenue of the week first, the others together, and all."""

    currency: str
    top: list[TenantMove]
    others: TenantMove
    others_count: int
    all: TenantMove
    rising: list[TenantMove]
    """Up to three whose revenue grew most, in money."""
    falling: list[TenantMove]
    elsewhere: int
    """Tenants that pay in another currency."""


@dataclass(frozen=True)
class BudgetNearEnd:
    """A budget of which 90 % or more are used and held. `full_at` is None where it lasts until it begins anew."""

    budget_id: UUID
    tenant_id: UUID
    tenant: str
    scope: str
    metric: str
    period: str
    cap: Decimal
    used: Decimal
    held: Decimal
    hard: bool
    resets_at: datetime | None
    full_at: datetime | None

    @property
    def share(self) -> float:
        return float((self.used + self.held) / self.cap) if self.cap else 1.0


@dataclass(frozen=True)
class BudgetsNearEnd:
    """How many there are, and the first of them: those that are full soonest."""

    count: int
    first: list[BudgetNearEnd]


_MONEY = """
    SELECT m.hour, m.currency, m.amount, m.cost FROM generations_activitymoney m
    WHERE m.livemode = %(livemode)s AND m.hour >= %(since)s AND m.hour <= %(until)s"""
_HELD = """
    SELECT w.currency, sum(w.held), count(*) FILTER (WHERE w.held > 0) FROM billing_wallet w
    WHERE w.livemode = %(livemode)s GROUP BY 1 ORDER BY 2 DESC, 1"""
# Of each currency the first tenants, those that moved most, and the sums; not all tenants, of which there are many.
_MOVES = """
    SELECT tenant_id, name, currency, today, week, week_before, place, fall, rise, tenants, everywhere,
        all_today, all_week, all_before
    FROM (
        SELECT m.tenant_id, t.name, w.currency, m.today, m.week, m.week_before,
            row_number() OVER (paid ORDER BY m.week DESC, m.today DESC, t.name) AS place,
            row_number() OVER (paid ORDER BY m.week - m.week_before, m.week DESC, m.today DESC, t.name) AS fall,
            row_number() OVER (paid ORDER BY m.week - m.week_before DESC, m.week, m.today, t.name DESC) AS rise,
            count(*) OVER paid AS tenants, count(*) OVER () AS everywhere,
            sum(m.today) OVER paid AS all_today, sum(m.week) OVER paid AS all_week,
            sum(m.week_before) OVER paid AS all_before
        FROM generations_tenantmove m
        JOIN accounts_tenant t ON t.id = m.tenant_id
        JOIN billing_wallet w ON w.tenant_id = m.tenant_id AND w.livemode = m.livemode
        WHERE m.livemode = %(livemode)s WINDOW paid AS (PARTITION BY w.currency)) moves
    WHERE place <= %(top)s OR fall <= 3 OR rise <= 3 ORDER BY place"""
_SHARES = """
    SELECT b.tenant_id, max((p.used + p.held) / nullif(p.cap, 0)) FROM billing_budget b
    JOIN LATERAL (SELECT q.used, q.held, q.cap FROM billing_budgetperiod q
                  WHERE q.budget_id = b.id AND coalesce(q.resets_at, 'infinity') > %(now)s
                  ORDER BY coalesce(q.resets_at, 'infinity') LIMIT 1) p ON true
    WHERE b.tenant_id = ANY (%(tenants)s) AND b.livemode = %(livemode)s AND b.scope = 'tenant' AND b.metric = 'money'
        AND b.deleted_at IS NULL
    GROUP BY 1"""
_NEAR_END = """
    SELECT b.id, b.tenant_id, t.name, b.scope, b.metric, b.period, p.cap, p.used, p.held, p.hard, p.starts_at,
           p.resets_at
    FROM billing_budget b
    JOIN LATERAL (SELECT q.* FROM billing_budgetperiod q
                  WHERE q.budget_id = b.id AND coalesce(q.resets_at, 'infinity') > %(now)s
                  ORDER BY coalesce(q.resets_at, 'infinity') LIMIT 1) p ON p.starts_at <= %(now)s
    JOIN accounts_tenant t ON t.id = b.tenant_id
    WHERE b.livemode = %(livemode)s AND b.deleted_at IS NULL AND p.used + p.held >= 0.9 * p.cap"""


def money_cards(window: Window, zone: ZoneInfo) -> MoneyCards:
    """Returns the sums of days in the operator's zone, by currency. One statement."""
    today = window.now.astimezone(zone).date()
    first = today - timedelta(days=DAYS - 1)
    values = {"livemode": window.livemode, "since": _midnight(first, zone), "until": window.now}
    hours: dict[str, list[tuple[datetime, Decimal, Decimal]]] = defaultdict(list)
    for hour, currency, amount, cost in rows(_MONEY, values):
        hours[currency].append((hour, amount, cost))
    cards = {currency: _card(window, zone, currency, found) for currency, found in hours.items()}
    main = cards.pop(UPSTREAM_CURRENCY, None) or _card(window, zone, UPSTREAM_CURRENCY, [])
    return MoneyCards(main=main, others=[cards[currency] for currency in sorted(cards)])


def held(window: Window, gauges: dict[str, dict[datetime, tuple[Decimal, Decimal]]]) -> list[Held]:
    """Returns what is held in each currency, the most first. One statement."""
    found = []
    for currency, amount, wallets in rows(_HELD, {"livemode": window.livemode}):
        values = gauges.get(f"held_{currency}", {}) if window.livemode else {}
        found.append(
            Held(
                currency=currency,
                amount=amount,
                wallets=wallets,
                hours=[values.get(hour, (ZERO, ZERO))[0] for hour in window.trend()],
                normal=normal_of([float(peak) for _, peak in values.values()]),
            )
        )
    return found


def tenant_moves(window: Window, *, currency: str = UPSTREAM_CURRENCY) -> TenantMoves:
    """Returns who pays most and who moved, as the scheduler summed it last; today is UTC's. Two statements."""
    found = rows(_MOVES, {"livemode": window.livemode, "top": TOP})
    own = [row for row in found if row[2] == currency]
    moves = [TenantMove(row[0], row[1], row[3], row[4], row[5], None) for row in own]
    places, falls, rises = (
        [move for _place, move in sorted(zip((row[at] for row in own), moves, strict=True), key=itemgetter(0))]
        for at in (6, 7, 8)
    )
    top = places[:TOP]
    shares = {}
    if top:
        tenants = [move.tenant_id for move in top]
        shares = dict(rows(_SHARES, {"livemode": window.livemode, "tenants": tenants, "now": window.now}))
    count, everywhere = own[0][9:11] if own else (0, found[0][10] if found else 0)
    today, week, before = own[0][11:14] if own else (ZERO, ZERO, ZERO)
    whole = TenantMove(None, "", today, week, before, None)
    shown = _together(top)
    return TenantMoves(
        currency=currency,
        top=[replace(move, budget_share=_float(shares.get(move.tenant_id))) for move in top],
        others=TenantMove(
            None, "", whole.today - shown.today, whole.week - shown.week, whole.week_before - shown.week_before, None
        ),
        others_count=count - len(top),
        all=whole,
        rising=[move for move in rises[:3] if move.week > move.week_before],
        falling=[move for move in falls[:3] if move.week < move.week_before],
        elsewhere=everywhere - count,
    )


def budgets_near_end(window: Window, *, limit: int = 3) -> BudgetsNearEnd:
    """Returns budgets of which 90 % are used or held. One statement, which looks at one row for each budget.

    The forecast goes on at the pace since the period began.
    """
    found = []
    for *shown, starts_at, resets_at in rows(_NEAR_END, {"livemode": window.livemode, "now": window.now}):
        cap, used, held = shown[6:9]
        full_at = _full_at(window.now, starts_at, cap - held, used)
        if full_at is not None and resets_at is not None and full_at >= resets_at:
            full_at = None
        found.append(BudgetNearEnd(*(*shown, resets_at, full_at)))
    found.sort(key=lambda row: (row.full_at is None, row.full_at or window.now, -row.share))
    return BudgetsNearEnd(count=len(found), first=found[:limit])


def models_used(window: Window) -> list[ModelUse]:
    """Returns the pictures of 30 days of billing dates by model, the most first. One statement."""
    today = window.now.date()
    return platform_models(since=today - timedelta(days=DAYS - 1), until=today, livemode=window.livemode)


def _card(window: Window, zone: ZoneInfo, currency: str, hours: list[tuple[datetime, Decimal, Decimal]]) -> MoneyCard:
    today = window.now.astimezone(zone).date()
    days = {today - timedelta(days=ago): Money(currency) for ago in range(DAYS - 1, -1, -1)}
    last_week = Money(currency)
    moment = window.now - timedelta(days=7)
    for hour, amount, cost in hours:
        day = hour.astimezone(zone).date()
        if day in days:
            days[day] = days[day].plus(amount, cost)
        if day == today - timedelta(days=7) and hour < moment:
            # the hour that the moment is in, up to the moment
            share = min(Decimal((moment - hour) // SECOND) / 3600, Decimal(1))
            last_week = last_week.plus(amount * share, cost * share)
    whole = [money.margin_share for day, money in days.items() if today > day >= today - timedelta(days=28)]
    total = Money(currency)
    for money in days.values():
        total = total.plus(money.revenue, money.cost)
    return MoneyCard(
        today=days[today],
        last_week=last_week,
        days=[MoneyDay(day, money) for day, money in days.items()],
        total=total,
        normal_margin=normal_of([share for share in whole if share is not None]),
    )


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone)


def _full_at(now: datetime, starts_at: datetime, cap: Decimal, used: Decimal) -> datetime | None:
    """Returns when the cap is reached at the pace so far; now where it is, None where nothing is used."""
    if used >= cap:
        return now
    elapsed = now - starts_at
    if used <= 0 or elapsed <= timedelta():
        return None
    try:
        return now + elapsed * float((cap - used) / used)
    except OverflowError:
        return None


def _together(moves: list[TenantMove]) -> TenantMove:
    return TenantMove(
        None,
        "",
        sum((move.today for move in moves), ZERO),
        sum((move.week for move in moves), ZERO),
        sum((move.week_before for move in moves), ZERO),
        None,
    )


def _float(value: Decimal | None) -> float | None:
    return None if value is None else float(value)


def _change(now: Decimal, before: Decimal) -> float | None:
    return float(now / before) - 1 if before else None
