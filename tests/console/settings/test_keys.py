"""API keys: created with bounds, shown once, changed, rotated, revoked; and the console's own."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.keys.services import console_key
from accounts.models import ApiKey, Role
from cavendish.db.router import acting_as
from tests.console.colleagues import Team
from tests.console.settings.addresses import SETTINGS, actions, do, done, key_id, page, secret_of
from tests.factories import make_key, make_tenant
from tests.people.visitors import Visitor, shown

NEW: dict[str, Any] = {"name": "Shop", "mode": "live", "scopes": ["generate", "read"]}


def made(team: Team, name: str = "Shop") -> ApiKey:
    with acting_as("operator"):
        row: ApiKey = ApiKey.objects.filter(tenant=team.tenant, name=name).order_by("-id")[0]
    return row


def test_a_key_is_created_with_its_bounds_and_shown_once(team: Team) -> None:
    owner = team.member()
    answer = do(
        owner, "keys/new/", **NEW, allowed_models=["gemini-3.1-flash-image"], ip_ranges="203.0.113.0/24\n2001:db8::1",
        expires_at="2030-01-02", images_per_minute="10",
    )  # fmt: skip
    secret = secret_of(answer)
    key = made(team)
    assert secret.startswith(key.prefix)
    for words in ("stored nowhere", "pip install google-genai", f"Authorization: Bearer {secret}", "openai.OpenAI("):
        assert words in shown(answer).replace("&quot;", '"'), words
    assert (key.livemode, key.scopes, key.images_per_minute) == (True, ["generate", "read"], 10)
    assert (key.ip_ranges, key.allowed_models) == (["203.0.113.0/24", "2001:db8::1/128"], ["gemini-3.1-flash-image"])
    assert key.expires_at is not None
    listed, own = page(owner, "keys/"), page(owner, f"keys/{key_id(key.id)}/")
    for shown_page in (listed, own):
        assert secret not in shown_page
        assert "10 pictures a minute" in shown_page
    assert "created the key" in own


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"ip_ranges": "here"}, "is not an IP address or range"),
        ({"expires_at": "2020-01-01"}, "This time has passed"),
        ({"mode": "test", "scopes": ["settings"]}, "A test key cannot have the scope"),
        ({"name": " "}, "This field is required"),
    ],
)
def test_what_cannot_be_is_said_beside_its_field(team: Team, values: dict[str, Any], words: str) -> None:
    refused = shown(do(team.member(), "keys/new/", **{**NEW, "name": "Never", **values}))
    assert words in refused
    with acting_as("operator"):
        assert not ApiKey.objects.filter(tenant=team.tenant, name="Never").exists()


def test_nobody_gives_a_key_more_than_they_have(team: Team) -> None:
    developer = team.member(Role.DEVELOPER)
    form = shown(developer.get(f"{SETTINGS}keys/new/"))
    assert 'value="webhooks"' in form
    assert 'value="billing"' not in form
    assert "is not one of the available choices" in shown(do(developer, "keys/new/", **{**NEW, "scopes": ["billing"]}))
    strong, _secret = make_key(team.tenant)
    refused = shown(do(developer, f"keys/{key_id(strong.id)}/rotate/", overlap="0"))
    assert "You cannot grant: audit, billing, members, settings." in refused
    assert "is revoked" in done(developer, f"keys/{key_id(strong.id)}/revoke/", reason="too strong")


def test_a_key_is_changed_and_what_was_not_touched_stays(team: Team) -> None:
    owner = team.member()
    do(owner, "keys/new/", **{**NEW, "name": "Old"}, expires_at="2030-01-02")
    before = made(team, "Old")
    values = {"name": "New", "scopes": ["generate", "read"], "expires_at": "2030-01-02", "requests_per_minute": "5"}
    assert "Saved." in done(owner, f"keys/{key_id(before.id)}/change/", **values)
    after = made(team, "New")
    assert (after.id, after.requests_per_minute, after.expires_at) == (before.id, 5, before.expires_at)
    assert actions(team.tenant)[-1] == "api_key.changed"


def test_a_key_is_rotated_with_the_chosen_overlap_and_revoked(team: Team) -> None:
    owner = team.member()
    key, old = make_key(team.tenant)
    new = secret_of(do(owner, f"keys/{key_id(key.id)}/rotate/", overlap="3600"))
    assert new != old
    assert "The secret before the last rotation works until" in page(owner, f"keys/{key_id(key.id)}/")
    assert "The previous secret works until" in shown(do(owner, f"keys/{key_id(key.id)}/rotate/", overlap="3600"))
    secret_of(do(owner, f"keys/{key_id(key.id)}/rotate/", overlap="0"))
    form = shown(owner.get(f"{SETTINGS}keys/{key_id(key.id)}/revoke/"))
    assert f"Revoke {key.name}" in form
    done(owner, f"keys/{key_id(key.id)}/revoke/", reason="lost")
    assert key_id(key.id) not in page(owner, "keys/")
    assert key_id(key.id) in page(owner, "keys/?state=revoked")


def test_the_consoles_key_is_limited_and_nothing_else(team: Team) -> None:
    owner = team.member()
    key = console_key(tenant_id=team.tenant.id, livemode=True)
    own = page(owner, f"keys/{key_id(key.id)}/")
    assert "What people do in the console counts for this key." in own
    assert "/rotate/" not in own
    for act in ("rotate", "revoke"):
        assert owner.get(f"{SETTINGS}keys/{key_id(key.id)}/{act}/").status_code == 404
    done(owner, f"keys/{key_id(key.id)}/change/", images_per_minute="3")
    with acting_as("operator"):
        row = ApiKey.objects.get(id=key.id)
    assert (row.images_per_minute, row.name, row.is_console) == (3, "Console", True)


def test_the_consoles_key_has_a_name_in_chinese(team: Team) -> None:
    owner, key = team.member(), console_key(tenant_id=team.tenant.id, livemode=True)
    for path in ("keys/", f"keys/{key_id(key.id)}/", "guard/new/words/"):
        shown = owner.get(f"{SETTINGS}{path}", **{"Accept-Language": "zh-CN"}).content.decode()
        assert ">控制台<" in shown, path
        assert ">Console<" not in shown, path


def test_keys_are_listed_by_mode_and_other_tenants_are_elsewhere(team: Team) -> None:
    owner = team.member()
    live, _secret = make_key(team.tenant)
    test, _secret = make_key(team.tenant, livemode=False)
    foreign, _secret = make_key(make_tenant())
    listed = page(owner, "keys/")
    assert key_id(live.id) in listed
    assert key_id(test.id) not in listed
    owner.post("/console/mode", mode="test", next=SETTINGS)
    assert key_id(test.id) in page(owner, "keys/")
    owner.post("/console/mode", mode="live", next=SETTINGS)
    for act in ("", "change/", "rotate/", "revoke/"):
        assert owner.get(f"{SETTINGS}keys/{key_id(foreign.id)}/{act}").status_code == 404


def test_without_a_script_a_key_takes_two_pages(team: Team) -> None:
    owner: Visitor = team.member()
    answer = owner.post(f"{SETTINGS}keys/new/", **{**NEW, "name": "Plain"}, confirm="1")
    secret_of(answer)
    assert "<h1" in shown(answer)
    assert 'aria-label="Settings"' in shown(answer)
