"""An empty tenant is led to its first picture, its first key and its first call, as far as each role may go."""

from __future__ import annotations

import html
import re
import secrets
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import pytest
from django.db import connections

from accounts.models import ApiKey, Role, Tenant
from cavendish.db.router import acting_as
from cavendish.db.tenancy import tenant_context
from generations.models import Generation
from tests.console.colleagues import Team
from tests.factories import make_key, make_tenant, queue_clear, submit_generation
from tests.generations.helpers import claim_one, finish, register, succeeded
from tests.people.visitors import Visitor, extract, shown

START = "/console/start/"


def fresh(**settings: Any) -> Team:
    """A tenant that nobody has done anything in, and whose live mode cannot run yet."""
    return Team(make_tenant(balance=0, policy_version="", policy_accepted_at=None, **settings))


def jobs(tenant: Tenant) -> list[Generation]:
    with tenant_context(tenant.id):
        return list(Generation.objects.filter(tenant_id=tenant.id).order_by("id"))


def keys(tenant: Tenant) -> list[ApiKey]:
    with acting_as("operator"):
        return list(ApiKey.objects.filter(tenant=tenant, is_console=False))


def make_picture(tenant: Tenant, generation_id: UUID) -> None:
    """What a worker does, with a picture of which only the row is there."""
    job = claim_one(register())
    assert job.id == generation_id
    with connections["owner"].cursor() as cursor:
        cursor.execute(
            """INSERT INTO generations_output (id, tenant_id, generation_id, part, index, mime_type, width, height,
                   bytes, sha256, tokens, c2pa, sandbox, storage_key)
               VALUES (gen_random_uuid(), %s, %s, 'output', 0, 'image/png', 1024, 1024, 9, %s, 0, false, true, %s)""",
            [tenant.id, generation_id, secrets.token_hex(32), secrets.token_hex(8)],
        )
    assert finish(job, succeeded(job)) == "ended"


def click(visitor: Visitor, path: str, **data: str) -> Any:
    """What a browser sends for a form without files."""
    form = "application/x-www-form-urlencoded"
    visitor.page = visitor.client.post(START + path, urlencode(data), content_type=form)
    return visitor.page


def arrivals(visitor: Visitor) -> Any:
    """What the page that was looked at last fetches by itself; None where it waits for nothing."""
    found = re.search(r'hx-get="([^"]*/arrivals[^"]*)"', visitor.page.content.decode())
    return visitor.client.get(html.unescape(found[1]), headers={"HX-Request": "true"}) if found else None


def test_who_begins_is_led_there_until_the_first_picture_or_a_skip() -> None:
    team = fresh()
    owner, billing, viewer = (team.member(role) for role in (Role.OWNER, Role.BILLING, Role.VIEWER))
    assert owner.get("/console/").headers["Location"] == START
    assert viewer.get("/console/").headers["Location"] == START
    assert billing.get("/console/").headers["Location"] == "/console/usage/", "who sees no pictures is not led to one"
    assert click(owner, "skip").headers["Location"] == "/console/"
    assert owner.get("/console/").headers["Location"] == "/console/playground/"
    submit_generation(team.tenant, livemode=False)
    assert viewer.get("/console/").headers["Location"] == "/console/playground/"


def test_the_way_to_the_first_call() -> None:
    queue_clear()
    team = fresh()
    owner = team.member()
    page = shown(owner.get(START))
    assert "Let’s make your first picture" in page
    assert "· free" in page, "without money the first picture is a sample"
    assert 'value="live"' not in page

    assert click(owner, "picture", prompt="A banana", mode="test", once="a").headers["Location"] == START
    assert click(owner, "picture", prompt="A banana", mode="test", once="a").status_code == 302
    [job] = jobs(team.tenant)
    assert not job.livemode
    assert "The picture is being made" in shown(owner.get(START))
    assert 'class="test-band"' in shown(owner.page), "what is made is shown where it is made"
    assert arrivals(owner).status_code == 204, "nothing has come"

    make_picture(team.tenant, job.id)
    part = arrivals(owner)
    assert part.status_code == 200
    assert "/console/playground/gen_" in shown(part)
    assert 'id="tick-1" hx-swap-oob' in shown(part)
    assert "Now a key for your program" in shown(owner.get(START))

    made = click(owner, "key", name="Shop", once="b")
    assert "no-store" in made.headers["Cache-Control"]
    secret = extract(r"<code>(cvd_test_\w+)</code>", shown(made))
    [key] = keys(team.tenant)
    assert (key.name, key.livemode, sorted(key.scopes)) == ("Shop", False, ["files", "generate", "read"])
    for program in ("curl ", "genai.Client(", "new GoogleGenAI(", "openai.OpenAI("):
        assert program in html.unescape(shown(made))
    assert shown(made).count(secret) > 4, "each program has the key in it"
    assert click(owner, "key", name="Shop", once="b").status_code == 302
    assert len(keys(team.tenant)) == 1
    assert secret not in shown(owner.get(START))

    assert "Waiting for your call" in shown(owner.page)
    assert arrivals(owner).status_code == 204
    called = submit_generation(team.tenant, livemode=False, key_id=key.id)
    assert "Your call is here" in shown(arrivals(owner))
    make_picture(team.tenant, called)
    assert "Your call arrived. You are set up" in shown(arrivals(owner))
    assert "Your call arrived. You are set up" in shown(owner.get(START))
    assert arrivals(owner) is None, "nothing is waited for any more"


def test_with_the_policy_and_money_the_first_picture_may_be_live() -> None:
    team = Team()
    owner = team.member()
    page = shown(owner.get(START))
    assert re.search(r"Generate · <span class=\"num\">\$0\.\d{4}", page)
    assert "When you go live" not in page
    click(owner, "picture", prompt="A banana", mode="live", once="a")
    [job] = jobs(team.tenant)
    assert job.livemode
    assert "cvd_live_" in shown(click(owner, "key", name="Live", once="b"))


def test_the_policy_is_a_step_for_owners() -> None:
    team = fresh()
    assert "An owner does this." in shown(team.member(Role.DEVELOPER).get(START))
    owner = team.member()
    assert "An owner does this." not in shown(owner.get(START))
    click(owner, "policy", version="2020-01")
    assert "Read and accept that version" in shown(owner.get(START))
    click(owner, "policy", version="2026-11")
    assert "The use policy is accepted" in shown(owner.get(START))
    assert click(team.member(Role.ADMIN), "policy", version="2026-11").status_code == 403


def test_a_viewer_is_told_whom_to_ask() -> None:
    team = fresh()
    team.member()
    viewer = team.member(Role.VIEWER)
    page = shown(viewer.get(START))
    assert "Ask Grace to make one" in page
    assert "<textarea" not in page
    assert "Owners, admins and developers create keys." in page
    assert click(viewer, "picture", prompt="A banana").status_code == 403
    assert click(viewer, "key").status_code == 403


@pytest.mark.parametrize("prompt", ["", "   "])
def test_an_empty_prompt_is_said_beside_it(prompt: str) -> None:
    team = fresh()
    page = click(team.member(), "picture", prompt=prompt, mode="test")
    assert page.status_code == 422
    assert "Write what the picture should show." in shown(page)
    assert jobs(team.tenant) == []


def test_a_refusal_is_said_in_words_and_keeps_the_prompt() -> None:
    team = fresh()
    page = click(team.member(), "picture", prompt="A blue banana", mode="live")
    assert page.status_code == 422
    assert "A blue banana" in shown(page)
    assert "policy" in shown(page).lower()
    assert jobs(team.tenant) == []


def test_a_failed_picture_leads_to_why_and_another_try() -> None:
    queue_clear()
    team = fresh()
    owner = team.member()
    submit_generation(team.tenant, livemode=False)
    queue_clear()
    page = shown(owner.get(START))
    assert "There is no picture" in page
    assert "See why" in page
    assert "<textarea" in page


def test_the_playground_reminds_of_the_next_step_until_a_program_has_called() -> None:
    team = fresh()
    owner = team.member()
    assert "Make your first picture" in shown(owner.get("/console/playground/"))
    submit_generation(team.tenant, livemode=False, key_id=make_key(team.tenant, livemode=False)[0].id)
    assert 'class="reminder"' not in shown(owner.get("/console/playground/"))
    assert 'class="reminder"' not in shown(fresh().member(Role.VIEWER).get("/console/playground/"))


def test_a_keys_name_loses_what_cannot_be_kept(team: Team) -> None:
    click(team.member(), "key", name="Shop\x00")
    assert keys(team.tenant)[0].name == "Shop\N{REPLACEMENT CHARACTER}"
