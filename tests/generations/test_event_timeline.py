"""The order of all of a tenant's events: read by its index, and kept by a restore into another cluster."""

from __future__ import annotations

from typing import Any

from django.db import connections

from accounts.models import Tenant
from tests.factories import make_tenant, submit_generation
from tests.generations.helpers import one, rows


def page(tenant: Tenant, after: str = "", limit: int = 1000) -> list[dict[str, Any]]:
    return rows("default", "SELECT * FROM event_page_of_tenant(%s, %s, %s)", tenant.id, after, limit)


def test_pages_follow_one_another_and_hold_one_tenants() -> None:
    tenant, another = make_tenant(), make_tenant()
    made = [submit_generation(each) for each in (tenant, another, tenant, tenant)]
    events = page(tenant)
    jobs = [event["subject"] for event in events if event["type"] == "generation.queued"]
    assert jobs == [made[0], made[2], made[3]]
    cursor, walked = "", []
    while found := page(tenant, cursor, 1):
        walked += found
        cursor = found[-1]["cursor"]
    assert walked == events
    assert one("default", "SELECT event_latest(%s)", another.id) == ""  # outside of its context there is nothing


def test_a_late_page_is_read_from_its_place_in_the_index_as_the_tenant() -> None:
    tenant = make_tenant()
    with connections["default"].cursor() as cursor:
        cursor.execute("BEGIN")
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SELECT set_config('app.tenant_id', %s, true)", [str(tenant.id)])
        cursor.execute(
            """EXPLAIN SELECT * FROM events_event e
               WHERE e.tenant_id = %s AND (e.xid, e.id) > ('5'::xid8, 5) AND e.xid < '999999'::xid8
               ORDER BY e.xid, e.id LIMIT 100""",
            [tenant.id],
        )
        plan = "\n".join(line for (line,) in cursor.fetchall())
        cursor.execute("ROLLBACK")
    # in each month, and merged: nothing is sorted, nothing is read that is not in the page
    conditions = [line for line in plan.splitlines() if "Index Cond" in line]
    assert len(conditions) == plan.count("Index Scan using events_event_")
    assert all("ROW(xid, id) > ROW(" in condition for condition in conditions)
    assert "Merge Append" in plan
    assert "Seq Scan" not in plan
    assert "Sort  (" not in plan


def test_after_a_restore_old_events_are_seen_and_new_ones_come_behind_them() -> None:
    """A cluster that has counted fewer transactions than the one that the events come from."""
    tenant = make_tenant()
    submit_generation(tenant)
    submit_generation(tenant)
    events = page(tenant)
    assert one("owner", "SELECT event_timeline_continue()") is False
    far = "(SELECT max(xid)::text::bigint + 1000000 FROM events_event)"
    rows(
        "owner",
        f"UPDATE events_event SET xid = ({far} + id)::text::xid8 WHERE tenant_id = %s",
        tenant.id,
    )
    assert page(tenant) == []
    assert one("owner", "SELECT event_timeline_continue()") is True
    assert one("owner", "SELECT event_timeline_continue()") is False
    restored = page(tenant)
    assert [event["subject"] for event in restored] == [event["subject"] for event in events]
    late = submit_generation(tenant)
    assert [event["subject"] for event in page(tenant, restored[-1]["cursor"])] == [late]
    assert page(tenant)[-1]["subject"] == late
