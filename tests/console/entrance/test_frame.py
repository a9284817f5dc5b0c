"""The frame of the console: the tenants of a person, and what becomes of a page whose session has ended."""

from __future__ import annotations

import re

import pytest
from pytest_django import Settings

from accounts.members.services import membership_create
from accounts.models import Membership, Role, Tenant, TenantStatus
from cavendish.db.router import acting_as
from tests.console.colleagues import Team, scripted
from tests.factories import make_tenant, submit_generation
from tests.people.visitors import Visitor, person, shown


def member_of(*roles: Role) -> tuple[Visitor, list[Tenant]]:
    """A signed-in person with these roles, each in a tenant of its own."""
    visitor, tenants = person(), [make_tenant() for _role in roles]
    with acting_as("operator"):
        for tenant, role in zip(tenants, roles, strict=True):
            membership_create(tenant=tenant, user=visitor.user, role=role)
    visitor.sign_in()
    return visitor, tenants


def switcher(page: str) -> list[tuple[str, str, bool]]:
    """Slug, role and whether it is the current one, of each tenant in the menu."""
    rows = re.findall(r'<button class="switch-to".*?</button>', page, re.DOTALL)
    found = []
    for row in rows:
        slug, role = re.search(r'value="([^"]+)"', row), re.search(r'<span class="quiet small">(\w+)', row)
        assert slug
        assert role
        found.append((slug[1], role[1], 'aria-current="true"' in row))
    return found


def test_the_menu_lists_ones_tenants_with_roles_and_marks_the_current() -> None:
    ada, (mine, other) = member_of(Role.OWNER, Role.VIEWER)
    assert ada.get("/console/settings/").headers["Location"].startswith("/account/tenants/?next=")
    ada.post("/account/tenants/", tenant=mine.slug)
    page = shown(ada.get("/console/settings/"))
    assert sorted(switcher(page)) == sorted([(mine.slug, "Owner", True), (other.slug, "Viewer", False)])
    assert 'type="search"' not in page
    assert 'data-open="#switcher"' in page, "the list of keys names it"
    assert sorted(switcher(shown(ada.get("/account/")))) == sorted(switcher(page)), "accounts have the same frame"


def test_a_new_session_begins_where_the_last_one_was() -> None:
    ada, (_mine, other) = member_of(Role.OWNER, Role.VIEWER)
    ada.post("/account/tenants/", tenant=other.slug)
    ada.post("/account/logout/")
    ada.sign_in()
    assert (other.slug, "Viewer", True) in switcher(shown(ada.get("/console/settings/")))
    with acting_as("operator"):
        Membership.objects.filter(tenant=other).delete()
    assert other.name not in shown(ada.get("/console/settings/"))


def test_a_search_comes_with_the_ninth() -> None:
    ada, tenants = member_of(*[Role.VIEWER] * 9)
    ada.post("/account/tenants/", tenant=tenants[0].slug)
    assert 'data-filter="switcher-tenants"' in shown(ada.get("/console/settings/"))


@pytest.mark.parametrize(
    ("page", "leads"),
    [
        ("/console/jobs/", "/console/jobs/"),
        ("/console/jobs/gen_00000000000000000000000000000000", "/console/jobs/"),
        ("/console/settings/keys/", "/console/settings/"),
        ("/console/usage/", "/console/"),  # which a viewer does not have
        ("/account/", "/console/"),
        ("//evil.example/console/jobs/", "/console/"),
        ("", "/console/"),
    ],
)
def test_switching_stays_on_the_kind_of_page(page: str, leads: str) -> None:
    ada, (mine, other) = member_of(Role.OWNER, Role.VIEWER)
    ada.post("/account/tenants/", tenant=mine.slug)
    assert ada.post("/account/tenants/", **{"tenant": other.slug, "from": page}).headers["Location"] == leads
    assert ada.session["tenant_id"] == other.id.hex


def test_what_is_another_tenants_is_named_and_never_shown() -> None:
    ada, (mine, other) = member_of(Role.OWNER, Role.OWNER)
    theirs = submit_generation(other, "a secret banana")
    ada.post("/account/tenants/", tenant=mine.slug)
    path = f"/console/jobs/gen_{theirs.hex}/"
    page = ada.get(path)
    assert page.status_code == 404
    assert "a secret banana" not in shown(page)
    assert f"This belongs to {other.name}" in shown(page)
    chosen = ada.post("/account/tenants/", tenant=other.slug, next=path)
    assert chosen.headers["Location"] == path
    assert ada.get(path).status_code == 200

    stranger, _tenants = member_of(Role.OWNER)
    assert "This belongs to" not in shown(stranger.get(path))
    assert stranger.page.status_code == 404


def test_a_page_whose_session_has_ended_leads_to_the_sign_in_and_back(team: Team) -> None:
    owner = team.member()
    stranger = Visitor()
    here = {"HX-Current-URL": "http://127.0.0.1:8000/console/usage/?month=2026-11"}
    part = stranger.get("/console/jobs/", **{"HX-Request": "true", **here})
    assert part.status_code == 204
    assert part.headers["HX-Redirect"] == "/account/login/?next=%2Fconsole%2Fusage%2F%3Fmonth%3D2026-11"
    stranger.get("/console/jobs/", **{"HX-Request": "true", "HX-Current-URL": "https://evil.example/elsewhere"})
    assert stranger.page.headers["HX-Redirect"] == "/account/login/?next=%2Fconsole%2F"
    # What the frame asks for by itself takes no typed text away.
    told = stranger.get("/console/state", **{"HX-Request": "true", **here})
    assert told.status_code == 200
    assert "You are signed out." in shown(told)
    assert "month%3D2026-11" in shown(told)
    assert "You are signed out." not in shown(scripted(owner, "/console/state"))


def test_a_new_person_is_led_to_a_tenant_of_their_own_where_they_may_open_one(settings: Settings) -> None:
    settings.SIGNUP = "open"
    ada = person()
    ada.sign_in()
    assert ada.get("/console/").headers["Location"] == "/account/tenants/new/"
    assert "Name your tenant" in shown(ada.get("/account/tenants/new/"))
    assert ada.post("/account/tenants/new/", name="Ada’s Pictures").headers["Location"] == "/console/"
    assert ada.get("/console/").headers["Location"] == "/console/start/"
    assert "Create a tenant" in shown(ada.get("/account/tenants/new/"))


def test_a_suspended_tenant_says_so_in_the_menu_and_on_its_pages() -> None:
    ada, (mine, _other) = member_of(Role.OWNER, Role.OWNER)
    with acting_as("operator"):
        Tenant.objects.filter(id=mine.id).update(status=TenantStatus.SUSPENDED, status_reason="Unpaid since May.")
    ada.post("/account/tenants/", tenant=mine.slug)
    page = shown(ada.get("/console/settings/"))
    assert "Unpaid since May." in page
    assert "Suspended" in page
