"""Days at the ends of the calendar, and cursors that no list gave: refused in words, and nothing that is kept by them
breaks a page.
"""

from __future__ import annotations

import base64

import pytest

from accounts.models import ApiKey, Role
from cavendish.db.router import acting_as
from tests.console.colleagues import Team
from tests.console.settings.addresses import do, page
from tests.people.visitors import Visitor, shown

LAST = "9999-12-31"
LEDGER = "/console/billing/ledger/"


@pytest.fixture
def traveller(team: Team) -> Visitor:
    """The owner in a zone where the last day of the calendar ends beyond it in UTC."""
    owner = team.member(Role.OWNER)
    owner.client.cookies["timezone"] = "America/New_York"
    return owner


def test_a_key_cannot_outlive_the_calendar(team: Team, traveller: Visitor) -> None:
    answer = shown(do(traveller, "keys/new/", name="Forever", mode="live", scopes=["read"], expires_at=LAST))
    assert "This day is too far away." in answer
    with acting_as("operator"):
        assert not ApiKey.objects.filter(tenant=team.tenant, name="Forever").exists()
    do(traveller, "keys/new/", name="Long", mode="live", scopes=["read"], expires_at="9999-12-28")
    for zone in ("America/New_York", "Asia/Shanghai", "Pacific/Kiritimati"):
        traveller.client.cookies["timezone"] = zone
        assert "Long" in page(traveller, "keys/"), zone
        page(traveller, "audit/")


@pytest.mark.parametrize("path", [LEDGER, f"{LEDGER}csv", "/console/jobs/", "/console/settings/audit/"])
@pytest.mark.parametrize("day", [LAST, "0001-01-01"])
def test_days_at_the_ends_of_the_calendar_can_be_asked_for(traveller: Visitor, path: str, day: str) -> None:
    for zone in ("America/New_York", "Asia/Shanghai"):
        traveller.client.cookies["timezone"] = zone
        for name in ("since", "until"):
            assert traveller.get(f"{path}?{name}={day}").status_code < 500, (path, name, zone)


@pytest.mark.parametrize("values", ["[1e999]", "[NaN]", "[1e40]", "[null]", '["\\ud800"]', '["\\u0000"]', "[[]]", "7"])
def test_a_cursor_that_no_list_gave_is_no_page(traveller: Visitor, values: str) -> None:
    cursor = base64.urlsafe_b64encode(values.encode()).decode().rstrip("=")
    for path in (LEDGER, "/console/jobs/", "/console/settings/audit/", "/console/billing/invoices/"):
        for name in ("after", "before"):
            assert traveller.get(f"{path}?{name}={cursor}").status_code < 500, (path, name)
