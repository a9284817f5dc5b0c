"""The cursor of the event table skips nothing, also not what commits late."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import psycopg
import pytest

from accounts.models import Tenant
from cavendish.db.pool import conninfo
from tests.factories import make_tenant, submit_generation
from tests.generations.helpers import rows
from tests.races import function_without

pytestmark = pytest.mark.usefixtures("quiet")


def page(tenant: Tenant, subject: UUID, after: str = "", limit: int = 100) -> list[dict[str, Any]]:
    return rows("default", "SELECT * FROM event_page(%s, %s, %s, %s)", tenant.id, subject, after, limit)


def add(connection: psycopg.Connection[Any], tenant: Tenant, subject: UUID, kind: str) -> None:
    connection.execute("SELECT set_config('app.tenant_id', %s, true)", [str(tenant.id)])
    connection.execute("SELECT event_add(%s, %s, %s, '{}')", [tenant.id, subject, kind])


def kinds(found: list[dict[str, Any]]) -> list[str]:
    return [row["type"] for row in found]


def test_an_event_that_commits_late_is_not_skipped() -> None:
    tenant = make_tenant()
    subject = submit_generation(tenant)
    first = page(tenant, subject)
    assert kinds(first) == ["generation.queued"]
    with psycopg.connect(conninfo("default")) as slow, psycopg.connect(conninfo("default")) as quick:
        add(slow, tenant, subject, "slow")
        add(quick, tenant, subject, "quick")
        quick.commit()
        # A reader who saw `quick` now would never see `slow`, which sorts before it.
        assert page(tenant, subject, first[-1]["cursor"]) == []
        slow.commit()
        rest = page(tenant, subject, first[-1]["cursor"])
    assert kinds(rest) == ["slow", "quick"]
    assert kinds(page(tenant, subject, rest[0]["cursor"])) == ["quick"]
    assert page(tenant, subject, rest[-1]["cursor"]) == []


def test_without_the_snapshots_horizon_the_late_event_would_be_skipped() -> None:
    """The twin: the function reads on to what has committed, though what began earlier has not."""
    tenant = make_tenant()
    subject = submit_generation(tenant)
    cursor = page(tenant, subject)[-1]["cursor"]
    with (
        function_without("event_page", ("AND e.xid < horizon", "")),
        psycopg.connect(conninfo("default")) as slow,
        psycopg.connect(conninfo("default")) as quick,
    ):
        add(slow, tenant, subject, "slow")
        add(quick, tenant, subject, "quick")
        quick.commit()
        seen = page(tenant, subject, cursor)
        slow.commit()
        rest = page(tenant, subject, seen[-1]["cursor"])
    assert (kinds(seen), kinds(rest)) == (["quick"], [])


def test_pages_of_one_give_what_one_page_gives() -> None:
    tenant = make_tenant()
    subject = submit_generation(tenant)
    with psycopg.connect(conninfo("default"), autocommit=True) as connection:
        for number in range(4):
            with connection.transaction():
                add(connection, tenant, subject, f"first {number}")
                add(connection, tenant, subject, f"second {number}")
    whole = page(tenant, subject)
    assert len(whole) == 9
    cursor, single = "", []
    while found := page(tenant, subject, cursor, 1):
        single += found
        cursor = found[0]["cursor"]
    assert single == whole


def test_a_foreign_tenant_reads_nothing_i6() -> None:
    tenant, other = make_tenant(), make_tenant()
    assert page(other, submit_generation(tenant)) == []
