"""The wall: which pictures it shows, in which order, page by page."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from accounts.models import Role
from cavendish.above.console.gallery import lists, views
from cavendish.above.console.gallery.wall import shape
from cavendish.db import ids
from cavendish.db.router import acting_as
from cavendish.gemini.catalog import models_taken
from generations.collections.services import collection_create, collection_output_add
from generations.labels.services import generation_tag, output_label
from generations.models import Output
from tests.console.colleagues import Team
from tests.console.gallery.made import GALLERY, ground, make_picture, public
from tests.factories import make_key
from tests.people.visitors import Visitor, shown


def found(visitor: Visitor, **filters: str) -> list[str]:
    answer = visitor.get(f"{GALLERY}?{urlencode(filters)}")
    assert answer.status_code == 200, shown(answer)
    return re.findall(r'data-tile="(\w+)"', shown(answer))


@pytest.fixture(scope="module")
def gallery(django_db_setup: None) -> Any:
    """A team with three pictures, the newest last."""
    team = Team()
    key = make_key(team.tenant)[0]
    member = team.member(Role.DEVELOPER).user
    cat = make_picture(team.tenant, "A red cat on a mat", key_id=key.id)
    tea = make_picture(team.tenant, "茶包装，墨绿底", model="gemini-3-pro-image", member_id=member.id)
    dog = make_picture(team.tenant, "A red dog")
    return team, key, member, cat, tea, dog


def test_newest_stand_first_under_their_day(gallery: Any) -> None:
    team, *_, cat, tea, dog = gallery
    assert found(team.member()) == [public(dog), public(tea), public(cat)]
    page = shown(team.member().get(GALLERY))
    assert page.count("<h2>Today</h2>") == 1
    assert 'alt="茶包装，墨绿底"' in page
    assert re.search(rf'href="{GALLERY}{public(dog)}/"[^>]*data-tile', page)


def test_each_filter_finds_its_own(gallery: Any) -> None:
    team, key, member, cat, tea, dog = gallery
    owner, here = team.member(), {"tenant_id": team.tenant.id, "livemode": True}
    collection = collection_create(**here, name="Moodboard")
    collection_output_add(**here, collection_id=collection.id, output_id=dog.id)
    generation_tag(**here, generation_id=cat.generation_id, tags=["Best of"])
    output_label(**here, output_id=tea.id, changed={"rating": 5, "favorite": True})
    assert found(owner, q="RED mat") == [public(cat)]
    assert found(owner, q="墨绿") == [public(tea)]
    assert found(owner, q="red") == [public(dog), public(cat)]
    assert found(owner, q="reds") == []
    assert found(owner, model="gemini-3-pro-image") == [public(tea)]
    assert found(owner, key=ids.encode(ids.API_KEY, key.id)) == [public(cat)]
    assert found(owner, member=ids.encode(ids.USER, member.id)) == [public(tea)]
    assert found(owner, tag="best  OF") == [public(cat)]
    assert found(owner, collection=ids.encode(ids.COLLECTION, collection.id)) == [public(dog)]
    assert found(owner, rating="5") == found(owner, favorite="yes") == [public(tea)]
    assert found(owner, rating="5", q="red") == []
    assert len(found(owner, since="2020-01-01")) == 3
    assert found(owner, until="2020-01-01") == []
    page = shown(owner.get(f"{GALLERY}?tag=Best+of&q=red"))
    assert 'aria-label="Remove the filter Best of"' in page
    assert f'href="{GALLERY}?q=red"' in page, "a chip leads to the others"
    assert f'href="{GALLERY}{public(cat)}/?q=red&amp;tag=Best+of"' in page, "a picture keeps the filters"


@pytest.mark.parametrize(
    "query",
    ["q=!", "model=dall-e", "member=ada", "key=1", "tag=%00", "collection=x", "rating=6", "since=today", "after=x"],
)
def test_what_cannot_be_is_said(gallery: Any, query: str) -> None:
    answer = gallery[0].member().get(f"{GALLERY}?{query}")
    assert answer.status_code == 400
    assert 'class="error"' in shown(answer)


def test_another_tenant_and_the_other_mode_have_their_own(gallery: Any) -> None:
    team, *_ = gallery
    other = Team()
    sample = make_picture(other.tenant, "A red sample", livemode=False)
    assert found(other.member()) == []
    assert "Your pictures will stand here." in shown(other.member().get(GALLERY))
    other.member().post("/console/mode", mode="test", next=GALLERY)
    assert found(other.member()) == found(other.member(), q="red") == [public(sample)]
    assert public(sample) not in found(team.member())


def test_pages_go_on_under_the_same_day(gallery: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    team, *_, cat, tea, dog = gallery
    monkeypatch.setattr(lists, "PAGE", 2)
    owner = team.member()
    page = shown(owner.get(GALLERY))
    assert re.findall(r'data-tile="(\w+)"', page) == [public(dog), public(tea)]
    on = re.search(r'hx-get="([^"]+)"[^>]*hx-trigger="revealed, near"', page)
    assert on is not None
    more = shown(owner.get(on[1].replace("&amp;", "&")))
    assert re.findall(r'data-tile="(\w+)"', more) == [public(cat)]
    assert more.startswith("<li")
    assert "<h2>" not in more
    assert "wall-more" not in more
    alone = re.search(r'href="([^"]+)" rel="next"', page)
    assert alone is not None
    without_script = shown(owner.get(alone[1].replace("&amp;", "&")))
    assert re.findall(r'data-tile="(\w+)"', without_script) == [public(cat)]
    assert "Newest pictures" in without_script


def test_the_wall_behind_an_old_picture_begins_a_little_before_it(
    gallery: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    team, *_, cat, tea, _dog = gallery
    monkeypatch.setattr(lists, "PAGE", 2)
    monkeypatch.setattr(views, "BEFORE", 1)
    page = shown(team.member().get(f"{GALLERY}{public(cat)}/"))
    assert re.findall(r'data-tile="(\w+)"', page) == [public(tea), public(cat)]
    assert f'data-tile="{public(cat)}" aria-current="true"' in page
    assert "Newest pictures" in page
    monkeypatch.setattr(lists, "PAGE", 1)
    filtered = shown(team.member().get(f"{GALLERY}{public(cat)}/?q=red"))
    assert re.findall(r'data-tile="(\w+)"', filtered) == [public(cat)]


def test_a_look_ends_before_it_has_read_everything(gallery: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    team, *_ = gallery
    monkeypatch.setattr(lists, "LOOK_THROUGH", 1)
    owner = team.member()
    page = shown(owner.get(f"{GALLERY}?model=gemini-2.5-flash-image"))
    assert "Nothing matches so far." in page
    assert 'rel="next">Look further back' in page
    for _look in range(3):
        on = re.search(r'hx-get="([^"]+part=tiles)"', page)
        if on is None:
            break
        page = shown(owner.get(on[1].replace("&amp;", "&")))
    assert "Nothing matches these filters." in page
    assert "hx-get" not in page
    tired = shown(owner.get(f"{GALLERY}?model=gemini-2.5-flash-image&part=tiles&looks=20"))
    assert "Look further back" in tired
    assert "hx-get" not in tired, "after many looks a person says whether it goes on"


def test_grounded_pictures_and_later_turns_say_so(gallery: Any) -> None:
    team = Team()
    first = make_picture(team.tenant, "one")
    ground(first)
    make_picture(team.tenant, "two", previous_generation_id=ids.encode(ids.GENERATION, first.generation_id))
    page = shown(team.member().get(GALLERY))
    assert page.count("Grounded") == 1
    assert page.count("Turn 2") == 1


def test_the_styles_know_the_shape_of_whatever_the_models_make() -> None:
    styles = (Path(lists.__file__).parents[1] / "static/console/gallery.css").read_text()
    shapes = {shape(row.width, row.height) for model in models_taken() for row in model.resolutions}
    assert len(shapes) > 10
    for each in {*shapes, shape(1, 5000), shape(5000, 1)}:
        ratio = re.search(rf"\.{each} {{ --ratio: ([\d.]+); }}", styles)
        assert ratio is not None, each
        assert round(float(ratio[1]) * 1000) == int(each.removeprefix("shape-"))


def test_an_erased_picture_is_gone(gallery: Any) -> None:
    team = Team()
    output = make_picture(team.tenant)
    assert found(team.member()) == [public(output)]
    team.member().post(f"{GALLERY}{public(output)}/delete/", confirm="1")
    assert found(team.member()) == []
    with acting_as("owner"):
        assert not Output.objects.filter(id=output.id).exists()
