"""The list of jobs: its filters, its rows, and those that move."""

from __future__ import annotations

import pytest

from accounts.models import Role
from cavendish.db import ids
from generations.errors import ErrorCode
from generations.labels.services import generation_tag
from tests.console.colleagues import Team
from tests.console.jobs.stored import picture_add, run
from tests.factories import PRO, make_key, make_tenant, queue_clear, submit_generation
from tests.people.visitors import shown

LIST = "/console/jobs/"


@pytest.fixture(scope="module")
def jobs(team: Team) -> dict[str, str]:
    """Jobs of several kinds by what they are, as public ids."""
    queue_clear()
    tenant, made = team.tenant, {}
    made["failed"] = submit_generation(tenant, "a failing cat")
    run(fail=ErrorCode.UPSTREAM_UNAVAILABLE)
    key = make_key(tenant)[0]
    made["tagged"] = submit_generation(tenant, "a tagged cat", key_id=key.id, model=PRO)
    made["by member"] = submit_generation(tenant, "a cat of Ada's", member_id=team.member(Role.DEVELOPER).user.id)
    run()
    picture_add(tenant, made["tagged"], b"picture")
    generation_tag(tenant_id=tenant.id, generation_id=made["tagged"], livemode=True, tags=["Winter"])
    made["test"] = submit_generation(tenant, "a test cat", livemode=False)
    made["queued"] = submit_generation(tenant, "a patient <cat>")
    made["foreign"] = submit_generation(make_tenant(), "somebody else's cat")
    public = {name: ids.encode(ids.GENERATION, id) for name, id in made.items()}
    return {**public, "key": ids.encode(ids.API_KEY, key.id)}


def test_the_newest_stands_first_and_only_ones_own_of_the_mode(team: Team, jobs: dict[str, str]) -> None:
    page = shown(team.member().get(LIST))
    places = [page.index(f'id="{jobs[name]}"') for name in ("queued", "by member", "tagged", "failed")]
    assert places == sorted(places)
    assert "a patient &lt;cat&gt;" in page
    assert "Google did not answer" in page
    assert jobs["test"] not in page
    assert jobs["foreign"] not in page


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("status=failed", {"failed"}),
        ("status=queued", {"queued"}),
        ("error_code=upstream_unavailable", {"failed"}),
        ("error_code=no_image", set()),
        (f"model={PRO}", {"tagged"}),
        ("tag=winter", {"tagged"}),
        ("tag=%20WINTER%20", {"tagged"}),
        ("key_id={key}", {"tagged"}),
        ("member_id={member}", {"by member"}),
        ("status=succeeded&tag=winter&since=2020-01-01", {"tagged"}),
        ("until=2020-01-01", set()),
        (f"batch_id={ids.BATCH}_{'0' * 12}7000800000000000000", set()),
    ],
)
def test_filters_stand_in_the_address(team: Team, jobs: dict[str, str], query: str, found: set[str]) -> None:
    member = ids.encode(ids.USER, team.member(Role.DEVELOPER).user.id)
    address = f"{LIST}?{query.format(key=jobs['key'], member=member)}"
    answer = team.member().get(address)
    page = shown(answer)
    if answer.status_code == 400:
        assert found == set()
        return
    assert {name for name in jobs if f'id="{jobs[name]}"' in page} == found
    if not found:
        assert "Nothing matches these filters." in page


@pytest.mark.parametrize("query", ["status=lost", "tag=" + "x" * 60, "batch_id=gen_1", "key_id=key_1", "since=never"])
def test_a_filter_that_cannot_be_is_named(team: Team, jobs: dict[str, str], query: str) -> None:
    answer = team.member().get(f"{LIST}?{query}")
    assert answer.status_code == 400
    assert 'aria-invalid="true"' in shown(answer)


def test_rows_that_run_are_asked_for_alone(team: Team, jobs: dict[str, str]) -> None:
    owner = team.member()
    assert f"{LIST}rows?id={jobs['queued']}" in shown(owner.get(LIST))
    rows = shown(owner.get(f"{LIST}rows?id={jobs['queued']}&id={jobs['failed']}&id={jobs['foreign']}&id=rubbish"))
    assert rows.count("hx-swap-oob") == 2
    assert f"rows?id={jobs['queued']}" in rows
    assert jobs["foreign"] not in rows
    assert "hx-trigger" not in shown(owner.get(f"{LIST}rows?id={jobs['failed']}"))


def test_a_picture_is_shown_small_on_the_own_host(team: Team, jobs: dict[str, str]) -> None:
    page = shown(team.member().get(f"{LIST}?tag=winter"))
    assert '<img src="/api/v1/outputs/out_' in page


def test_an_empty_list_says_what_to_do_next() -> None:
    page = shown(Team().member().get(LIST))
    assert "No jobs yet." in page
    assert "/console/playground/" in page
