"""Each role at each page and act of the console; and what is outside of a tenant's walls."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.urls import URLPattern, URLResolver

from accounts.models import Role
from accounts.roles.permissions import may
from cavendish.above.console.urls import console
from tests.console.colleagues import Team
from tests.people.visitors import Visitor, person, shown

NOBODYS = "0" * 32
"""Digits of an id that nothing has."""


def pages(entries: Any = None, prefix: str = "/console/") -> Iterator[tuple[str, Any]]:
    """Each address with its view; ids in it are of nothing."""
    for entry in console[0] if entries is None else entries:
        path = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from pages(entry.url_patterns, path)
        else:
            assert isinstance(entry, URLPattern)
            yield re.sub(r"<(?:(\w+):)?\w+>", lambda found: "1" if found[1] == "int" else NOBODYS, path), entry.callback


PAGES = list(pages())


def test_every_page_names_its_permission() -> None:
    assert len(PAGES) > 5
    assert [path for path, view in PAGES if not hasattr(view, "permission")] == []


@pytest.mark.parametrize("role", Role)
def test_each_role_at_each_page(team: Team, role: Role) -> None:
    member = team.member(role)
    for path, view in PAGES:
        for method in (member.get, member.post):
            answer = method(path)
            if view.permission is None or may(role, view.permission):
                assert answer.status_code not in {403, 500}, (path, method, answer.status_code)
                continue
            assert answer.status_code == 403, (path, method, answer.status_code)
            assert "Your role does not allow this" in shown(answer), path


def test_visitors_are_led_to_the_sign_in() -> None:
    stranger = Visitor()
    for path, _view in PAGES:
        answer = stranger.get(path)
        assert (answer.status_code, answer.headers["Location"].partition("?")[0]) == (302, "/account/login/"), path


def test_people_without_a_tenant_are_led_to_their_account() -> None:
    alone = person()
    alone.sign_in()
    assert alone.get("/console/").headers["Location"] == "/account/"


def test_test_mode_is_a_band_on_every_page(team: Team) -> None:
    owner = team.member()
    assert 'class="test-band"' not in shown(owner.get("/console/settings/"))
    assert (
        owner.post("/console/mode", mode="test", next="/console/settings/").headers["Location"] == "/console/settings/"
    )
    assert 'class="test-band"' in shown(owner.get("/console/settings/"))
    assert owner.post("/console/mode", mode="live", next="//evil.example").headers["Location"] == "/console/playground/"
    assert 'class="test-band"' not in shown(owner.get("/console/settings/"))
