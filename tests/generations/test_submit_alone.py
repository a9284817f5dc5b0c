"""A job that is submitted with one message: a refusal leaves nothing, whatever was written before it."""

from __future__ import annotations

import pytest

from cavendish.db.call import call
from cavendish.db.tenancy import current_tenant
from generations.accept import submission
from generations.errors import DayLimitReached
from tests.factories import make_tenant, submit_generation
from tests.generations.helpers import one, rows

pytestmark = pytest.mark.usefixtures("quiet")


@pytest.fixture
def called(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The SQL functions that a submit calls."""
    names: list[str] = []

    def noted(function: str, *values: object) -> object:
        names.append(function)
        return call(function, *values)

    monkeypatch.setattr(submission, "call", noted)
    return names


def test_a_refusal_takes_back_what_was_counted_before_it(called: list[str]) -> None:
    tenant = make_tenant(test_daily_requests=1)
    made = submit_generation(tenant, livemode=False)
    for _ in range(3):
        with pytest.raises(DayLimitReached):
            submit_generation(tenant, livemode=False)
    assert one("owner", "SELECT requests FROM accounts_sandboxday WHERE tenant_id = %s", tenant.id) == 1
    assert rows("owner", "SELECT id FROM generations_generation WHERE tenant_id = %s", tenant.id) == [{"id": made}]
    assert set(called) == {"generation_submit_alone"}
    assert current_tenant() is None


def test_several_are_submitted_in_one_transaction_or_none_is(called: list[str]) -> None:
    tenant = make_tenant(test_daily_requests=1)
    with pytest.raises(DayLimitReached):
        submit_generation(tenant, livemode=False, response_format={"type": "image"}, n=2)
    assert rows("owner", "SELECT 1 FROM accounts_sandboxday WHERE tenant_id = %s", tenant.id) == []
    assert rows("owner", "SELECT 1 FROM generations_generation WHERE tenant_id = %s", tenant.id) == []
    assert called == ["generation_submit", "generation_submit"]
