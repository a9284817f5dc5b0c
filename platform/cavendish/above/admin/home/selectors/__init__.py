"""What the front page shows, from roll-ups: each part a small function, all of them `front_page`. As the operator."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.utils import timezone

from billing.usage.dashboard import ModelUse
from cavendish.above.admin.home.selectors import decisions, money, parts, traffic, work
from cavendish.above.admin.home.selectors.decisions import FlaggedCharges, Troubles, WaitingInvoices
from cavendish.above.admin.home.selectors.money import BudgetsNearEnd, Held, MoneyCards, TenantMoves
from cavendish.above.admin.home.selectors.parts import Batches, Reconcile, Storage, Sweeper, Webhooks
from cavendish.above.admin.home.selectors.traffic import Duration, Failures, Traffic
from cavendish.above.admin.home.selectors.window import Window
from cavendish.above.admin.home.selectors.work import Queue, UpstreamKeys, Workers


@dataclass(frozen=True)
class FrontPage:
    """All of the front page at one moment. `counted_at`: when the scheduler last brought the roll-ups up to date."""

    at: datetime
    livemode: bool
    counted_at: datetime | None
    flagged: FlaggedCharges
    troubles: Troubles
    invoices: WaitingInvoices
    traffic: Traffic
    failures: Failures
    durations: list[Duration]
    """By model and size."""
    durations_by_size: list[Duration]
    """Of all models together."""
    queue: Queue
    workers: Workers
    upstream_keys: UpstreamKeys
    money: MoneyCards
    held: list[Held]
    moves: TenantMoves
    budgets: BudgetsNearEnd
    models: list[ModelUse]
    sweeper: Sweeper
    webhooks: Webhooks
    storage: Storage
    reconcile: Reconcile | None
    backed_up_at: datetime | None
    batches: Batches
    below_cost: int | None
    unusual: int
    provider: parts.PaymentProvider | None

    @property
    def needs_you(self) -> int:
        """How many things need a decision."""
        return self.flagged.count + self.troubles.count + self.invoices.count


def front_page(*, zone: ZoneInfo | None = None, now: datetime | None = None, livemode: bool = True) -> FrontPage:
    """Returns everything that the front page shows; days are those of `zone`, UTC where there is none."""
    window = Window(now or timezone.now(), livemode)
    hours, latest = traffic.hours_counted(window), traffic.latest_counted(window)
    durations, by_size = traffic.durations(window, latest)
    gauges = parts.gauges_read(window)
    waiting, running = work.queue(window, gauges)
    workers, keys = work.workers_and_keys(window, running)
    return FrontPage(
        at=window.now,
        livemode=livemode,
        counted_at=parts.counted_at(gauges),
        flagged=decisions.flagged_charges(window),
        troubles=decisions.troubles(window),
        invoices=decisions.invoices_waiting(window),
        traffic=traffic.traffic(window, hours, latest),
        failures=traffic.failures(window, hours, latest),
        durations=durations,
        durations_by_size=by_size,
        queue=waiting,
        workers=workers,
        upstream_keys=keys,
        money=money.money_cards(window, zone or ZoneInfo("UTC")),
        held=money.held(window, gauges),
        moves=money.tenant_moves(window),
        budgets=money.budgets_near_end(window),
        models=money.models_used(window),
        sweeper=parts.sweeper(gauges),
        webhooks=parts.webhooks(window, gauges),
        storage=parts.storage(window, gauges),
        reconcile=parts.reconcile(),
        backed_up_at=parts.backed_up_at(gauges),
        batches=parts.batches(window),
        below_cost=parts.below_cost(gauges),
        unusual=parts.unusual(gauges),
        provider=parts.payment_provider(gauges),
    )
