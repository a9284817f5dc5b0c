"""`manage.py scheduler`: what happens by the clock. Any number may run: each task is safe beside itself."""

from __future__ import annotations

import logging
import math
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, connections

from accounts.idempotency.services import idempotency_keys_expire
from accounts.people.services import people_tidy
from accounts.tenants.services import pending_time_zones_apply
from accounts.webhooks.sending import Sender
from accounts.webhooks.services import webhook_deliveries_expire
from billing.anomalies.services import anomalies_watch
from billing.budgets.alerts import budget_alerts_mail
from billing.credits.services import credits_expire, credits_of_plans
from billing.dunning.services import dunning_run
from billing.invoices.documents import documents_create
from billing.invoices.overdue import invoices_overdue
from billing.invoices.services import months_close
from billing.parties.kept_tax import kept_tax_follow
from billing.prices.services import catalog_prices_load
from billing.provider_payments.automatic import auto_top_ups_run, invoices_collect
from billing.provider_payments.events import provider_events_process
from billing.provider_payments.polling import provider_poll
from billing.provider_payments.watch import provider_watch
from billing.receipts.services import receipts_create
from billing.subscriptions.services import subscriptions_begin
from billing.usage.absorbed import absorbed_watch
from billing.usage.services import usage_partitions_create, usage_platform_refresh
from billing.wallets.services import wallets_watch
from cavendish.above.reconcile.services import reconcile_watch
from cavendish.above.schedule.metrics import state_take
from cavendish.above.schedule.services import TaskLog
from cavendish.above.tenant_data.erasure import erasures_continue
from cavendish.above.tenant_data.services import exports_due, exports_expire
from cavendish.boot.clock import ClockSteps
from cavendish.boot.declared import Process
from cavendish.boot.startup import refuse_unsafe
from cavendish.events.timeline import timeline_warn
from cavendish.mail.services import mails_due
from cavendish.storage import ERASE_SECONDS
from cavendish.storage.startup import refuse_unusable_store
from cavendish.telemetry import metrics
from cavendish.telemetry.health_server import health_serve
from cavendish.telemetry.leaving import leave
from cavendish.telemetry.tracing import tracing_start
from generations.accept.storage import uploads_expire
from generations.batches.feeder import NATIVE, Feeder
from generations.batches.services import batch_inputs_erase
from generations.compat.gemini.batches.item_dialect import GEMINI
from generations.upkeep.activity import REFRESH_SECONDS, activity_refresh
from generations.upkeep.gauges import below_cost_take, gauges_take
from generations.upkeep.months import months_create, months_drop
from generations.upkeep.retention import contents_expire, files_expire, inputs_expire, outputs_expire
from generations.upkeep.sweep import sweep
from generations.upkeep.terms import FILL_SECONDS, terms_fill

logger = logging.getLogger(__name__)


@dataclass
class Task:
    """A function that says how much it did, how often it runs, and how long a run may take, in seconds.

    One that did something until its time was up has left the rest: it comes again in the next round, after the others.
    """

    run: Callable[[], object]
    every: float
    seconds: float = math.inf
    due: float = 0.0
    is_news: bool = False


def threads_of_tasks() -> dict[str, list[Task]]:
    """What runs one after the other, and what beside each other, by the name of its thread."""
    return {
        # Alone: it must come every few seconds, or the jobs of a dead worker wait, and nothing else may hold it up.
        "sweeps": [Task(sweep, every=2)],
        # Alone, too: what it says is worth most when the others hang.
        "state": [Task(state_take, every=5)],
        "prompt": [
            Task(budget_alerts_mail, every=5),
            Task(mails_due, every=5),
            Task(pending_time_zones_apply, every=60),
            Task(usage_platform_refresh, every=60),
            Task(activity_refresh, every=60, seconds=REFRESH_SECONDS),
            Task(gauges_take, every=60),
            Task(below_cost_take, every=600),
            Task(absorbed_watch, every=60),
            Task(anomalies_watch, every=300),
            Task(usage_partitions_create, every=3600),
            Task(months_create, every=3600),
            Task(webhook_deliveries_expire, every=60),
            Task(catalog_prices_load, every=600),
        ],
        "billing": [
            Task(documents_create, every=5),
            Task(receipts_create, every=5),
            Task(credits_expire, every=5),
            Task(subscriptions_begin, every=10),
            Task(wallets_watch, every=10),
            Task(kept_tax_follow, every=60),
            Task(credits_of_plans, every=30),
            Task(months_close, every=60),
            Task(invoices_overdue, every=60),
            Task(dunning_run, every=10),
        ],
        # Beside the others: each waits for the payment provider.
        "payments": [
            Task(provider_events_process, every=1),
            Task(auto_top_ups_run, every=2),
            Task(invoices_collect, every=10),
        ],
        "payment polls": [Task(provider_poll, every=20), Task(provider_watch, every=20)],
        # Alone: a run takes minutes.
        "reconcile": [Task(reconcile_watch, every=2)],
        # Each erases rows and objects, and a store may take long for each.
        "erasures": [
            Task(exports_due, every=5),
            Task(erasures_continue, every=2, seconds=ERASE_SECONDS),
            Task(contents_expire, every=60, seconds=ERASE_SECONDS),
            Task(uploads_expire, every=600),
            Task(files_expire, every=60, seconds=ERASE_SECONDS),
            Task(batch_inputs_erase, every=60, seconds=ERASE_SECONDS),
            Task(outputs_expire, every=60, seconds=ERASE_SECONDS),
            Task(inputs_expire, every=60, seconds=ERASE_SECONDS),
            Task(exports_expire, every=600, seconds=ERASE_SECONDS),
            Task(people_tidy, every=600),
            Task(idempotency_keys_expire, every=60),
            Task(terms_fill, every=60, seconds=FILL_SECONDS),
            Task(months_drop, every=3600),
        ],
    }


class Command(BaseCommand):
    help = "Sweeps what fell between two lines, feeds batches, expires what is old. Runs until SIGTERM."

    def handle(self, *args: Any, **options: Any) -> None:
        refuse_unsafe(Process.SCHEDULER)
        refuse_unusable_store()
        tracing_start("scheduler")
        timeline_warn(using="operator")
        stop = threading.Event()

        def on_signal(number: int, frame: Any) -> None:
            leave()
            stop.set()

        signal.signal(signal.SIGTERM, on_signal)
        signal.signal(signal.SIGINT, on_signal)
        if port := settings.CONFIG.number("HEALTH_PORT"):
            try:
                health_serve(port, host=settings.CONFIG.get("HEALTH_HOST"))
            except OSError as error:
                raise CommandError(f"HEALTH_PORT {port} cannot be used: {error.strerror}.") from None
        log = TaskLog()
        threads = [
            threading.Thread(target=run_tasks, args=(tasks, stop, log), name=name, daemon=True)
            for name, tasks in threads_of_tasks().items()
        ]
        for thread in threads:
            thread.start()
        # It reads what tenants sent and fetches what they name.
        feeder = Feeder({**NATIVE, **GEMINI})
        feeder.start()
        sender = Sender()
        sender.start()
        while not stop.is_set():
            time.sleep(0.5)  # not stop.wait(): a signal's handler may not come while this thread holds the event's lock
        feeder.stop()
        sender.stop()
        until = time.monotonic() + 30
        for thread in threads:
            thread.join(timeout=max(0.0, until - time.monotonic()))


def run_tasks(tasks: list[Task], stop: threading.Event, log: TaskLog | None = None) -> None:
    """Runs each task when it is due, one after the other, until `stop` is set, and has the log note each run.

    When the time of day has stepped, all are due at once: days may lie between two runs that are a second apart.
    """
    thread = threading.current_thread().name
    steps = ClockSteps()
    while not stop.is_set():
        if steps.stepped():
            for task in tasks:
                task.due, task.is_news = 0.0, True
        for task in tasks:
            began = time.monotonic()
            if task.due <= began and not stop.is_set():
                task.due = began + task.every
                result, error = _guarded(task.run)
                seconds = time.monotonic() - began
                if result and seconds >= task.seconds:
                    task.due = began
                if log is not None:
                    name = task.run.__name__
                    _count(name, seconds, error)
                    log.task_ran(
                        name, thread=thread, every=task.every, seconds=seconds, result=result, error=error,
                        is_news=task.is_news,
                    )  # fmt: skip
                task.is_news = False
        stop.wait(0.5)
    connections.close_all()


def _count(name: str, seconds: float, error: str) -> None:
    metrics.TASK_SECONDS.labels(name).observe(seconds)
    failures = metrics.TASK_FAILURES.labels(name)
    if error:
        failures.inc()
    else:
        metrics.TASK_ENDED.labels(name).set_to_current_time()


def _guarded(run: Callable[[], object]) -> tuple[object, str]:
    """Returns what it returned and "", or None and the class of what it failed with: the other tasks go on."""
    try:
        return run(), ""
    except DatabaseError as error:
        logger.warning("%s waits: PostgreSQL answered %s.", run.__name__, type(error).__name__)
        connections.close_all()
        return None, type(error).__name__
    except Exception as error:
        logger.exception("%s failed; it runs again.", run.__name__)
        return None, type(error).__name__
