"""The audit log is searched by everything that an event has."""

from __future__ import annotations

import re
from secrets import token_hex
from urllib.parse import urlencode

from accounts.actor import Actor
from accounts.audit.services import audit_add
from cavendish.db import ids
from cavendish.db.router import acting_as
from tests.factories import make_key, make_tenant
from tests.people.visitors import Visitor, shown


def test_the_log_is_searched_by_everything_that_an_event_has(operator: Visitor) -> None:
    tenant = make_tenant()
    key, _secret = make_key(tenant)
    person = operator.user
    thing = f"search_{token_hex(4)}"
    with acting_as("operator"):
        for action, actor, of in (
            ("made", Actor("operator", person.id, person.email), tenant.id),
            ("changed", Actor("key", key.id, key.prefix), tenant.id),
            ("ended", Actor("operator", person.id, person.email), None),
        ):
            audit_add(
                actor=actor, action=f"{thing}.{action}", tenant_id=of, target=thing, target_id=tenant.id,
                before={"limit": 1}, after={"limit": 2, "reason": f"why {thing}"},
            )  # fmt: skip

    def found(**values: str) -> list[str]:
        """The last part of each action, the newest first."""
        page = shown(operator.get(f"/admin/audit/?{urlencode({'action': thing, **values})}"))
        return re.findall(rf"{thing.replace('_', ' ')} (made|changed|ended)", page)

    for values, expected in (
        ({}, ["ended", "changed", "made"]),
        ({"action": f"{thing}.made"}, ["made"]),
        ({"tenant": tenant.slug}, ["changed", "made"]),
        ({"actor": person.email.upper()}, ["ended", "made"]),
        ({"actor": key.prefix}, ["changed"]),
        ({"actor": ids.encode(ids.API_KEY, key.id)}, ["changed"]),
        ({"actor": person.email[:6]}, ["ended", "made"]),
        ({"actor": "nobody@example.com"}, []),
        ({"target": ids.encode(ids.TENANT, tenant.id)}, ["ended", "changed", "made"]),
        ({"target": str(tenant.id).upper()}, ["ended", "changed", "made"]),
        ({"action": "no_such_thing"}, []),
        ({"since": "2099-01-01"}, []),
    ):
        assert found(**values) == expected, values
    listed = shown(operator.get(f"/admin/audit/?action={thing}.made"))
    event = re.search(r"/admin/audit/(aud_\w+)/", listed)
    assert event is not None
    page = shown(operator.get(f"/admin/audit/{event[1]}/"))
    assert re.search(r"limit</th><td[^>]*>1</td><td[^>]*>(<b>)?2", page)
    assert f"why {thing}" in page
