"""What was asked for, as it is read from a job's specification; and which turn of its conversation a job is."""

from __future__ import annotations

from cavendish.db import ids
from cavendish.db.tenancy import tenant_context
from generations.jobs.turns import conversation_tree, turn_numbers
from generations.show.prompts import asked_of, prompts_of
from tests.console.gallery.made import content_set, make_picture
from tests.factories import make_tenant


def test_a_prompt_is_the_last_step_of_a_person() -> None:
    tenant = make_tenant()
    plain, long = make_picture(tenant, "a cat"), make_picture(tenant, "茶" * 50)
    spoken, erased = make_picture(tenant), make_picture(tenant)
    steps = [
        {"type": "user_input", "content": [{"type": "text", "text": "first"}]},
        {"type": "model_output", "content": [{"type": "text", "text": "answer"}]},
        {
            "type": "user_input",
            "content": [
                {"type": "text", "text": "one"},
                {"type": "image", "file_id": "file_1"},
                {"type": "text", "text": "two"},
            ],
        },
    ]
    content_set(spoken, job_spec={"steps": steps, "system_instruction": "Quietly."})
    content_set(erased, job_spec={})
    jobs = [each.generation_id for each in (plain, long, spoken, erased)]
    with tenant_context(tenant.id):
        assert prompts_of(jobs, most=7) == dict(zip(jobs, ["a cat", "茶" * 7, "one\ntwo", ""], strict=True))
        asked = asked_of(jobs)
    assert (asked[jobs[2]].text, asked[jobs[2]].system_instruction) == ("one\ntwo", "Quietly.")
    assert asked[jobs[2]].media == [{"type": "image", "file_id": "file_1"}]
    assert (asked[jobs[3]].text, asked[jobs[3]].media) == ("", [])
    with tenant_context(make_tenant().id):
        assert not prompts_of(jobs, most=7)
        assert not asked_of(jobs)


def test_turns_are_counted_from_the_first() -> None:
    tenant = make_tenant()
    alone, first = make_picture(tenant), make_picture(tenant)
    second = make_picture(tenant, previous_generation_id=ids.encode(ids.GENERATION, first.generation_id))
    third = make_picture(tenant, previous_generation_id=ids.encode(ids.GENERATION, second.generation_id))
    jobs = [each.generation_id for each in (alone, first, second, third)]
    with tenant_context(tenant.id):
        assert turn_numbers(jobs) == dict(zip(jobs, [1, 1, 2, 3], strict=True))
        assert turn_numbers(jobs, most=2)[jobs[3]] == 2
        assert conversation_tree(alone.generation_id) is None
        found = conversation_tree(second.generation_id)
    assert found is not None
    assert (found.turns, found.is_cut) == (3, False)
    assert found.first.generation.id == first.generation_id
    assert [turn.generation.id for turn in found.first.next] == [second.generation_id]
    assert found.first.next[0].picture is not None
