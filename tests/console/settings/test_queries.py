"""How many queries each page of settings asks, whatever it shows: a query for each row would be seen here.

Every page is opened in a tenant with two rows of each kind and in one with fifteen. More queries than the table says
are a decision: whoever adds one changes the number here.
"""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from django.utils import timezone

from accounts.models import (
    ApiKey,
    AuditEvent,
    Invitation,
    Membership,
    Tenant,
    User,
    WebhookAttempt,
    WebhookDelivery,
    WebhookEndpoint,
)
from cavendish.above.tenant_data.models import Export
from cavendish.db import ids
from cavendish.db.router import acting_as
from generations.models import GuardRule
from tests.console.colleagues import Team
from tests.factories import make_key, make_tenant
from tests.people.visitors import Visitor
from tests.queries import compare

FEW, MANY = 2, 15
QUERIES = {
    "settings/": 22,
    "settings/audit/": 7,
    "settings/audit/?about=api_key": 9,
    "settings/audit/csv/": 7,
    "settings/data/": 7,
    "settings/general/": 12,
    "settings/guard/": 11,
    "settings/keys/": 10,
    "settings/keys/{key}/": 11,
    "settings/keys/{key}/change/": 9,
    "settings/keys/new/": 7,
    "settings/leaving/": 9,
    "settings/members/": 10,
    "settings/members/?two_factor=off": 11,
    "settings/members/invitations/": 10,
    "settings/members/{member}/remove/": 8,
    "settings/origins/": 5,
    "settings/policy/": 7,
    "settings/security/": 9,
    "settings/webhooks/": 7,
    "settings/webhooks/{endpoint}/": 9,
    "settings/webhooks/{endpoint}/?status=failed": 11,
    "settings/webhooks/{endpoint}/deliveries/{delivery}/": 11,
}
"""By address after /console/."""


@dataclass(frozen=True)
class Shown:
    """An owner of a tenant, and ids of what it has, by the names that stand in the addresses."""

    owner: Visitor
    names: dict[str, str]

    def address(self, page: str) -> str:
        return "/console/" + page.format(**self.names)


def shown_with(number: int) -> Shown:
    """Makes a tenant with so many rows of each kind that the pages list."""
    team = Team(make_tenant())
    owner = team.member()
    keys = [make_key(team.tenant)[0] for _ in range(number)]
    with acting_as("owner"):
        names = rows_of(team.tenant, number, keys)
    return Shown(owner, {"key": ids.encode(ids.API_KEY, keys[0].id), **names})


def rows_of(tenant: Tenant, number: int, keys: list[ApiKey]) -> dict[str, str]:
    """Writes what has no part in what is tested here, and would take longer by its services; returns ids."""
    places, own, now = range(number), {"tenant": tenant}, timezone.now()
    people = [User(email=f"{tenant.slug}-{place}@example.com", password="!") for place in places]
    User.objects.bulk_create(people)
    Membership.objects.bulk_create([Membership(user=user, role="owner", **own) for user in people])
    ApiKey.objects.filter(id__in=[key.id for key in keys]).update(member=people[0], created_by=people[0])
    Invitation.objects.bulk_create([
        Invitation(
            email=f"i{place}@example.com", role="viewer", digest=f"{tenant.id.hex}{place}".encode(),
            created_by=people[place], expires_at=now, **own,
        )
        for place in places
    ])  # fmt: skip
    endpoints = [
        WebhookEndpoint(livemode=True, url=f"https://example.com/{place}", events=["*"], secret="", **own)
        for place in places
    ]
    WebhookEndpoint.objects.bulk_create(endpoints)
    deliveries = [
        WebhookDelivery(
            tenant_id=tenant.id, endpoint_id=endpoints[0].id, message_id="evt", event_type="generation.succeeded",
            source_type="generation.succeeded", subject=tenant.id, facts={}, event_at=now, status="failed",
        )
        for _ in places
    ]  # fmt: skip
    WebhookDelivery.objects.bulk_create(deliveries)
    WebhookAttempt.objects.bulk_create([
        WebhookAttempt(tenant_id=tenant.id, delivery_id=deliveries[0].id, duration_ms=1, url="x") for _ in places
    ])  # fmt: skip
    GuardRule.objects.bulk_create([
        GuardRule(type="words", words=["x"], api_key=keys[place], set_by_operator=bool(place % 2), **own)
        for place in places
    ])  # fmt: skip
    Export.objects.bulk_create([Export(status="ready", **own) for _ in places])
    AuditEvent.objects.bulk_create([
        AuditEvent(actor_kind="key", action="api_key.created", target="api_key", target_id=key.id.hex, **own)
        for key in keys
    ])  # fmt: skip
    return {
        "member": ids.encode(ids.USER, people[0].id),
        "endpoint": ids.encode(ids.WEBHOOK_ENDPOINT, endpoints[0].id),
        "delivery": ids.encode(ids.WEBHOOK_DELIVERY, deliveries[0].id),
    }


@pytest.fixture(scope="module")
def few(django_db_setup: None) -> Shown:
    return shown_with(FEW)


@pytest.fixture(scope="module")
def many(django_db_setup: None) -> Shown:
    return shown_with(MANY)


@pytest.mark.parametrize("page", QUERIES)
def test_a_page_asks_as_much_for_many_rows_as_for_few(page: str, few: Shown, many: Shown) -> None:
    shown = [(each.owner, each.address(page)) for each in (few, many)]
    compare(*shown, most=QUERIES[page], statuses=[200])
