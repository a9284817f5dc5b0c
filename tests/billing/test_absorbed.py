"""What the operator absorbs is counted per tenant, and operators are told of what is much."""

from __future__ import annotations

from decimal import Decimal

import pytest
from pytest_django import Settings

from accounts.models import User
from billing.usage.absorbed import absorbed_watch
from cavendish.db.router import acting_as
from cavendish.mail.models import Mail
from tests.factories import make_tenant, submit_generation
from tests.generations.helpers import claim_one, finish, register, rows, succeeded

pytestmark = pytest.mark.usefixtures("quiet")


def mails(name: str) -> list[Mail]:
    with acting_as("operator"):
        return list(Mail.objects.filter(subject__endswith=f"absorbed for {name}"))


def test_operators_are_told_once_a_day_of_what_passes_the_limit(settings: Settings) -> None:
    with acting_as("operator"):
        User.objects.get_or_create(email="absorbed@operator.example", defaults={"is_staff": True})
    tenant, other = make_tenant(), make_tenant()
    for each in (tenant, other):
        submit_generation(each)
    worker = register()
    jobs = {job.tenant_id: job for job in (claim_one(worker), claim_one(worker))}
    assert finish(jobs[tenant.id], succeeded(jobs[tenant.id], image=1_000_000)) == "ended"
    assert finish(jobs[other.id], succeeded(jobs[other.id])) == "ended"
    (row,) = rows("owner", "SELECT absorbed, amount FROM billing_charge WHERE tenant_id = %s", tenant.id)
    assert row["absorbed"] > 50
    settings.ABSORBED_ALERT = row["absorbed"] + 1
    absorbed_watch()
    assert mails(tenant.name) == []
    settings.ABSORBED_ALERT = 50
    assert absorbed_watch() >= 1
    absorbed_watch()
    [mail] = mails(tenant.name)
    assert "absorbed@operator.example" in mail.to
    assert f"{row['absorbed']:.9f}" in mail.text
    assert mails(other.name) == []


def test_reports_of_operators_show_it_and_those_of_tenants_do_not() -> None:
    from billing.usage.representation import sums_json
    from billing.usage.selectors import Sums

    sums = Sums("USD", absorbed=Decimal("1.5"))
    assert sums_json(sums, is_operator=True)["absorbed"] == "1.500000000"
    assert "absorbed" not in sums_json(sums, is_operator=False)
