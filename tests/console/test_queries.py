"""How many queries each page of the console asks, whatever it shows: a query for each row would be seen here.

Every page is opened for a tenant with two rows of each kind and for one with twelve. More queries than the table says
are a decision: whoever adds one changes the number here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from billing.models import Budget, Invoice
from billing.prices.selectors import price_books_clear
from cavendish.db import ids
from cavendish.db.router import acting_as
from generations.collections.services import collection_create, collection_output_add
from generations.models import Batch
from generations.tokens.selectors import token_versions_clear
from tests.batches.helpers import feed
from tests.console.colleagues import Team
from tests.console.jobs.stored import picture_add, run
from tests.factories import make_batch, make_key, queue_clear, submit_generation
from tests.generations.conftest import quiet
from tests.people.visitors import Visitor
from tests.queries import compare

__all__ = ["quiet"]

FEW, MANY = 2, 12
QUERIES = {
    "": 7,
    "batches/": 8,
    "batches/?status=completed": 9,
    "batches/new/": 11,
    "batches/new/?kind=template": 11,
    "batches/{batch}/": 15,
    "batches/{batch}/?status=succeeded": 16,
    "billing/": 33,
    "billing/credit-notes/": 7,
    "billing/invoices/": 7,
    "billing/invoices/?status=draft": 8,
    "billing/invoices/preview/": 12,
    "billing/invoices/{invoice}/": 13,
    "billing/ledger/": 8,
    "billing/ledger/?kind=charge": 9,
    "billing/plan/": 22,
    "billing/statement/": 16,
    "billing/top-up/": 14,
    "gallery/": 14,
    "gallery/?collection={collection}&q=cat": 17,
    "gallery/?key={key}&model=gemini-3.1-flash-image": 16,
    "gallery/?part=tiles": 10,
    "gallery/collections/": 8,
    "gallery/selection/tag/?output={output}": 7,
    "gallery/{output}/": 25,
    "gallery/{output}/delete/": 10,
    "jobs/": 13,
    "jobs/?error_code=internal": 11,
    "jobs/?key_id={key}": 15,
    "jobs/?status=succeeded&tag=winter": 11,
    "jobs/rows?id={job}": 11,
    "jobs/{job}/": 26,
    "playground/": 27,
    "playground/?edit={job}": 38,
    "playground/compare?ids={job}": 13,
    "playground/pictures": 11,
    "playground/templates": 7,
    "playground/{job}": 32,
    "start/": 16,
    "start/arrivals": 14,
    "usage/": 15,
    "usage/?by=key": 16,
    "usage/?by=member&show=images": 15,
    "usage/budgets/": 12,
    "usage/budgets/new/": 8,
    "usage/budgets/{budget}/": 15,
    "usage/days/?by=key": 10,
}
"""By address after /console/."""


@dataclass(frozen=True)
class Shown:
    """An owner, and ids of what the tenant has by the names that stand in the addresses."""

    owner: Visitor
    names: dict[str, str]

    def address(self, page: str) -> str:
        return "/console/" + page.format(**self.names)


def shown_with(number: int) -> Shown:
    """Makes a tenant with so many rows of each kind that the pages list."""
    team = Team()
    tenant = team.tenant
    keys = [make_key(tenant)[0] for _ in range(number)]
    jobs = [submit_generation(tenant, key_id=keys[place].id) for place in range(number)]
    batches = [make_batch(tenant, *["a cat"] * number) for _ in range(number)]
    feed()
    run()
    pictures = [picture_add(tenant, job, b"picture") for job in jobs]
    here: dict[str, Any] = {"tenant_id": tenant.id, "livemode": True}
    collections = [collection_create(**here, name=f"Collection {place}") for place in range(number)]
    for picture in pictures:
        collection_output_add(**here, collection_id=collections[0].id, output_id=picture.id)
    with acting_as("owner"):
        batch = Batch.objects.get(id=batches[0].id)
        budgets = Budget.objects.bulk_create([
            Budget(tenant=tenant, scope="key", scope_id=key.id, period="month", metric="money", limit=Decimal(10))
            for key in keys
        ])  # fmt: skip
        invoices = Invoice.objects.bulk_create([
            Invoice(
                tenant=tenant, month=date(2000 + place, 1, 1), timezone="UTC", currency="USD", digits=2,
                status="finalised", number=f"{tenant.slug}-{place}", issued_on=date(2000 + place, 2, 1),
                finalised_at=timezone.now(), total=1, net=1, amount_due=1, issuer={"name": "Cavendish"},
                customer={"name": "Acme"}, due_on=date(2000 + place, 3, 1),
            )
            for place in range(number)
        ])  # fmt: skip
    assert batch.succeeded == number
    names = {
        "job": ids.encode(ids.GENERATION, jobs[0]),
        "output": ids.encode(ids.OUTPUT, pictures[0].id),
        "collection": ids.encode(ids.COLLECTION, collections[0].id),
        "key": ids.encode(ids.API_KEY, keys[0].id),
        "batch": ids.encode(ids.BATCH, batch.id),
        "budget": ids.encode(ids.BUDGET, budgets[0].id),
        "invoice": ids.encode(ids.INVOICE, invoices[0].id),
    }
    return Shown(team.member(), names)


@pytest.fixture(autouse=True)
def prices_kept(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Prices and durations that were read stay read, however slow the machine is: they are not a page's own queries."""
    monkeypatch.setattr("billing.prices.selectors.CACHE_SECONDS", 60.0)
    monkeypatch.setattr("generations.tokens.selectors.CACHE_SECONDS", 60.0)
    monkeypatch.setattr("generations.selectors.KEEP_DURATIONS", 60.0)
    yield
    price_books_clear()
    token_versions_clear()


@pytest.fixture(scope="module")
def few(django_db_setup: None) -> Shown:
    queue_clear()
    return shown_with(FEW)


@pytest.fixture(scope="module")
def many(django_db_setup: None) -> Shown:
    queue_clear()
    return shown_with(MANY)


@pytest.mark.parametrize("page", QUERIES)
def test_a_page_asks_as_much_for_many_rows_as_for_few(page: str, few: Shown, many: Shown) -> None:
    shown = [(each.owner, each.address(page)) for each in (few, many)]
    compare(*shown, most=QUERIES[page])
