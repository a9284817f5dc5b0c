"""Webhook endpoints: created, tested, changed, switched, rotated, deleted; and their deliveries."""

from __future__ import annotations

import re

from django.utils import timezone

from accounts.models import WebhookAttempt, WebhookDelivery, WebhookEndpoint
from cavendish.db import ids
from cavendish.db.router import acting_as
from tests.console.colleagues import Team
from tests.console.settings.addresses import SETTINGS, do, done, page, secret_of
from tests.factories import make_tenant
from tests.people.visitors import shown

URL = "https://hooks.example/in"


def endpoint(team: Team, *, url: str = URL) -> tuple[WebhookEndpoint, str]:
    secret_of(do(team.member(), "webhooks/new/", url=url, events=["generation.*", "key.revoked"], description="Shop"))
    with acting_as("operator"):
        row = WebhookEndpoint.objects.filter(tenant=team.tenant, url=url).order_by("-id")[0]
    return row, f"webhooks/{ids.encode(ids.WEBHOOK_ENDPOINT, row.id)}/"


def test_an_endpoint_from_its_creation_to_its_end(team: Team) -> None:
    owner = team.member()
    row, address = endpoint(team)
    assert (row.events, row.livemode, row.description) == (["generation.*", "key.revoked"], True, "Shop")
    assert "All about jobs; A key was revoked" in page(owner, address)
    first = secret_of(do(owner, f"{address}rotate/"))
    assert first.startswith("whsec_")
    assert "signed with the old secret, too, until" in page(owner, address)
    done(owner, f"{address}change/", url=URL, events=["*"], description="")
    assert "Everything, also what is added later" in page(owner, address)
    assert "is disabled" in done(owner, f"{address}disable/")
    assert "The endpoint is disabled. Enable it first." in shown(do(owner, f"{address}test/"))
    assert "is enabled" in done(owner, f"{address}enable/")
    assert "was deleted" in done(owner, f"{address}delete/")
    assert owner.get(f"{SETTINGS}{address}").status_code == 404


def test_a_url_that_is_never_sent_to_is_refused_beside_its_field(team: Team) -> None:
    refused = shown(do(team.member(), "webhooks/new/", url="http://10.0.0.1/x", events=["*"]))
    assert re.search(r'name="url"[^>]*aria-invalid="true"', refused)
    assert "is a private address, which is not sent to" in refused


def test_a_test_leads_to_its_delivery_which_says_how_it_goes(team: Team) -> None:
    owner = team.member()
    row, address = endpoint(team, url="https://hooks.example/test")
    answer = do(owner, f"{address}test/")
    waiting = page(owner, answer.headers["HX-Redirect"])
    assert "It is on its way" in waiting
    assert 'hx-trigger="every 1s"' in waiting
    assert "webhook.test" in waiting
    with acting_as("operator"):
        delivery = WebhookDelivery.objects.get(endpoint_id=row.id)
        WebhookAttempt.objects.create(
            tenant_id=team.tenant.id, delivery_id=delivery.id, duration_ms=12, url=row.url, http_status=503,
            response_body='{"sorry": true}', error="The receiver answered 503.",
        )  # fmt: skip
        WebhookDelivery.objects.filter(id=delivery.id).update(
            status="failed", http_status=503, attempts=10, finished_at=timezone.now()
        )
    over = page(owner, answer.headers["HX-Redirect"])
    assert "The receiver answered 503." in over
    assert "sorry" in over
    assert "every 1s" not in over
    assert "A test from this page" in page(owner, f"{address}?status=failed")
    assert "Nothing matches" in page(owner, f"{address}?status=succeeded")
    public = ids.encode(ids.WEBHOOK_DELIVERY, delivery.id)
    again = do(owner, f"{address}deliveries/{public}/resend/")
    assert again.headers["HX-Redirect"].endswith(f"{public}/")
    assert "It is on its way" not in page(owner, again.headers["HX-Redirect"])  # it has a try from before
    with acting_as("operator"):
        WebhookDelivery.objects.filter(id=delivery.id).update(status="failed")
    assert "One delivery is sent again." in done(owner, f"{address}resend/")


def test_the_secret_of_single_jobs_can_be_read_again(team: Team) -> None:
    owner = team.member()
    first = secret_of(do(owner, "webhooks/signing-secret/"))
    assert secret_of(do(owner, "webhooks/signing-secret/")) == first
    assert "stored nowhere" not in shown(owner.page)
    assert secret_of(do(owner, "webhooks/signing-secret/rotate/")) != first


def test_other_tenants_endpoints_are_not_there(team: Team) -> None:
    _row, address = endpoint(Team(make_tenant()))
    assert team.member().get(f"{SETTINGS}{address}").status_code == 404
    assert team.member().get(f"{SETTINGS}{address}delete/").status_code == 404
