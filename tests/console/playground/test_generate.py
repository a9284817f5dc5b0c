"""From the form to a generation: what is asked for and refused, what it costs, and that a click is one request."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from accounts.actor import SYSTEM
from accounts.idempotency.errors import KeyInProgress
from accounts.idempotency.keyed_request import keyed_begin
from accounts.keys.services import console_key
from accounts.models import Role
from billing.budgets.services import budget_create
from cavendish.above.console.playground import accepting
from cavendish.db import ids
from cavendish.db.router import acting_as
from cavendish.db.tenancy import tenant_context
from generations.models import Generation, GenerationContent, GenerationTag
from tests.console.colleagues import Team, join, scripted
from tests.console.playground.made import PLAYGROUND, generation_of, make_result, output_of, public
from tests.factories import PRO, make_tenant
from tests.people.visitors import Visitor, shown
from tests.request.media_files import png

GENERATE = f"{PLAYGROUND}generate"


def form(**values: object) -> dict[str, object]:
    """What a browser sends of the form beside these values."""
    return {"form": "1", "model": "gemini-3.1-flash-image", "size": "1K", "n": "1", **values}


def request_of(owner: Visitor, location: str) -> dict[str, object]:
    with acting_as("owner"):
        request: dict[str, object] = GenerationContent.objects.get(pk=generation_of(location)).request
    return request


def test_a_form_becomes_the_request_of_the_api_for_the_person_and_the_console(team: Team) -> None:
    developer = team.member(Role.DEVELOPER)
    answer = developer.post(
        GENERATE,
        **form(
            prompt="A lighthouse", ratio="16:9", size="2K", search=["web_search", "image_search"], thinking="high",
            system="Be brief", seed="7", format="image/jpeg", tags="spring, 日本",
        ),
    )  # fmt: skip
    assert answer.status_code == 302
    assert request_of(developer, answer.headers["Location"]) == {
        "model": "gemini-3.1-flash-image",
        "input": "A lighthouse",
        "response_format": [
            {"type": "text"},
            {"type": "image", "aspect_ratio": "16:9", "image_size": "2K", "mime_type": "image/jpeg"},
        ],
        "tools": [{"type": "google_search", "search_types": ["web_search", "image_search"]}],
        "generation_config": {"thinking_level": "high", "seed": 7},
        "system_instruction": "Be brief",
    }
    with acting_as("owner"):
        row = Generation.objects.get(id=generation_of(answer.headers["Location"]))
        tags = list(GenerationTag.objects.filter(generation_id=row.id).order_by("id").values_list("tag", flat=True))
    assert (row.member_id, row.api_key_id) == (
        developer.user.id,
        console_key(tenant_id=team.tenant.id, livemode=True).id,
    )
    assert tags == ["spring", "日本"]


def test_a_double_click_is_one_request_and_a_changed_form_another(team: Team) -> None:
    owner = team.member()
    once = form(prompt="A pier", once="abc123")
    first, second = owner.post(GENERATE, **once), owner.post(GENERATE, **once)
    assert first.headers["Location"] == second.headers["Location"]
    changed = owner.post(GENERATE, **{**once, "prompt": "A pier at night"})
    assert changed.headers["Location"] != first.headers["Location"]


def test_variants_are_one_group_and_their_page_shows_each(team: Team) -> None:
    owner = team.member()
    answer = owner.post(GENERATE, **form(prompt="A pier", n="3"))
    with acting_as("owner"):
        row = Generation.objects.get(id=generation_of(answer.headers["Location"]))
        assert Generation.objects.filter(group_id=row.group_id).count() == 3
    page = shown(owner.get(answer.headers["Location"]))
    assert re.findall(r"<b>(Variant \d)</b>", page) == ["Variant 1", "Variant 2", "Variant 3"]
    assert owner.post(f"{answer.headers['Location']}/cancel").status_code == 302
    with acting_as("owner"):
        assert set(Generation.objects.filter(group_id=row.group_id).values_list("status", flat=True)) == {"canceled"}


def test_nothing_that_was_typed_is_lost_by_a_wrong_value(team: Team) -> None:
    answer = team.member().post(GENERATE, **form(prompt="A pier", seed="seven", system="Be brief", ratio="21:9"))
    page = shown(answer)
    assert answer.status_code == 422
    assert "A seed is a whole number." in page
    assert "\nA pier</textarea>" in page
    assert "\nBe brief</textarea>" in page
    assert re.search(r'name="ratio" value="21:9" checked', page)


def test_an_empty_prompt_is_asked_for(team: Team) -> None:
    answer = team.member().post(GENERATE, **form(prompt="  "))
    assert (answer.status_code, "Write what the picture should show." in shown(answer)) == (422, True)


def test_who_may_only_read_sees_results_and_no_form(team: Team) -> None:
    viewer = team.member(Role.VIEWER)
    made = public(make_result(team.tenant, "A pier"))
    for address in ("", made):
        page = shown(viewer.get(PLAYGROUND + address))
        assert 'id="ask"' not in page
        assert "Generate" not in page
    assert "A pier" in page
    assert viewer.post(GENERATE, **form(prompt="A pier")).status_code == 403


@pytest.mark.parametrize("balance", [0])
def test_a_balance_that_is_too_low_is_said_with_who_can_help(balance: int) -> None:
    team = Team(make_tenant(balance=balance))
    page = shown(team.member().post(GENERATE, **form(prompt="A pier")))
    assert "The balance is too low" in page
    assert 'href="/console/billing/top-up/">Top up</a>' in page
    page = shown(team.member(Role.DEVELOPER).post(GENERATE, **form(prompt="A pier")))
    assert "Ask an owner or somebody with the role Billing to top up." in page
    assert "\nA pier</textarea>" in page


def test_a_budget_that_is_used_up_says_how_much_and_when_it_begins_anew() -> None:
    team = Team()
    owner = team.member()
    with acting_as("operator"):
        budget_create(
            tenant_id=team.tenant.id, scope="tenant", scope_id=team.tenant.id, period="month", metric="money",
            limit=Decimal("0.01"), hard=True, livemode=True, actor=SYSTEM,
        )  # fmt: skip
    page = shown(owner.post(GENERATE, **form(prompt="A pier")))
    assert "This tenant&#x27;s monthly budget is used up" in page
    assert "of $0.01 are used" in page
    assert "It resets on" in page


def test_a_policy_that_nobody_accepted_leads_owners_to_it_and_tells_others_whom_to_ask() -> None:
    team = Team(make_tenant(policy_version="", policy_accepted_at=None))
    page = shown(team.member().post(GENERATE, **form(prompt="A pier")))
    assert 'href="/account/policy/">Read and accept the use policy</a>' in page
    page = shown(team.member(Role.DEVELOPER).post(GENERATE, **form(prompt="A pier")))
    assert "An owner accepts it once for the whole tenant; ask one." in page
    tester = team.member(Role.DEVELOPER)
    tester.post("/console/mode", mode="test")
    assert tester.post(GENERATE, **form(prompt="A pier")).status_code == 302


def test_test_mode_is_free_and_apart(team: Team) -> None:
    tester = join(team.tenant, Role.DEVELOPER)
    tester.post("/console/mode", mode="test")
    assert "Generate · free" in shown(tester.get(PLAYGROUND))
    answer = tester.post(GENERATE, **form(prompt="A jetty"))
    with acting_as("owner"):
        assert Generation.objects.get(id=generation_of(answer.headers["Location"])).livemode is False
    tester.post("/console/mode", mode="live")
    page = shown(tester.get(answer.headers["Location"]))
    assert "That result is from test mode; this is live mode." in page
    assert "A jetty" not in page
    assert 'name="mode" value="test">Switch to test' in page


def test_the_quote_follows_the_form_and_its_parts_are_its_sum(team: Team) -> None:
    owner = team.member()
    quote = shown(scripted(owner, f"{PLAYGROUND}quote", **form(prompt="A pier", search="web_search", n="2")))
    whole = Decimal(re.search(r"Generate · \$([\d.]+)", quote)[1])  # type: ignore[index]
    parts = re.findall(r"([\d.]+)\xa0(pictures|tokens|search)", quote)
    assert [name for _, name in parts] == ["pictures", "tokens", "search"]
    assert sum(Decimal(amount) for amount, _ in parts) == whole
    assert "1024 × 1024 pixels" in quote
    empty = shown(scripted(owner, f"{PLAYGROUND}quote", **form()))
    assert "Generate · $" in empty
    wrong = shown(scripted(owner, f"{PLAYGROUND}quote", **form(prompt="A pier", seed="seven")))
    assert "A seed is a whole number." in wrong


def test_a_model_changes_what_the_form_offers_and_keeps_what_was_typed(team: Team) -> None:
    owner = team.member()
    values = form(prompt="A pier", size="512", ratio="8:1", search="image_search")
    page = shown(scripted(owner, f"{PLAYGROUND}form", **{**values, "model": PRO}))
    assert 'value="512"' not in page
    assert "image_search" not in page
    assert 'value="8:1"' not in page
    assert "\nA pier</textarea>" in page
    assert re.search(r'name="size" value="1K" checked', page)


def test_a_file_is_uploaded_and_goes_along_with_its_role(team: Team) -> None:
    owner = team.member()
    upload = f"{PLAYGROUND}upload"
    row = shown(scripted(owner, upload, file=SimpleUploadedFile("owl.png", png(30, 20), "image/png"), model=PRO))
    (id,) = re.findall(r'name="reference" value="(file_\w+)"', row)
    assert "30 × 20" in row
    assert "Style" in row
    whole = owner.post(upload, **form(prompt="A pier", file=SimpleUploadedFile("owl.png", png(30, 20), "image/png")))
    assert "\nA pier</textarea>" in shown(whole)
    bad = shown(scripted(owner, upload, file=SimpleUploadedFile("notes.txt", b"no picture", "text/plain")))
    assert "notes.txt:" in bad
    answer = owner.post(GENERATE, **form(prompt="As a stamp", reference=id, role="object", kind="image"))
    assert request_of(owner, answer.headers["Location"])["input"] == [
        {"type": "text", "text": "As a stamp"},
        {"type": "image", "file_id": id, "role": "object"},
    ]


def test_a_picture_of_the_gallery_is_a_reference_and_another_tenants_is_none(team: Team) -> None:
    owner = team.member()
    mine, theirs = output_of(make_result(team.tenant)), output_of(make_result(make_tenant()))
    assert f'value="{mine}"' in shown(owner.get(f"{PLAYGROUND}?reference={mine}"))
    assert f'value="{theirs}"' not in shown(owner.get(f"{PLAYGROUND}?reference={theirs}"))
    answer = owner.post(GENERATE, **form(prompt="As a stamp", reference=theirs))
    assert (answer.status_code, "A reference was deleted. Remove it." in shown(answer)) == (422, True)
    assert mine in shown(owner.get(f"{PLAYGROUND}pictures"))


def test_a_template_is_filled_in_or_turned_into_text(team: Team) -> None:
    owner = team.member()
    page = shown(owner.get(f"{PLAYGROUND}?template=style_transfer"))
    assert 'name="slot-' in page
    slots = dict(re.findall(r'name="slot-([^"]+)" value="([^"]*)"', page))
    values = {f"slot-{name}": f"my {name}" for name in slots}
    text = shown(owner.post(GENERATE, **form(template="style_transfer", step="text", **values)))
    assert all(f"my {name}" in text for name in slots)
    assert 'id="prompt"' in text
    answer = owner.post(GENERATE, **form(template="style_transfer", language="en", **values))
    request = request_of(owner, answer.headers["Location"])
    assert request["template"]["id"] == "style_transfer"  # type: ignore[index]
    missing = owner.post(GENERATE, **form(template="style_transfer", **{**values, next(iter(values)): ""}))
    assert missing.status_code == 422
    assert "Fill in “" in shown(missing)


def test_an_address_fills_the_form_in(team: Team) -> None:
    page = shown(team.member().get(f"{PLAYGROUND}?prompt=A+pier&model={PRO}&size=4K&ratio=9:16"))
    assert "\nA pier</textarea>" in page
    for name, value in (("size", "4K"), ("ratio", "9:16"), ("model", PRO)):
        assert re.search(f'name="{name}"[^>]* value="{value}" checked', page), name


def test_flash_is_chosen_at_first(team: Team) -> None:
    assert re.search('name="model"[^>]* value="gemini-3.1-flash-image" checked', shown(team.member().get(PLAYGROUND)))


def test_what_another_tenant_made_is_found_by_nobody(team: Team) -> None:
    theirs = public(make_result(make_tenant()))
    owner = team.member()
    for path in (theirs, f"{theirs}/run", f"{theirs}/cancel", f"{theirs}/repeat"):
        assert owner.post(PLAYGROUND + path).status_code == 404, path
    answer = owner.post(GENERATE, **form(prompt="Now at night", **{"from": theirs}))
    assert (answer.status_code, "The previous turn was deleted. Start anew." in shown(answer)) == (422, True)
    with tenant_context(team.tenant.id):
        assert not Generation.objects.filter(previous_id=ids.decode(ids.GENERATION, theirs)).exists()


@pytest.mark.parametrize(
    "query",
    ["n=x&seed=%00&tags=%00,a", "edit=gen_x", "from=gen_x", "template=nope", "template=tpl_x", "reference=out_x",
     "model=x&size=9K&ratio=1", "prompt=%00%F0%9F%8D%8C", "step=remove:x", "slot-a=1"],
)  # fmt: skip
def test_addresses_that_make_no_sense_still_show_the_form(team: Team, query: str) -> None:
    assert team.member().get(f"{PLAYGROUND}?{query}").status_code in {200, 302}
    assert team.member().get(f"{PLAYGROUND}quote?{query}").status_code == 200
    assert team.member().get(f"{PLAYGROUND}compare?ids={query}").status_code == 200


def test_what_cannot_be_stored_is_refused_beside_its_field(team: Team) -> None:
    answer = team.member().post(GENERATE, **form(prompt="a\x00b", tags="\x00, \ufdfa" + "\ufdfa" * 40))
    assert answer.status_code == 422
    ok = team.member().post(GENERATE, **form(prompt="A pier", tags="\x00, \ufdfa" + "\ufdfa" * 40))
    assert ok.status_code == 302
    assert team.member().post(GENERATE, **form(prompt="x" * 700_000)).status_code == 422


@pytest.mark.parametrize("text", ["a/b", "https://example.com/", '"><script>', "..", "gen_1/run"])
def test_a_turn_before_that_is_no_generation_is_refused_beside_the_form(team: Team, text: str) -> None:
    owner = team.member()
    sent = form(prompt="a cat", **{"from": text})
    answer = owner.post(GENERATE, **sent)
    assert answer.status_code == 422
    assert "/console/playground/%22" not in shown(answer)
    for path in ("form", "quote", "upload"):
        assert owner.post(f"{PLAYGROUND}{path}", **sent).status_code in {200, 422}, path


def test_a_second_click_waits_for_the_first_and_leads_to_its_picture(
    team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = team.member()
    running: list[str] = []

    def begin(**given: Any) -> Any:
        if len(running) < 2:
            running.append(given["key"])
            raise KeyInProgress
        return keyed_begin(**given)

    monkeypatch.setattr(accepting, "keyed_begin", begin)
    assert owner.post(GENERATE, **form(prompt="a cat twice", once="twice")).status_code == 302
    assert len(running) == 2
    running.clear()
    monkeypatch.setattr(accepting, "MAX_WAIT_SECONDS", 0.0)
    assert owner.post(GENERATE, **form(prompt="a cat for long", once="long")).status_code == 422
