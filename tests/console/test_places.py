"""A form acts in the tenant and the mode that it was shown for, or not at all: another tab may have switched."""

from __future__ import annotations

import re

from accounts.members.services import membership_create
from accounts.models import ApiKey, Role, Tenant
from cavendish.db.router import acting_as
from generations.models import Generation
from tests.console.colleagues import Team
from tests.factories import make_tenant
from tests.people.visitors import Visitor, extract, shown

PLAYGROUND = "/console/playground/"
KEYS = "/console/settings/keys/new/"


def with_two() -> tuple[Visitor, Tenant, Tenant]:
    team, other = Team(), make_tenant()
    owner = team.member()
    with acting_as("operator"):
        membership_create(tenant=other, user=owner.user, role=Role.OWNER)
    owner.post("/account/tenants/", tenant=team.tenant.slug)
    return owner, team.tenant, other


def place(owner: Visitor, path: str) -> str:
    found = set(re.findall(r'name="place" value="([^"]+)"', shown(owner.get(path))))
    assert len(found) == 1, found
    return str(found.pop())


def keys(tenant: Tenant) -> int:
    with acting_as("operator"):
        return int(ApiKey.objects.filter(tenant=tenant, is_console=False, name="Shop").count())


def test_a_form_of_one_tenant_does_nothing_in_another() -> None:
    owner, here, other = with_two()
    values = {"name": "Shop", "mode": "live", "scopes": "read", "confirm": "1", "place": place(owner, KEYS)}
    owner.post("/account/tenants/", tenant=other.slug)
    for headers in ({}, {"HX-Request": "true"}):
        refused = owner.post(KEYS, headers=headers, **values)
        assert refused.status_code == 409
        title = extract(r"<h1>(.*)</h1>", shown(refused))
        assert title == f"Nothing was done: this form is of {here.name}, and you are in {other.name} now"
        assert f'value="{here.slug}"' in shown(refused)
    assert (keys(here), keys(other)) == (0, 0)
    owner.post("/account/tenants/", tenant=here.slug)
    assert owner.post(KEYS, **values).status_code == 200
    assert (keys(here), keys(other)) == (1, 0)


def test_a_form_of_a_tenant_that_was_left_does_nothing_in_the_one_that_remains() -> None:
    owner, _here, other = with_two()
    stale = place(owner, KEYS).replace("-live", "0-live")
    refused = owner.post(KEYS, name="Shop", mode="live", scopes="read", confirm="1", place=stale)
    assert (refused.status_code, keys(other)) == (409, 0)
    assert "of a tenant that you are no member of" in shown(refused)


def test_a_test_picture_is_never_made_live() -> None:
    team = Team()
    owner = team.member()
    owner.post("/console/mode", mode="test", next=PLAYGROUND)
    sent = {"form": "1", "prompt": "a cat", "model": "gemini-3.1-flash-image", "place": place(owner, PLAYGROUND)}
    # The switch itself works from a page that was left behind too.
    assert owner.post("/console/mode", mode="live", place="0-live").status_code == 302
    refused = owner.post(f"{PLAYGROUND}generate", **sent)
    assert refused.status_code == 409
    assert "this form is of test mode, and you are in live mode now" in shown(refused)
    with acting_as("owner"):
        assert not Generation.objects.filter(tenant=team.tenant).exists()
    owner.post("/console/mode", mode="test")
    assert owner.post(f"{PLAYGROUND}generate", **sent).status_code == 302
