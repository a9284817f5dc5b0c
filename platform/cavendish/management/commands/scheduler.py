"""`manage.py scheduler`: what happens by the clock. Any number may run: each task is safe beside itself."""

from __future__ import annotations

import logging
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.core.management.base import BaseCommand
from django.db import DatabaseError, connections

from accounts.people.services import people_tidy
from accounts.tenants.services import pending_time_zones_apply
from billing.budgets.alerts import budget_alerts_mail
from billing.credits.services import credits_expire, credits_of_plans
from billing.invoices.documents import documents_create
from billing.invoices.services import months_close
from billing.subscriptions.services import subscriptions_begin
from billing.usage.services import usage_partitions_create, usage_platform_refresh
from billing.wallets.services import wallets_watch
from cavendish.above.tenant_data.erasure import erasures_continue
from cavendish.above.tenant_data.services import exports_due, exports_expire
from cavendish.boot.startup import refuse_unsafe
from cavendish.mail.services import mails_due
from generations.batches.feeder import NATIVE, Feeder
from generations.batches.services import batch_inputs_erase
from generations.compat.gemini.batches.item_dialect import GEMINI
from generations.upkeep.retention import contents_expire, files_expire, inputs_expire, outputs_expire
from generations.upkeep.sweep import sweep

logger = logging.getLogger(__name__)


@dataclass
class Task:
    """A function and how often it runs, in seconds."""

    run: Callable[[], object]
    every: float
    due: float = 0.0


class Command(BaseCommand):
    help = "Sweeps what fell between two lines, feeds batches, expires what is old. Runs until SIGTERM."

    def handle(self, *args: Any, **options: Any) -> None:
        refuse_unsafe()
        stop = threading.Event()
        signal.signal(signal.SIGTERM, lambda *_: stop.set())
        signal.signal(signal.SIGINT, lambda *_: stop.set())
        tasks = [
            Task(sweep, every=2),
            Task(budget_alerts_mail, every=5),
            Task(mails_due, every=5),
            Task(contents_expire, every=60),
            Task(files_expire, every=60),
            Task(batch_inputs_erase, every=60),
            Task(outputs_expire, every=60),
            Task(inputs_expire, every=60),
            Task(usage_partitions_create, every=3600),
            Task(pending_time_zones_apply, every=60),
            Task(people_tidy, every=600),
            Task(usage_platform_refresh, every=60),
        ]
        # What may take long runs beside the sweeps, which must come every few seconds.
        slow = [
            Task(months_close, every=60),
            Task(documents_create, every=5),
            Task(credits_expire, every=5),
            Task(subscriptions_begin, every=10),
            Task(credits_of_plans, every=30),
            Task(wallets_watch, every=10),
            Task(exports_due, every=5),
            Task(exports_expire, every=600),
            Task(erasures_continue, every=2),
        ]
        beside = threading.Thread(target=_run, args=(slow, stop), daemon=True)
        beside.start()
        # It reads what tenants sent and fetches what they name.
        feeder = Feeder({**NATIVE, **GEMINI})
        feeder.start()
        _run(tasks, stop)
        feeder.stop()
        beside.join(timeout=30)


def _run(tasks: list[Task], stop: threading.Event) -> None:
    while not stop.is_set():
        for task in tasks:
            if task.due <= time.monotonic() and not stop.is_set():
                task.due = time.monotonic() + task.every
                _guarded(task.run)
        stop.wait(0.5)


def _guarded(run: Callable[[], object]) -> None:
    try:
        run()
    except DatabaseError as error:
        logger.warning("%s waits: PostgreSQL answered %s.", run.__name__, type(error).__name__)
        connections.close_all()
    except Exception:
        logger.exception("%s failed; it runs again.", run.__name__)
