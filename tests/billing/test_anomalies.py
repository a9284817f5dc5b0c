"""Days out of their pattern: by the rule of `pattern`, and as the scheduler notices them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from accounts.models import Tenant
from billing.anomalies.pattern import Pattern, pattern_of
from billing.anomalies.selectors import anomalies_of, minimum_of
from billing.anomalies.services import anomalies_watch
from billing.models import BillingProfile, UsageAnomaly
from billing.usage.services import usage_platform_refresh
from cavendish.db import ids
from cavendish.db.router import acting_as
from cavendish.db.tenancy import tenant_context
from cavendish.mail.models import Mail
from tests.billing.invoices.callers import Caller
from tests.billing.test_usage_api import used
from tests.factories import key_of, make_key, make_operator_key, make_tenant
from tests.generations.helpers import in_threads, rows

SUNDAY = date(2026, 11, 29)
TEN = Decimal(10)


def back(days: int) -> date:
    return SUNDAY - timedelta(days=days)


def test_the_same_weekdays_of_eight_weeks_say_what_is_usual() -> None:
    history = {back(days): Decimal(100) for days in range(1, 57)}
    for week, amount in enumerate((20, 22, 18, 21, 19, 20, 900, 20), 1):  # Sundays, one of them wild
        history[back(7 * week)] = Decimal(amount)
    # median 20; distances 0 2 2 1 1 0 880 0, median 1: 5 × 1.4826 is less than 20 once more
    assert pattern_of(history, day=SUNDAY, minimum=TEN) == Pattern(Decimal(20), Decimal(40))
    assert pattern_of(history, day=SUNDAY, minimum=Decimal(30)) == Pattern(Decimal(20), Decimal(50))
    for week in range(1, 9):
        history[back(7 * week)] = Decimal(20 if week % 2 else 60)
    # median 40, distances 20: 5 × 29.652 is the most of the three
    assert pattern_of(history, day=SUNDAY, minimum=TEN) == Pattern(Decimal(40), Decimal("188.26"))


def test_with_few_weeks_all_days_count_and_with_less_than_one_none() -> None:
    ten_days = {back(days): Decimal(5) for days in range(1, 11)}
    assert pattern_of(ten_days, day=SUNDAY, minimum=TEN) == Pattern(Decimal(5), Decimal(15))
    assert pattern_of({back(days): Decimal(5) for days in range(1, 7)}, day=SUNDAY, minimum=TEN) is None
    assert pattern_of({}, day=SUNDAY, minimum=TEN) is None
    # who uses something now and then has a usual of nothing, and the minimum
    assert pattern_of({back(20): Decimal(9)}, day=SUNDAY, minimum=TEN) == Pattern(Decimal(0), Decimal(10))
    assert [minimum_of(currency, TEN) for currency in ("EUR", "JPY", "KWD")] == [10, 1000, 10]


def today() -> date:
    """Of the test, not of the run, which may go on over midnight."""
    return datetime.now(UTC).date()


def spend(tenant: Tenant, amounts: dict[int, str], key: UUID, **changes: Any) -> None:
    """Amounts by how many days ago."""
    for days, amount in amounts.items():
        day = today() - timedelta(days=days)
        used(tenant, f"{day}T00:00:00Z", 1120, amount, api_key_id=key, **changes)
    usage_platform_refresh()


@pytest.fixture
def tenant() -> Tenant:
    tenant = make_tenant(billing_timezone="UTC")
    with acting_as("operator"):
        BillingProfile.objects.update_or_create(tenant_id=tenant.id, defaults={"emails": ["books@example.com"]})
    return tenant


def mails(tenant: Tenant) -> list[Mail]:
    with acting_as("operator"):
        return list(Mail.objects.filter(tenant_id=tenant.id, subject__startswith="Unusual"))


def noted(tenant: Tenant) -> list[tuple[UUID | None, Decimal]]:
    with acting_as("operator"):
        found = UsageAnomaly.objects.filter(tenant_id=tenant.id).order_by("id")
        return [(row.api_key_id, row.used) for row in found]


def test_a_wild_day_is_noted_once_for_tenant_and_key_with_one_mail(tenant: Tenant) -> None:
    key = key_of(tenant.id, True)
    spend(tenant, dict.fromkeys(range(1, 57), "5"), key)
    spend(tenant, {0: "14.99"}, key)
    anomalies_watch()
    assert noted(tenant) == []

    spend(tenant, {0: "0.50"}, key, model="gemini-3-pro-image")
    in_threads(3, lambda _: anomalies_watch(), range(3))
    anomalies_watch()
    assert noted(tenant) == [(None, Decimal("15.49")), (key, Decimal("15.49"))]
    [mail] = mails(tenant)
    assert mail.to == ["books@example.com"]
    for part in (mail.text, mail.html):
        assert all(words in part for words in ("15.49 USD", "usually spends 5.00 USD"))
    events = rows("owner", "SELECT subject, data FROM events_event WHERE type = 'usage.anomaly' AND tenant_id = %s",
                  tenant.id)  # fmt: skip
    assert {row["subject"]: row["data"]["used"] for row in events} == {
        tenant.id: "15.490000000", key: "15.490000000"
    }  # fmt: skip
    with tenant_context(tenant.id):
        assert [one.key_name for one in anomalies_of(tenant)] == ["", "Factory key"]


def test_small_spend_and_new_tenants_are_not_reported(tenant: Tenant, settings: Any) -> None:
    key = key_of(tenant.id, True)
    spend(tenant, dict.fromkeys(range(1, 57), "0.01") | {0: "9.90"}, key)
    new = make_tenant(billing_timezone="UTC")
    spend(new, {1: "1", 0: "500"}, key_of(new.id, True))
    test_mode = make_tenant(billing_timezone="UTC")
    spend(test_mode, dict.fromkeys(range(1, 20), "1") | {0: "500"}, key_of(test_mode.id, False), livemode=False)
    anomalies_watch()
    settings.ANOMALY_MINIMUM = 0
    assert anomalies_watch() == 0
    assert noted(tenant) == noted(new) == noted(test_mode) == []


def test_the_api_lists_them_to_whom_they_concern(tenant: Tenant) -> None:
    key = key_of(tenant.id, True)
    spend(tenant, dict.fromkeys(range(1, 57), "5") | {0: "50"}, key)
    anomalies_watch()
    mine = Caller(make_key(tenant)[1])
    of_key, whole = mine.get("usage/anomalies")["data"]
    day = f"{today()}"
    assert (whole["key_id"], whole["day"], whole["used"]) == (None, day, "50.000000000")
    assert (whole["usual"], whole["limit"], whole["currency"]) == ("5.000000000", "15.000000000", "USD")
    assert of_key["key_id"] == ids.encode(ids.API_KEY, key)
    assert mine.get(f"usage/anomalies?from={day}&limit=1")["has_more"]
    assert mine.get(f"usage/anomalies?to={day}")["data"] == []
    mine.refused("get", f"usage/anomalies?from={day}&to={day}&month=1", None, 422, "invalid_request", "must lie after")
    assert Caller(make_key(tenant, livemode=False)[1]).get("usage/anomalies")["data"] == []
    stranger = Caller(make_key(make_tenant())[1])
    for asked in ("usage/anomalies", f"usage/anomalies?tenant_id={whole['tenant_id']}"):
        assert stranger.get(asked)["data"] == []
    operator = Caller(make_operator_key())
    assert len(operator.get(f"usage/anomalies?tenant_id={whole['tenant_id']}")["data"]) == 2


def test_one_bad_tenant_stops_no_other(tenant: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    bad = make_tenant(billing_timezone="UTC")
    for one in (bad, tenant):
        spend(one, dict.fromkeys(range(1, 57), "5") | {0: "50"}, key_of(one.id, True))
    rows("owner", "UPDATE accounts_tenant SET billing_timezone = 'Nowhere/At all' WHERE id = %s", bad.id)
    try:
        anomalies_watch()
    finally:
        rows("owner", "UPDATE accounts_tenant SET billing_timezone = 'UTC' WHERE id = %s", bad.id)
    assert (len(noted(bad)), len(noted(tenant))) == (0, 2)
