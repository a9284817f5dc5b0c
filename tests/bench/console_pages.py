"""The console's pages for a tenant with 100,000 generations, as its owner: `seed`, then `pages`.

Measured as the operator's pages are (`tests.bench.admin_pages`): what a server does for a request.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from typing import Any

from tests.bench.admin_pages import PASSWORD, REPEATS, measured_of

EMAIL = "bench-owner@example.com"
SLUG = "bench-00000"


def seed() -> dict[str, int]:
    """Writes pictures and prompts of the tenant's jobs, and its owner. Returns how many jobs it has."""
    from django.utils import timezone

    from accounts.members.services import membership_create
    from accounts.models import Role, Tenant
    from accounts.people.services import user_create
    from cavendish.above.admin.home.selectors.window import Window, hours_of
    from cavendish.db.router import acting_as
    from generations.upkeep.activity import activity_rebuild, activity_refresh
    from tests.bench.console_rows import rows_write

    with acting_as("operator"):
        tenant = Tenant.objects.get(slug=SLUG)
        membership_create(tenant=tenant, user=user_create(email=EMAIL, password=PASSWORD), role=Role.OWNER)
    jobs = rows_write(tenant.id)
    window = Window(timezone.now())
    for hour in {*window.trend(), *hours_of(window.pairs()), window.hour}:
        activity_rebuild(since=hour, until=hour)
    activity_refresh()
    return {"jobs": jobs}


def addresses() -> Iterator[tuple[str, str]]:
    """Yields names and addresses of the tenant's pages, those of lists also with what is hard to find."""
    from accounts.models import ApiKey, Tenant
    from cavendish.db import ids
    from generations.models import Collection, Generation, Output

    tenant = Tenant.objects.get(slug=SLUG)
    jobs = Generation.objects.filter(tenant=tenant, livemode=True, status="succeeded")
    pictures = Output.objects.filter(tenant=tenant, generation__livemode=True)
    key = ids.encode(ids.API_KEY, ApiKey.objects.filter(tenant=tenant, livemode=True)[0].id)
    collection = ids.encode(ids.COLLECTION, Collection.objects.filter(tenant=tenant)[0].id)
    yield "playground", "/console/playground/"
    yield "playground: a result", f"/console/playground/{ids.encode(ids.GENERATION, jobs.latest('id').id)}"
    yield "gallery", "/console/gallery/"
    for name, query in (
        ("a frequent word", "q=number"),
        ("a word that one has", "q=zebra"),
        ("two words", "q=lemon+cat"),
        ("a model that none has", "model=gemini-2.5-flash-image"),
        ("a key", f"key={key}"),
        ("a frequent tag", "tag=common"),
        ("a collection of 5,000", f"collection={collection}"),
        ("a frequent word, a model that none has", "q=number&model=gemini-2.5-flash-image"),
    ):
        yield f"gallery: {name}", f"/console/gallery/?{query}"
    yield "gallery: a picture, the newest", f"/console/gallery/{ids.encode(ids.OUTPUT, pictures.latest('id').id)}/"
    yield "gallery: a picture, the oldest", f"/console/gallery/{ids.encode(ids.OUTPUT, pictures.earliest('id').id)}/"
    yield "gallery: collections", "/console/gallery/collections/"
    yield "jobs", "/console/jobs/"
    for name, query in (
        ("failed", "status=failed"),
        ("a key", f"key_id={key}"),
        ("a model that none has", "model=gemini-2.5-flash-image"),
        ("a tag", "tag=common"),
    ):
        yield f"jobs: {name}", f"/console/jobs/?{query}"
    yield "jobs: a job", f"/console/jobs/{ids.encode(ids.GENERATION, jobs.latest('id').id)}/"
    for name in ("batches", "batches/new/"):
        yield name.strip("/"), f"/console/{name.rstrip('/')}/"
    for by in ("model", "key", "member", "tag", "size"):
        yield f"usage: by {by}", f"/console/usage/?by={by}"
    for name in ("usage/days", "usage/budgets", "billing", "billing/ledger", "billing/statement", "billing/invoices",
                 "billing/invoices/preview", "billing/plan", "billing/top-up", "settings", "settings/members",
                 "settings/keys", "settings/webhooks", "settings/data", "settings/audit", "start"):  # fmt: skip
        yield name, f"/console/{name}/"
    yield "the quote", "/console/playground/quote?prompt=A+cat+on+a+chair&model=gemini-3.1-flash-image&size=1K"


def pages(only: str = "", repeats: str = str(REPEATS)) -> list[dict[str, Any]]:
    """Measures every page whose name begins so, and the quote at the playground's button."""
    return measured_of(addresses, email=EMAIL, alias="default", only=only, repeats=int(repeats))


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cavendish.settings")
    import django

    django.setup()
    done: Any = seed() if sys.argv[1] == "seed" else pages(*sys.argv[2:])
    sys.stdout.write(json.dumps(done) + "\n")


if __name__ == "__main__":
    main()
