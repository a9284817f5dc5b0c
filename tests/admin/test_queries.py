"""How many queries each page of the admin asks, whatever it shows: a query for each row would be seen here.

Every page is opened for a tenant with two rows of each kind and for one with fifteen. More queries than the table says
are a decision: whoever adds one changes the number here.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

import pytest
from django.utils import timezone

from accounts.models import (
    ApiKey,
    AuditEvent,
    Membership,
    Tenant,
    TenantNote,
    User,
    WebhookDelivery,
    WebhookEndpoint,
)
from billing.models import Budget, Invoice
from cavendish.db import ids
from cavendish.db.router import acting_as
from generations.models import Output
from tests.admin.home import test_front_page as home
from tests.factories import make_key, make_tenant, queue_clear, submit_generation
from tests.generations.helpers import claim, finish, register, succeeded
from tests.people.visitors import Visitor
from tests.queries import compare

FEW, MANY = 2, 15
QUERIES = {
    # It shows the whole platform, other tests' jobs too: home/test_front_page.py counts what it asks with each part
    # there, and these are two more, for the session and who it is.
    "": home.STATEMENTS + 2,
    "audit/": 4,
    "audit/?action=api_key": 6,
    "audit/?actor={email}": 7,
    "audit/?target={key}": 5,
    "audit/?tenant={slug}": 6,
    "background/": 4,
    "batches/": 4,
    "batches/?tenant={slug}": 6,
    "charges/": 4,
    "charges/?flagged=open": 6,
    "charges/?tenant={slug}": 6,
    "charges/?tenant={slug}&flagged=open": 7,
    "charges/?tenant={slug}&status=charged": 8,
    "invoices/": 4,
    "invoices/?tenant={slug}": 6,
    "invoices/payments/": 4,
    "jobs/": 4,
    "jobs/?code=internal": 5,
    "jobs/?key={key}": 7,
    "jobs/?status=failed": 5,
    "jobs/?tenant={slug}": 6,
    "jobs/?tenant={slug}&model=gemini-3.1-flash-image&mode=live": 8,
    "jobs/{job}/": 20,
    "keys/": 4,
    "keys/?tenant={slug}": 6,
    "keys/{key}/": 4,
    "ledger/": 4,
    "ledger/?tenant={slug}": 6,
    "ledger/?tenant={slug}&kind=charge": 8,
    "mail/": 7,
    "models/": 4,
    "more": 3,
    "outputs/": 4,
    "outputs/?tenant={slug}": 6,
    "outputs/?tenant={slug}&part=output": 8,
    "people/": 4,
    "people/?operator=yes": 5,
    "people/?q=@example": 5,
    "people/{person}/": 8,
    "reconcile/": 6,
    "search?q={email}": 13,
    "search?q={job}": 6,
    "search?q={slug}": 4,
    "settings/": 3,
    "storage/": 10,
    "tenants/": 4,
    "tenants/?q=t-": 5,
    "tenants/{tenant}/": 44,
    "tenants/{tenant}/exports/": 5,
    "tenants/{tenant}/guard-rules/": 5,
    "tenants/{tenant}/templates/": 5,
    "webhooks/": 6,
    "webhooks/?state=failing": 7,
    "webhooks/?tenant={slug}": 8,
    "webhooks/{endpoint}/": 5,
    "workers/": 6,
}
"""By address after /admin/."""


@dataclass(frozen=True)
class Shown:
    """A tenant and ids of what it has, by the names that stand in the addresses."""

    names: dict[str, str]

    def address(self, page: str) -> str:
        return "/admin/" + page.format(**self.names)


def shown_with(number: int) -> Shown:
    """Makes a tenant with so many rows of each kind that the pages list."""
    tenant = make_tenant()
    keys = [make_key(tenant)[0] for _ in range(number)]
    jobs = [submit_generation(tenant, key_id=keys[place].id) for place in range(number)]
    for job in claim(register(), number):
        finish(job, succeeded(job))
    with acting_as("owner"):
        people, endpoints = rows_of(tenant, number, jobs, keys)
    return Shown({
        "slug": tenant.slug,
        "tenant": ids.encode(ids.TENANT, tenant.id),
        "job": ids.encode(ids.GENERATION, jobs[0]),
        "key": ids.encode(ids.API_KEY, keys[0].id),
        "person": ids.encode(ids.USER, people[0].id),
        "email": people[0].email,
        "endpoint": ids.encode(ids.WEBHOOK_ENDPOINT, endpoints[0].id),
    })  # fmt: skip


def rows_of(
    tenant: Tenant, number: int, jobs: list[UUID], keys: list[ApiKey]
) -> tuple[list[User], list[WebhookEndpoint]]:
    """Writes what has no part in what is tested here, and would take longer by its services."""
    places, own = range(number), {"tenant": tenant}
    people = [User(email=f"{tenant.slug}-{place}@example.com", password="!") for place in places]
    User.objects.bulk_create(people)
    Membership.objects.bulk_create([Membership(user=user, role="viewer", **own) for user in people])
    TenantNote.objects.bulk_create([TenantNote(text="Pays late", author="ada", **own) for _ in places])
    endpoints = [
        WebhookEndpoint(livemode=True, url=f"https://example.com/{place}", events=["*"], secret="", **own)
        for place in places
    ]
    WebhookEndpoint.objects.bulk_create(endpoints)
    WebhookDelivery.objects.bulk_create([
        WebhookDelivery(
            tenant_id=tenant.id, endpoint_id=endpoints[0].id, message_id="evt", event_type="generation.succeeded",
            source_type="generation.succeeded", subject=jobs[0], facts={}, event_at=timezone.now(), status="failed",
        )
        for _ in places
    ])  # fmt: skip
    Budget.objects.bulk_create([
        Budget(scope="key", scope_id=key.id, period="month", metric="money", limit=Decimal(10), **own) for key in keys
    ])  # fmt: skip
    Invoice.objects.bulk_create([
        Invoice(month=date(2000 + place, 1, 1), timezone="UTC", currency="USD", digits=2, **own) for place in places
    ])  # fmt: skip
    Output.objects.bulk_create([
        Output(
            generation_id=job, index=0, mime_type="image/png", width=8, height=8, bytes=9, sha256="", storage_key="x",
            **own,
        )
        for job in jobs
    ])  # fmt: skip
    AuditEvent.objects.bulk_create([
        AuditEvent(actor_kind="key", action="api_key.created", target="api_key", target_id=key.id.hex, **own)
        for key in keys
    ])  # fmt: skip
    return people, endpoints


@pytest.fixture(scope="module")
def few(django_db_setup: None) -> Shown:
    queue_clear()
    return shown_with(FEW)


@pytest.fixture(scope="module")
def many(django_db_setup: None) -> Shown:
    queue_clear()
    return shown_with(MANY)


@pytest.mark.parametrize("page", QUERIES)
def test_a_page_asks_as_much_for_many_rows_as_for_few(page: str, operator: Visitor, few: Shown, many: Shown) -> None:
    compare((operator, few.address(page)), (operator, many.address(page)), most=QUERIES[page])
