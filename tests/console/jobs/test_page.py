"""A job's page: its answer, its money, what tenants must not see, and the acts on it."""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal
from uuid import UUID

import pytest
from django.utils import timezone

from accounts.models import Role, WebhookDelivery, WebhookEndpoint
from cavendish.above.ui.jobs.strip import strip
from cavendish.db import ids
from cavendish.db.router import acting_as
from generations.errors import ErrorCode
from generations.jobs.steps import Called
from generations.jobs.tenant_timeline import tenant_timeline
from generations.jobs.timeline import Segment, SegmentKind
from tests.console.colleagues import Team, scripted
from tests.console.jobs.stored import UPSTREAM_HOST, UPSTREAM_KEY, WORKER, call_add, picture_add, run
from tests.factories import make_tenant, queue_clear, submit_generation
from tests.generations.helpers import claim, register, status
from tests.people.test_language import CHINESE
from tests.people.visitors import shown


@pytest.fixture(autouse=True)
def alone() -> None:
    queue_clear()


def page_of(id: UUID) -> str:
    return f"/console/jobs/{ids.encode(ids.GENERATION, id)}/"


def test_the_heading_is_the_answer_and_money_a_sum(team: Team) -> None:
    owner = team.member()
    id = submit_generation(team.tenant, "a secret <cat>", metadata={"sku": "17"})
    waiting = shown(owner.get(page_of(id)))
    assert "Queued for" in waiting
    assert f"{page_of(id)}live" in waiting
    run()
    picture = picture_add(team.tenant, id, b"picture")
    page = shown(owner.get(page_of(id)))
    assert re.search(r'<h1 id="headline">Succeeded in \d', page)
    assert "a secret &lt;cat&gt;" in page
    assert f"/console/gallery/{ids.encode(ids.OUTPUT, picture.id)}/" in page
    assert f"/console/playground/?edit={ids.encode(ids.GENERATION, id)}" in page
    amounts = dict(re.findall(r"<dt>(Held|Went back|Charged)</dt><dd>([^<]+)", page))
    held, back, charged = (Decimal(text.replace("−", "-")) for text in amounts.values())
    assert held + back == charged > 0


def test_what_is_the_operators_is_not_shown(team: Team) -> None:
    id = submit_generation(team.tenant)
    run(fail=ErrorCode.UPSTREAM_UNAVAILABLE)
    call_add(team.tenant, id)
    for role in Role:
        answer = team.member(role).get(page_of(id))
        page = shown(answer)
        if role == Role.BILLING:
            assert answer.status_code == 403
            continue
        assert "Failed: Google did not answer" in page
        assert "First try: 503" in page
        for secret in (WORKER, UPSTREAM_KEY, UPSTREAM_HOST, "secret-interaction", "Margin", "Upstream", "cooling"):
            assert secret not in page, (role, secret)


def test_googles_answer_is_said_in_the_readers_language(team: Team) -> None:
    id = submit_generation(team.tenant)
    run(fail=ErrorCode.UPSTREAM_UNAVAILABLE)
    call_add(team.tenant, id)
    page = shown(team.member().get(page_of(id), **CHINESE))
    assert "服务不可用" in page
    assert "Unavailable" not in page


def test_names_above_the_bar_do_not_touch(team: Team) -> None:
    id = submit_generation(team.tenant)
    run(fail=ErrorCode.UPSTREAM_UNAVAILABLE)
    call_add(team.tenant, id)
    job = tenant_timeline(tenant_id=team.tenant.id, generation_id=id, livemode=True, webhooks=True, audit=True)
    assert job is not None
    [call] = (step.facts for step in job.steps if isinstance(step.facts, Called))

    def names(*shares: float) -> list[str]:
        parts = [Segment(SegmentKind.CALL, call.started_at, 1.0, share, call) for share in shares]
        return re.findall(r'<text class="([^"]+)"', strip(replace(job, segments=parts)))

    assert names(0.5, 0.5) == ["strong", "strong"]
    assert names(0.15, 0.5) == ["strong", "strong wideonly"], "on a phone they would touch"
    assert names(0.07, 0.5) == ["strong"]


def test_what_to_do_stands_beside_what_went_wrong(team: Team) -> None:
    id = submit_generation(team.tenant)
    run(fail=ErrorCode.UPSTREAM_REJECTED, message="Aspect ratio <1:9> is not supported.")
    page = shown(team.member().get(page_of(id)))
    assert "change what it names, then run it again." in page
    assert "“Aspect ratio &lt;1:9&gt; is not supported.”" in page


def test_what_is_not_there_is_404(team: Team) -> None:
    foreign, test = submit_generation(make_tenant()), submit_generation(team.tenant, livemode=False)
    owner = team.member()
    for path in (page_of(foreign), page_of(test), "/console/jobs/gen_1/", page_of(ids.new_id())):
        for part in ("", "live", "cancel/", "delete/", "rubbish/"):
            assert owner.get(path + part).status_code == 404, path + part


def test_a_job_is_canceled_and_then_deleted_by_its_name(team: Team) -> None:
    id = submit_generation(team.tenant, "a cat to forget")
    developer = team.member(Role.DEVELOPER)
    assert "costs nothing" in shown(developer.get(f"{page_of(id)}cancel/"))
    developer.post(f"{page_of(id)}cancel/", confirm="1")
    assert status(id) == "canceled"
    assert "Canceled after" in shown(developer.get(page_of(id)))
    assert developer.post(f"{page_of(id)}delete/", confirm="1", typed="wrong").status_code == 422
    developer.post(f"{page_of(id)}delete/", confirm="1", typed=id.hex[-8:])
    assert developer.get(page_of(id)).status_code == 404


def test_an_act_that_comes_too_late_says_so(team: Team) -> None:
    id = submit_generation(team.tenant)
    run()
    answer = team.member().post(f"{page_of(id)}cancel/", confirm="1")
    assert answer.status_code == 422
    assert "has ended as succeeded" in shown(answer)


def test_who_may_only_look_has_no_buttons(team: Team) -> None:
    id = submit_generation(team.tenant)
    assert "Cancel job" in shown(team.member().get(page_of(id)))
    assert "Cancel job" not in shown(team.member(Role.VIEWER).get(page_of(id)))
    assert team.member(Role.VIEWER).post(f"{page_of(id)}cancel/", confirm="1").status_code == 403
    assert status(id) == "queued"


def test_a_delivery_is_sent_again_by_who_may(team: Team) -> None:
    id = submit_generation(team.tenant)
    run()
    delivery = delivery_of(team, id)
    resend = f"{page_of(id)}resend/{ids.encode(ids.WEBHOOK_DELIVERY, delivery.id)}/"
    assert "https://shop.example/hook" not in shown(team.member(Role.VIEWER).get(page_of(id)))
    assert team.member(Role.VIEWER).get(resend).status_code == 403
    developer = team.member(Role.DEVELOPER)
    page = shown(developer.get(page_of(id)))
    assert resend in page
    assert "https://shop.example/hook" in page
    answer = scripted(developer, resend, confirm="1")
    assert (answer.status_code, answer.headers["HX-Redirect"]) == (204, page_of(id))
    with acting_as("owner"):
        delivery.refresh_from_db()
    assert delivery.status == WebhookDelivery.Status.PENDING


def test_the_live_part_ends_with_the_job(team: Team) -> None:
    id = submit_generation(team.tenant)
    owner = team.member()
    assert 'hx-swap-oob="true">Queued for' in shown(owner.get(f"{page_of(id)}live"))
    run()
    assert owner.get(f"{page_of(id)}live").headers["HX-Refresh"] == "true"


def delivery_of(team: Team, id: UUID) -> WebhookDelivery:
    """A delivery of the job's event that its receiver refused."""
    with acting_as("owner"):
        endpoint = WebhookEndpoint.objects.create(
            tenant=team.tenant, livemode=True, url="https://shop.example/hook", events=["*"], secret=""
        )
        row: WebhookDelivery = WebhookDelivery.objects.create(
            tenant_id=team.tenant.id, endpoint_id=endpoint.id, message_id=f"evt_{id.hex}",
            event_type="generation.succeeded", source_type="generation.succeeded", subject=id, facts={},
            event_at=timezone.now(), status=WebhookDelivery.Status.FAILED, attempts=3, http_status=500,
        )  # fmt: skip
    return row


def test_what_runs_is_not_said_to_be_queued(team: Team) -> None:
    id = submit_generation(team.tenant)
    claim(register())
    page = shown(team.member().get(page_of(id)))
    assert "Running for" in page
    assert re.search(r"queued \d[^·<]* · running \d", page)
