"""Share links, deletion, collections and what is done with several pictures."""

from __future__ import annotations

import io
import re
import zipfile
from datetime import UTC, datetime, timedelta

import pytest

from accounts.actor import SYSTEM
from accounts.models import AuditEvent, Role
from cavendish.above.console.gallery import selection
from cavendish.db import ids
from cavendish.db.router import acting_as
from cavendish.storage import objects
from generations.holds.services import legal_hold_set
from generations.models import Collection, CollectionOutput, Generation, GenerationTag, Output, ShareLink
from tests.console.colleagues import Team, scripted
from tests.console.gallery.made import GALLERY, make_picture, page_of, public
from tests.console.jobs.stored import picture_add
from tests.people.visitors import Visitor, shown


@pytest.fixture(scope="module")
def team(django_db_setup: None) -> Team:
    return Team()


def selected(name: str, *outputs: Output, more: str = "") -> str:
    query = "&".join(f"output={public(output)}" for output in outputs)
    return f"{GALLERY}selection/{name}/?{query}{more}"


def test_a_link_is_made_opens_without_an_account_and_ends(team: Team) -> None:
    output, owner = make_picture(team.tenant, "shared"), team.member()
    answer = owner.post(f"{page_of(output)}share/", lasts="7", confirm="1")
    assert answer.headers["Location"] == page_of(output)
    with acting_as("owner"):
        link = ShareLink.objects.get(generation_id=output.generation_id)
    assert timedelta(days=6) < link.expires_at - datetime.now(UTC) <= timedelta(days=7)
    page = shown(owner.get(page_of(output)))
    url = re.search(r'data-copy="(http[^"]+share=[^"]+)"', page)
    assert url is not None
    address = url[1].replace("&amp;", "&").partition("//")[2]
    address = address[address.index("/") :]
    assert Visitor().get(address).status_code == 200
    assert "shared" not in shown(Visitor().get(address)), "a link shows no prompt"
    link_id = ids.encode(ids.SHARE_LINK, link.id)
    assert "Revoke the link" in shown(scripted(owner, f"{page_of(output)}share/{link_id}/revoke/"))
    owner.post(f"{page_of(output)}share/{link_id}/revoke/", confirm="1")
    assert Visitor().get(address).status_code == 403
    with acting_as("owner"):
        noted = AuditEvent.objects.get(action="share_link.revoked", target_id=link.id.hex)
    assert noted.actor_label == owner.email


def test_a_link_lasts_until_a_moment_or_for_good(team: Team) -> None:
    output, owner = make_picture(team.tenant), team.member()
    assert "Choose when it ends." in shown(owner.post(f"{page_of(output)}share/", lasts="own", confirm="1"))
    past = owner.post(f"{page_of(output)}share/", lasts="own", until="2020-01-01T00:00", confirm="1")
    assert "This time has passed." in shown(past)
    owner.post(f"{page_of(output)}share/", lasts="own", until="2040-01-01T00:00", confirm="1")
    owner.post(f"{page_of(output)}share/", lasts="", confirm="1")
    with acting_as("owner"):
        links = ShareLink.objects.filter(generation_id=output.generation_id).order_by("id")
        assert [link.expires_at and link.expires_at.year for link in links] == [2040, None]


def test_deleting_says_what_is_lost_and_what_stays(team: Team) -> None:
    output, owner = make_picture(team.tenant, "A lighthouse"), team.member()
    picture_add(team.tenant, output.generation_id, b"second", index=1)
    dialog = shown(scripted(owner, f"{page_of(output)}delete/?q=light"))
    for text in ("Delete “A lighthouse”", "all 2 pictures", "its charge"):
        assert text in dialog, text
    answer = owner.post(f"{page_of(output)}delete/?q=light", confirm="1")
    assert answer.headers["Location"] == f"{GALLERY}?q=light"
    with acting_as("owner"):
        assert not Output.objects.filter(generation_id=output.generation_id).exists()
        assert Generation.objects.get(id=output.generation_id).deleted_at is not None


def test_what_is_held_is_not_deleted(team: Team) -> None:
    output = make_picture(team.tenant)
    with acting_as("operator"):
        legal_hold_set(tenant_id=team.tenant.id, generation_id=output.generation_id, reason="A case", actor=SYSTEM)
    answer = team.member().post(f"{page_of(output)}delete/", confirm="1")
    assert answer.status_code == 422
    assert "legal hold" in shown(answer)
    assert team.member().get(page_of(output)).status_code == 200


def test_collections_are_made_renamed_and_deleted(team: Team) -> None:
    owner, output = team.member(), make_picture(team.tenant)
    owner.post(f"{GALLERY}collections/new/", name="Spring", description="All that may go out", confirm="1")
    with acting_as("owner"):
        row = Collection.objects.get(tenant=team.tenant, name="Spring")
    page, public_id = shown(owner.get(f"{GALLERY}collections/")), ids.encode(ids.COLLECTION, row.id)
    assert f'href="{GALLERY}?collection={public_id}"' in page
    assert "All that may go out" in page
    owner.post(selected("collect", output), collection=public_id, confirm="1")
    assert public(output) in shown(owner.get(f"{GALLERY}?collection={public_id}"))
    owner.post(f"{GALLERY}collections/{public_id}/rename/", name="Summer", confirm="1")
    assert "Summer" in shown(owner.get(f"{GALLERY}collections/?name=summer"))
    owner.post(f"{GALLERY}collections/{public_id}/delete/", confirm="1")
    with acting_as("owner"):
        assert not Collection.objects.filter(id=row.id).exists()
        assert Output.objects.filter(id=output.id).exists()
    viewer = shown(team.member(Role.VIEWER).get(f"{GALLERY}collections/"))
    assert "New collection" not in viewer


def test_a_zip_holds_the_originals(team: Team) -> None:
    pictures = [make_picture(team.tenant, data=data) for data in (b"one" * 9, b"two" * 70_000)]
    foreign = make_picture(Team().tenant)
    answer = team.member(Role.VIEWER).get(selected("download", *pictures, foreign, pictures[0]))
    assert answer.headers["Content-Type"] == "application/zip"
    assert re.fullmatch(r'attachment; filename="[\w-]+\.zip"', answer.headers["Content-Disposition"])
    with zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content))) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == [f"{public(output)}.png" for output in pictures]
        assert [archive.read(name) for name in archive.namelist()] == [b"one" * 9, b"two" * 70_000]


def test_a_zip_leaves_out_what_went_meanwhile(team: Team) -> None:
    gone, kept = make_picture(team.tenant), make_picture(team.tenant)
    objects().delete(gone.storage_key)
    answer = team.member().get(selected("download", gone, kept))
    with zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content))) as archive:
        assert archive.namelist() == [f"{public(kept)}.png"]


def test_a_selection_is_bounded(team: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    output, owner = make_picture(team.tenant), team.member()
    for name in ("download", "tag", "collect", "delete"):
        assert owner.get(f"{GALLERY}selection/{name}/").headers["Location"] == GALLERY
    assert scripted(owner, f"{GALLERY}selection/tag/").headers["HX-Redirect"] == GALLERY
    many = f"{GALLERY}selection/download/?" + "&".join(["output=out_x"] * 101)
    assert owner.get(many).status_code == 302
    monkeypatch.setattr(selection, "MOST_BYTES", 3)
    assert owner.get(selected("download", output)).headers["Location"] == GALLERY
    assert "Select fewer" in shown(owner.get(GALLERY))


def test_several_are_tagged_put_together_and_taken_out(team: Team) -> None:
    pictures, owner = [make_picture(team.tenant), make_picture(team.tenant)], team.member()
    assert "Tag 2 pictures" in shown(scripted(owner, selected("tag", *pictures)))
    owner.post(selected("tag", *pictures), tags="Poster, final", confirm="1")
    jobs = [output.generation_id for output in pictures]
    with acting_as("owner"):
        assert GenerationTag.objects.filter(generation_id__in=jobs).count() == 4
    assert "name a new one" in shown(owner.post(selected("collect", *pictures), confirm="1"))
    owner.post(selected("collect", *pictures), name="Both", confirm="1")
    with acting_as("owner"):
        row = Collection.objects.get(tenant=team.tenant, name="Both")
        assert CollectionOutput.objects.filter(collection=row).count() == 2
    within = f"&collection={ids.encode(ids.COLLECTION, row.id)}"
    answer = owner.post(selected("take-out", pictures[0], more=within), confirm="1")
    assert answer.headers["Location"] == f"{GALLERY}?{within[1:]}"
    with acting_as("owner"):
        assert CollectionOutput.objects.filter(collection=row).count() == 1


def test_several_are_deleted_after_their_number_is_typed(team: Team) -> None:
    pictures, owner = [make_picture(team.tenant), make_picture(team.tenant)], team.member()
    picture_add(team.tenant, pictures[0].generation_id, b"second", index=1)
    address = selected("delete", *pictures)
    preview = shown(scripted(owner, address, typed="2"))
    assert "1 more picture of the same generations" in preview
    assert owner.post(address, typed="3", confirm="1").status_code == 422
    seen = re.search(r'name="seen" value="(\w+)"', shown(owner.post(address, typed="2")))
    assert seen is not None
    assert owner.post(address, typed="2", seen=seen[1], confirm="1").headers["Location"] == GALLERY
    with acting_as("owner"):
        assert not Output.objects.filter(generation_id__in=[each.generation_id for each in pictures]).exists()


def test_a_viewer_downloads_and_changes_nothing(team: Team) -> None:
    output, viewer = make_picture(team.tenant), team.member(Role.VIEWER)
    assert viewer.get(selected("download", output)).status_code == 200
    for name in ("tag", "collect", "take-out", "delete"):
        assert viewer.post(selected(name, output), confirm="1").status_code == 403, name
