"""Stars, ratings, tags and collections, by one click each."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.models import Role
from cavendish.db import ids
from cavendish.db.router import acting_as
from cavendish.db.tenancy import tenant_context
from generations.labels.services import generation_tags_change
from generations.models import Collection, CollectionOutput, GenerationTag, Output
from tests.console.colleagues import Team, scripted
from tests.console.gallery.made import make_picture, page_of
from tests.people.visitors import shown


@pytest.fixture(scope="module")
def team(django_db_setup: None) -> Team:
    return Team()


@pytest.fixture
def output(team: Team) -> Output:
    return make_picture(team.tenant)


def again(output: Output) -> Output:
    with acting_as("owner"):
        row: Output = Output.objects.get(id=output.id)
    return row


def tags(output: Output) -> list[str]:
    with acting_as("owner"):
        rows = GenerationTag.objects.filter(generation_id=output.generation_id).order_by("id")
        return list(rows.values_list("tag", flat=True))


def test_favorite_and_rating(team: Team, output: Output) -> None:
    developer = team.member(Role.DEVELOPER)
    answer = developer.post(f"{page_of(output)}label/?q=cat", rating="4")
    assert answer.headers["Location"] == f"{page_of(output)}?q=cat"
    labels = shown(scripted(developer, f"{page_of(output)}label/", favorite="yes"))
    assert labels.strip().startswith('<div class="side-labels"')
    assert 'data-rating="4" data-favorite="yes"' in labels
    assert (again(output).rating, again(output).favorite) == (4, True)
    developer.post(f"{page_of(output)}label/", rating="")
    developer.post(f"{page_of(output)}label/", rating="9")
    developer.post(f"{page_of(output)}label/", favorite="no")
    assert (again(output).rating, again(output).favorite) == (None, False)


def test_tags(team: Team, output: Output) -> None:
    owner = team.member()
    owner.post(f"{page_of(output)}tags/", add=" Poster , 日本, poster")
    assert tags(output) == ["Poster", "日本"]
    assert ">日本</a>" in shown(scripted(owner, f"{page_of(output)}tags/", remove="POSTER"))
    assert tags(output) == ["日本"]
    many = shown(scripted(owner, f"{page_of(output)}tags/", add=",".join(f"t{n}" for n in range(20))))
    assert "at most 20 tags" in many
    assert "1 to 50 characters" in shown(scripted(owner, f"{page_of(output)}tags/", add="x" * 51))
    assert tags(output) == ["日本"]


def test_a_tag_that_it_has_stays_as_it_was_written(team: Team, output: Output) -> None:
    here: dict[str, Any] = {"tenant_id": team.tenant.id, "generation_id": output.generation_id, "livemode": True}
    assert generation_tags_change(**here, add=["Poster"])
    assert generation_tags_change(**here, add=["POSTER", "new"], remove=["absent"])
    assert tags(output) == ["Poster", "new"]
    assert not generation_tags_change(**{**here, "livemode": False}, add=["x"])


def test_collections(team: Team, output: Output) -> None:
    owner = team.member()
    owner.post(f"{page_of(output)}collections/", name="Moodboard")
    with tenant_context(team.tenant.id):
        row = Collection.objects.get(name="Moodboard")
        assert CollectionOutput.objects.filter(collection=row, output=output.id).exists()
    public_id = ids.encode(ids.COLLECTION, row.id)
    page = shown(owner.get(page_of(output)))
    assert f'href="/console/gallery/?collection={public_id}"' in page
    owner.post(f"{page_of(output)}collections/", remove=public_id)
    assert f'name="add" value="{public_id}"' in shown(owner.get(page_of(output)))
    owner.post(f"{page_of(output)}collections/", add=public_id)
    with tenant_context(team.tenant.id):
        assert CollectionOutput.objects.filter(collection=row, output=output.id).exists()


def test_a_viewer_sees_and_changes_nothing(team: Team, output: Output) -> None:
    viewer = team.member(Role.VIEWER)
    for act in ("label", "tags", "collections"):
        assert viewer.post(f"{page_of(output)}{act}/", rating="1", add="x", name="x").status_code == 403
    assert (again(output).rating, tags(output)) == (None, [])
    assert "New tag" not in shown(viewer.get(page_of(output)))
    assert Team().member().post(f"{page_of(output)}label/", rating="1").status_code == 404
