"""A job's page: what it says first, its money as a sum, its content after a reason; and the acts on it."""

from __future__ import annotations

import re
from decimal import Decimal
from uuid import UUID

import pytest

from accounts.models import OperatorRole
from cavendish.db import ids
from tests.accounts.people import audited
from tests.admin.acting import act, act_done
from tests.factories import make_tenant, submit_generation
from tests.generations.helpers import claim_one, finish, register, status, succeeded
from tests.people.visitors import Visitor, person, shown

pytestmark = pytest.mark.usefixtures("quiet")


def page_of(id: UUID) -> str:
    return f"/admin/jobs/{ids.encode(ids.GENERATION, id)}/"


def test_money_is_a_sum_that_the_eye_can_check(operator: Visitor) -> None:
    id = submit_generation(make_tenant(), "a secret cat")
    assert "Queued for" in shown(operator.get(page_of(id)))
    job = claim_one(register())
    finish(job, succeeded(job))
    page = shown(operator.get(page_of(id)))
    assert "<h1>Succeeded</h1>" in page
    amounts = dict(re.findall(r"<dt>(Held|Went back|Charged|Upstream's price|Margin[^<]*)</dt><dd[^>]*>([^<]+)", page))
    held, back, charged, cost, margin = (Decimal(text.replace("−", "-")) for text in amounts.values())
    assert held + back == charged
    assert charged + cost == margin
    assert charged > 0
    assert "secret cat" not in page


def test_content_is_shown_after_a_reason_that_the_tenant_can_read(operator: Visitor) -> None:
    tenant = make_tenant()
    id = submit_generation(tenant, "a secret <cat>")
    refused = operator.post(page_of(id), reason=" ")
    assert (refused.status_code, "secret" in shown(refused)) == (422, False)
    assert "Give a reason" in shown(refused)
    page = operator.post(page_of(id), reason="Ticket 17")
    assert "a secret &lt;cat&gt;" in shown(page)
    assert page.headers["Cache-Control"] == "no-store"
    assert "secret" not in shown(operator.get(page_of(id)))
    assert f"opened once, by {operator.email}" in shown(operator.get(page_of(id)))
    event = audited(tenant.id)[-1]
    assert (event.actor_label, event.after["reason"]) == (operator.email, "Ticket 17")


def test_a_job_is_canceled_with_a_reason(operator: Visitor) -> None:
    id = submit_generation(make_tenant())
    assert act(operator, f"{page_of(id)}cancel/").status_code == 422
    assert "The job is canceled." in act_done(operator, f"{page_of(id)}cancel/", reason="Runaway")
    assert status(id) == "canceled"
    again = act(operator, f"{page_of(id)}cancel/", reason="Runaway")
    assert again.status_code in {302, 422}


def test_roles_hold_on_content_and_acts() -> None:
    id = submit_generation(make_tenant(), "a secret cat")
    for role in (OperatorRole.FINANCE, OperatorRole.READ_ONLY):
        visitor = person(operator=True, role=role)
        visitor.sign_in()
        assert "Show prompt" not in shown(visitor.get(page_of(id)))
        answer = visitor.post(page_of(id), reason="curious")
        assert (answer.status_code, "secret" in shown(answer)) == (403, False)
        assert visitor.post(f"{page_of(id)}cancel/", confirm="1", reason="x").status_code == 403
    assert status(id) == "queued"


def test_ids_that_are_no_jobs(operator: Visitor) -> None:
    for text in ("gen_" + "0" * 32, "ten_" + "0" * 32, "x", "gen_"):
        assert operator.get(f"/admin/jobs/{text}/").status_code == 404
