"""A result's page: its turns and variants, what can be made of it next, and its request as code."""

from __future__ import annotations

import json
import re

from accounts.models import Role
from cavendish.db.router import acting_as
from generations.models import Generation, GenerationContent
from tests.console.colleagues import Team, scripted
from tests.console.playground.made import PLAYGROUND, generation_of, make_result, output_of, public
from tests.factories import queue_clear, submit_generation
from tests.people.visitors import shown


def test_turns_stand_in_their_order_and_the_form_goes_on_from_the_one_shown(team: Team) -> None:
    owner = team.member()
    first = make_result(team.tenant, "A pier")
    second = make_result(team.tenant, "At night", previous_generation_id=public(first))
    third = make_result(team.tenant, "With snow", previous_generation_id=public(second))
    page = shown(owner.get(PLAYGROUND + public(second)))
    assert re.findall(r"<b>(Turn \d)</b>", page) == ["Turn 1", "Turn 2", "Turn 3"]
    assert re.search(rf'href="{PLAYGROUND}{public(second)}" aria-current="step"', page)
    assert f'name="from" value="{public(second)}"' in page
    assert "Goes on from <b>turn 2</b>" in page
    compared = shown(owner.get(f"{PLAYGROUND}compare?ids={public(first)},{public(third)}"))
    assert "A pier" in compared
    assert "With snow" in compared


def test_going_on_makes_the_next_turn(team: Team) -> None:
    owner = team.member()
    first = make_result(team.tenant, "A pier")
    assert owner.get(f"{PLAYGROUND}?from={public(first)}").headers["Location"] == f"{PLAYGROUND}{public(first)}#prompt"
    answer = owner.post(
        f"{PLAYGROUND}generate", form="1", prompt="At night", model="gemini-3.1-flash-image", **{"from": public(first)}
    )
    with acting_as("owner"):
        assert Generation.objects.get(id=generation_of(answer.headers["Location"])).previous_id == first


def test_what_runs_is_followed_and_a_look_at_what_did_not_change_is_empty(team: Team) -> None:
    owner = team.member()
    queue_clear()
    waiting = public(submit_generation(team.tenant, "A pier"))
    page = shown(owner.get(PLAYGROUND + waiting))
    assert "Queued, next in line" in page
    (look,) = re.findall(r'hx-get="([^"]+/run\?seen=\w+)"', page)
    assert scripted(owner, look).status_code == 204
    assert owner.post(f"{PLAYGROUND}{waiting}/cancel").status_code == 302
    changed = scripted(owner, look)
    assert (changed.status_code, "Canceled" in shown(changed)) == (200, True)
    assert "A pier</textarea>" in shown(owner.get(PLAYGROUND + waiting))


def test_a_result_is_repeated_at_4k_and_a_draft_is_finished(team: Team) -> None:
    owner = team.member()
    shape = [{"type": "text"}, {"type": "image", "image_size": "512", "aspect_ratio": "16:9"}]
    draft = make_result(team.tenant, "A pier", response_format=shape)
    page = shown(owner.get(PLAYGROUND + public(draft)))
    assert re.search(r"Repeat at 4K · \$0\.\d{4}", page)
    assert re.search(r"Finish at 4K · \$0\.\d{4}", page)
    repeat = {"once": "r1", "how": "repeat"}
    answers = [owner.post(f"{PLAYGROUND}{public(draft)}/repeat", **repeat) for _ in range(2)]
    assert answers[0].headers["Location"] == answers[1].headers["Location"]
    again = generation_of(answers[0].headers["Location"])
    finish = owner.post(f"{PLAYGROUND}{public(draft)}/repeat", how="finish", once="f1")
    with acting_as("owner"):
        rows = {row.id: row for row in Generation.objects.filter(tenant=team.tenant)}
        asked = GenerationContent.objects.get(pk=again).request
    finished = rows[generation_of(finish.headers["Location"])]
    assert (rows[again].image_size, rows[again].previous_id, asked["input"]) == ("4K", None, "A pier")
    assert (finished.image_size, finished.aspect_ratio, finished.previous_id) == ("4K", "16:9", draft)


def test_editing_fills_the_form_with_the_request_as_it_was(team: Team) -> None:
    made = make_result(
        team.tenant,
        "A pier",
        response_format=[{"type": "image", "aspect_ratio": "21:9", "image_size": "2K"}],
        generation_config={"thinking_level": "high", "seed": 5},
        system_instruction="Be brief",
    )
    page = shown(team.member().get(f"{PLAYGROUND}?edit={public(made)}"))
    assert "\nA pier</textarea>" in page
    assert "\nBe brief</textarea>" in page
    assert re.search(r'name="ratio" value="21:9" checked', page)
    assert re.search(r'name="size" value="2K" checked', page)
    assert 'name="seed" inputmode="numeric" value="5"' in page
    assert "Goes on from" not in page


def test_the_request_stands_as_code(team: Team) -> None:
    made = make_result(team.tenant, 'A "pier" isn\'t a bridge')
    page = shown(team.member().get(PLAYGROUND + public(made)))
    copies = dict(re.findall(r'class="code-pane code-(\w+)"><button[^>]*data-copy="([^"]*)"', page))
    assert list(copies) == ["curl", "python", "javascript", "openai"]
    sent = re.search(r"&lt;&lt;&#x27;JSON&#x27;\n(.*)\nJSON", copies["curl"], re.DOTALL)
    assert sent is not None
    text = sent[1].replace("&quot;", '"').replace("&#x27;", "'")
    assert json.loads(text)["input"] == 'A "pier" isn\'t a bridge'
    for name in ("python", "openai"):
        code = copies[name].replace("&quot;", '"').replace("&#x27;", "'").replace("&gt;", ">").replace("&amp;", "&")
        compile(code, name, "exec")


def test_the_original_is_downloaded_under_a_name_of_its_prompt(team: Team) -> None:
    made = make_result(team.tenant, "A pier at night, blue")
    output = output_of(made)
    path = f"{PLAYGROUND}outputs/{output}/download"
    for role in (Role.OWNER, Role.VIEWER):
        answer = team.member(role).get(path)
        name = f'attachment; filename="a-pier-at-night-blue-{output[-8:]}.png"'
        assert (answer.status_code, answer.headers["Content-Disposition"]) == (200, name)


def test_a_stream_is_opened_by_a_token_of_the_mode(team: Team) -> None:
    answer = team.member(Role.VIEWER).get(f"{PLAYGROUND}token")
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.json()["token"].count(":") == 2
