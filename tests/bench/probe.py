"""Questions to a seeded database, in a process with the product's settings: prints milliseconds as JSON."""

from __future__ import annotations

import json
import os
import statistics
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from datetime import time as time_of_day

REPEATS = 15


def median(ask: Callable[[], object]) -> float:
    """Milliseconds; the first time, when caches are cold, does not count."""
    ask()
    taken = []
    for _ in range(REPEATS):
        began = time.perf_counter()
        ask()
        taken.append((time.perf_counter() - began) * 1000)
    return statistics.median(taken)


def questions() -> dict[str, float]:
    from datetime import timedelta

    from django.db.models import Max

    from accounts.models import Tenant
    from billing.models import PlatformDay
    from billing.usage.dashboard import platform_dashboard
    from billing.usage.query import UsageQuery
    from billing.usage.selectors import usage_read
    from cavendish.db.router import acting_as
    from cavendish.db.tenancy import tenant_context

    with acting_as("operator"):
        last = PlatformDay.objects.aggregate(last=Max("billing_date"))["last"]
        # neither the largest nor a small one: the hundredth of a thousand has three times the mean
        tenant = Tenant.objects.filter(slug__startswith="bench-").order_by("slug")[
            100 if Tenant.objects.count() > 100 else 0
        ]
    month = last.replace(day=1)
    query = UsageQuery(start=month, end=last + timedelta(days=1), livemode=True, group_by=("day",), tenant_id=tenant.id)

    def by_day() -> None:
        with tenant_context(tenant.id):
            assert len(usage_read(query).rows) >= 28

    def dashboard() -> None:
        with acting_as("operator"):
            assert platform_dashboard(day=last).month

    page = front_page_of(datetime.combine(last, time_of_day(15, 42), UTC))
    return {
        "a tenant's month by day": median(by_day),
        "the operator's dashboard": median(dashboard),
        "the front page": median(page),
    }


def front_page_of(now: datetime) -> Callable[[], None]:
    """Counts the hours that the front page looks at, and returns what asks for it at that moment."""
    from cavendish.above.admin.home.selectors import front_page
    from cavendish.above.admin.home.selectors.window import Window, hours_of
    from cavendish.db.router import acting_as
    from generations.upkeep.activity import activity_rebuild, activity_refresh

    window = Window(now)
    for hour in {*window.trend(), *hours_of(window.pairs()), window.hour}:
        activity_rebuild(since=hour, until=hour)
    activity_refresh()

    def ask() -> None:
        with acting_as("operator"):
            assert front_page(now=now).traffic.hours

    return ask


def closing() -> dict[str, float]:
    """Closes the last month of all tenants: drafts, then numbers; and prints some of the papers."""
    from django.db.models import Max

    from accounts.actor import SYSTEM
    from billing.invoices.documents import documents_create
    from billing.invoices.services import invoices_draft, invoices_finalise
    from billing.models import Invoice, InvoiceLine, PlatformDay
    from billing.parties.services import legal_entity_create
    from cavendish.db.router import acting_as

    with acting_as("operator"):
        legal_entity_create(actor=SYSTEM, name="Bench", address="Bench 1")
        month = PlatformDay.objects.aggregate(last=Max("billing_date"))["last"].replace(day=1)
        began = time.perf_counter()
        drafted = invoices_draft(month=month)
        between = time.perf_counter()
        finalised = invoices_finalise(month=month)
        ended = time.perf_counter()
        assert drafted == finalised == Invoice.objects.exclude(number=None).count()
        printed = documents_create()
        return {
            "invoices": finalised,
            "lines": InvoiceLine.objects.count(),
            "drafting": between - began,
            "finalising": ended - between,
            "paper": (time.perf_counter() - ended) / printed,
        }


def recent() -> str:
    """From when on the last 100,000 usage records were written; a charge has three of them."""
    from billing.models import Charge
    from cavendish.db.router import acting_as

    with acting_as("operator"):
        moments = Charge.objects.order_by("-generation_id").values_list("created_at", flat=True)
        moment: datetime = moments[min(33_333, moments.count() - 1)]
    return moment.isoformat()


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cavendish.settings")
    import django

    django.setup()
    sys.stdout.write(json.dumps({"questions": questions, "closing": closing, "recent": recent}[sys.argv[1]]()) + "\n")


if __name__ == "__main__":
    main()
