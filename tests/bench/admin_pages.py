"""The operator's pages on a seeded database, through the product's middleware and templates: `seed`, then `pages`.

What is measured is what a server does for a request: Django's client calls the whole stack, with the connection to
PostgreSQL opened and given back as in production. Network and HTTP parsing are not in it.
"""

from __future__ import annotations

import gzip
import json
import os
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any

import psutil

REPEATS = 40
EMAIL, PASSWORD = "bench-operator@example.com", "a long walk on the beach"


@dataclass(frozen=True)
class Measured:
    """A page: milliseconds of a whole request; those of the processor, in Python and in PostgreSQL; queries; bytes.

    Other programs lengthen the whole, the processor's time hardly.
    """

    page: str
    p50: float
    p95: float
    python: float
    postgresql: float
    queries: int
    bytes: int
    compressed: int


def seed(outputs: str, events: str, deliveries: str) -> dict[str, float]:
    """Writes what the pages show beside the books: invoices of the last ended month, the activity's roll-ups."""
    from django.utils import timezone

    from accounts.actor import SYSTEM
    from accounts.models import OperatorRole
    from accounts.operators.services import operator_create
    from billing.invoices.services import invoices_draft, invoices_finalise
    from billing.parties.services import legal_entity_create
    from cavendish.above.admin.home.selectors.window import Window, hours_of
    from cavendish.db.router import acting_as
    from generations.upkeep.activity import activity_rebuild, activity_refresh
    from tests.bench.admin_rows import rows_write

    began = time.perf_counter()
    rows_write(outputs=int(outputs), events=int(events), deliveries=int(deliveries))
    with acting_as("operator"):
        operator_create(email=EMAIL, password=PASSWORD, name="Bench", role=OperatorRole.FULL)
        legal_entity_create(actor=SYSTEM, name="Bench", address="Bench 1")
        ended = (timezone.now().date().replace(day=1) - timedelta(days=1)).replace(day=1)
        invoices_draft(month=ended)
        invoices_finalise(month=ended)
    window = Window(timezone.now())
    for hour in {*window.trend(), *hours_of(window.pairs()), window.hour}:
        activity_rebuild(since=hour, until=hour)
    activity_refresh()
    return {"seconds": time.perf_counter() - began}


def addresses() -> Iterator[tuple[str, str]]:
    """Yields names and addresses. What is looked for exists, and lies far back where that is the harder case."""
    from accounts.models import ApiKey, AuditEvent, Tenant, WebhookEndpoint
    from billing.models import Invoice
    from cavendish.db import ids
    from generations.models import Generation

    jobs = Generation.objects.exclude(upstream_id="")
    oldest, newest = jobs.order_by("id")[0], Generation.objects.filter(livemode=True, status="succeeded").latest("id")
    largest = Tenant.objects.get(slug="bench-00000")
    key = ApiKey.objects.filter(tenant=largest).order_by("prefix")[0]
    invoice = Invoice.objects.exclude(number=None).order_by("id")[0]
    # A day early in the seeded time, and the list from its end on: as far from the newest as can be.
    day = (oldest.created_at + timedelta(days=3)).date()
    endpoint = WebhookEndpoint.objects.filter(tenant=largest)[0]
    event = AuditEvent.objects.order_by("id")[1000]
    yield "the front page", "/admin/"
    yield "the tenant's page, the largest", f"/admin/tenants/{ids.encode(ids.TENANT, largest.id)}/"
    yield "the job's page", f"/admin/jobs/{ids.encode(ids.GENERATION, newest.id)}/"
    for name, text in (
        ("a job's id", ids.encode(ids.GENERATION, oldest.id)),
        ("an id without its kind", str(oldest.id)),
        ("a key's prefix", key.prefix),
        ("an email", "owner@bench-00777.example.com"),
        ("a part of an email", "owner@bench-007"),
        ("a slug", "bench-00777"),
        ("an invoice's number", invoice.number),
        ("an upstream id", oldest.upstream_id),
        ("a request id", oldest.request_id),
        ("nothing that is there", "no such thing"),
    ):
        yield f"search: {name}", f"/admin/search?q={text}"
    yield "jobs, newest first", "/admin/jobs/"
    for name, query in (
        ("failed", "status=failed"),
        ("canceled", "status=canceled"),
        ("a frequent error code", "code=upstream_unavailable"),
        ("a rare error code", "code=storage_full"),
        ("an error code that none has", "code=nothing_of_this_name"),
        ("a tenant", "tenant=bench-00000"),
        ("a tenant's failed", "tenant=bench-00000&status=failed"),
        ("a tenant's with a model that it does not use", "tenant=bench-00000&model=gemini-2.5-flash-image"),
        ("a model", "model=gemini-3-pro-image"),
        ("a model that none has", "model=gemini-2.5-flash-image"),
        ("test mode", "mode=test"),
        ("a day far back", f"since={day}&until={day}"),
        ("a day far back, failed", f"since={day}&until={day}&status=failed"),
        ("from a day far back, a model that none has", f"since={day}&model=gemini-2.5-flash-image"),
        ("a key", f"key={ids.encode(ids.API_KEY, key.id)}"),
    ):
        yield f"jobs: {name}", f"/admin/jobs/?{query}"
    yield "outputs", "/admin/outputs/"
    yield "outputs: thoughts", "/admin/outputs/?part=thought"
    yield "ledger", "/admin/ledger/"
    for name, query in (
        ("top-ups", "kind=top_up"),
        ("adjustments, of which there are none", "kind=adjustment"),
        ("charges of a tenant", "tenant=bench-00000&kind=charge"),
        ("test mode, in which nothing is", "mode=test"),
        ("a reference that none has", "reference=nothing"),
    ):
        yield f"ledger: {name}", f"/admin/ledger/?{query}"
    yield "charges", "/admin/charges/"
    for name, query in (
        ("flagged", "flagged=open"),
        ("decided, of which there are none", "flagged=resolved"),
        ("not charged", "status=not_charged"),
        ("test mode, in which nothing is", "mode=test"),
        ("a tenant", "tenant=bench-00000"),
    ):
        yield f"charges: {name}", f"/admin/charges/?{query}"
    yield "audit", "/admin/audit/"
    for name, query in (
        ("an act", "action=api_key.revoked"),
        ("all acts of a thing", "action=api_key"),
        ("an act that was once", "action=bench.once"),
        ("who", f"actor={event.actor_label}"),
        ("a thing", f"target={event.target_id}"),
        ("a tenant's act that was never", "tenant=bench-00000&action=nothing.at_all"),
    ):
        yield f"audit: {name}", f"/admin/audit/?{query}"
    yield "tenants", "/admin/tenants/"
    yield "tenants: a part of a name", "/admin/tenants/?q=bench+77"
    yield "people: a part of an email", "/admin/people/?q=bench-0077"
    yield "API keys", "/admin/keys/"
    yield "invoices", "/admin/invoices/"
    yield "invoices: a number", f"/admin/invoices/?q={invoice.number}"
    public = ids.encode(ids.WEBHOOK_ENDPOINT, endpoint.id)
    yield "an endpoint's deliveries that failed", f"/admin/webhooks/{public}/?status=failed"


def pages(only: str = "", repeats: str = str(REPEATS)) -> list[dict[str, Any]]:
    """Measures every page whose name begins so."""
    return measured_of(addresses, email=EMAIL, alias="operator", only=only, repeats=int(repeats))


def measured_of(
    addresses: Callable[[], Iterator[tuple[str, str]]], *, email: str, alias: str, only: str, repeats: int
) -> list[dict[str, Any]]:
    """Measures the pages whose names begin so, signed in as who sees them. Their queries run as the role `alias`."""
    from django.conf import settings
    from django.test import Client

    from cavendish.db.router import acting_as

    settings.ALLOWED_HOSTS = ["testserver"]
    client = Client(HTTP_ACCEPT_ENCODING="identity")
    answer = client.post("/account/login/", {"login": email, "password": PASSWORD})
    assert answer.status_code == 302, answer.status_code
    with acting_as("operator"):
        named = [(name, address) for name, address in addresses() if name.startswith(only)]
    return [asdict(measured(client, name, address, repeats, alias=alias)) for name, address in named]


def measured(client: Any, name: str, address: str, repeats: int, *, alias: str) -> Measured:
    """Measures one page, whose queries run as a role. A redirect is part of it, the page where it leads is not."""
    from django.db import connections

    from tests.queries import statements

    answer = client.get(address)
    assert answer.status_code in {200, 302}, (address, answer.status_code, answer.content[:500])
    with statements() as so_far:
        answer = client.get(address)
        queries = len(so_far())
    taken, python = [], []
    servers = psutil.Process(backend(alias))
    at_first = sum(servers.cpu_times()[:2])
    for _ in range(repeats):
        began, before = time.perf_counter(), time.process_time()
        client.get(address)
        connections.close_all()
        taken.append((time.perf_counter() - began) * 1000)
        python.append((time.process_time() - before) * 1000)
    postgresql = (sum(servers.cpu_times()[:2]) - at_first) * 1000 / repeats
    taken.sort()
    return Measured(
        page=name,
        p50=statistics.median(taken),
        p95=taken[min(int(len(taken) * 0.95), len(taken) - 1)],
        python=statistics.median(python),
        postgresql=postgresql,
        queries=queries,
        bytes=len(answer.content),
        compressed=len(gzip.compress(answer.content, 6)),
    )


def backend(alias: str) -> int:
    """Returns the process in PostgreSQL that serves a role: the pool has one connection for one thread."""
    from django.db import connections

    with connections[alias].cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        pid: int = cursor.fetchone()[0]
    connections.close_all()
    return pid


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cavendish.settings")
    import django

    django.setup()
    done: Any = seed(*sys.argv[2:]) if sys.argv[1] == "seed" else pages(*sys.argv[2:])
    sys.stdout.write(json.dumps(done) + "\n")


if __name__ == "__main__":
    main()
