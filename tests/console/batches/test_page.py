"""A batch's page: its progress, its money, its items and why some failed; its results, and the acts on it."""

from __future__ import annotations

import hashlib
import io
import json
import re
import zipfile
from decimal import Decimal
from typing import Any

import pytest

from accounts.models import Role
from cavendish.db import ids
from cavendish.db.router import acting_as
from cavendish.storage import objects
from generations.errors import ErrorCode
from generations.models import Batch, BatchItem
from tests.batches.helpers import batch_row, feed, generations
from tests.console.colleagues import Team
from tests.console.jobs.stored import picture_add, run
from tests.factories import make_batch, make_tenant, queue_clear
from tests.people.visitors import Visitor, shown


@pytest.fixture(autouse=True)
def alone() -> None:
    queue_clear()


def page_of(batch: Batch) -> str:
    return f"/console/batches/{ids.encode(ids.BATCH, batch.id)}/"


def body(answer: Any) -> bytes:
    return b"".join(answer.streaming_content)


def test_progress_is_counted_and_money_a_sum(team: Team) -> None:
    owner = team.member()
    batch = make_batch(team.tenant, "one", "two", "three", {"model": "nothing", "input": "four"})
    waiting = shown(owner.get(page_of(batch)))
    assert '<h1 id="headline">0 of 4 done</h1>' in waiting
    assert f"{page_of(batch)}live" in waiting
    feed()
    run()
    feed()
    page = shown(owner.get(page_of(batch)))
    assert "3 of 4 succeeded, 1 failed" in page
    assert "Why 1 item failed" in page
    assert "There is no model" in page
    amounts = dict(re.findall(r"<dt>(Held|Went back|Charged)</dt><dd>([^<]+)", page))
    held, back, charged = (Decimal(text.replace("−", "-")) for text in amounts.values())
    assert held + back == charged > 0
    failed = shown(owner.get(f"{page_of(batch)}?status=failed"))
    assert failed.count('<td class="r quiet">4</td>') == 1
    assert '<td class="r quiet">1</td>' not in failed
    assert owner.get(f"{page_of(batch)}live").headers["HX-Refresh"] == "true"


def test_the_live_part_shows_the_items_of_its_page(team: Team) -> None:
    batch = make_batch(team.tenant, "one", "two")
    feed()
    live = shown(team.member().get(f"{page_of(batch)}live?status=in_progress"))
    assert live.count("hx-swap-oob") == 2
    assert live.count('class="job-wait"') == 2


def test_reasons_come_together(team: Team) -> None:
    batch = make_batch(team.tenant, "one", "two", "three")
    feed()
    run(fail=ErrorCode.SAFETY_BLOCKED)
    page = shown(team.member().get(page_of(batch)))
    assert "All 3 failed" in page
    assert "<b>3 ×</b> The model or its safety filters refused the request." in page


def test_results_are_the_pictures_byte_for_byte(team: Team) -> None:
    batch = make_batch(team.tenant, "one", "two", "three", {"model": "nothing", "input": "four"})
    with acting_as("owner"):
        BatchItem.objects.filter(batch=batch, index=0).update(key="../Schuh/äöü?.png")
    feed()
    run()
    feed()
    first, second, third = generations(batch)
    pictures = {
        "pictures/00001-Schuh-äöü-.png-1.png": b"\x89PNG one" * 50_000,
        "pictures/00001-Schuh-äöü-.png-2.png": b"\x89PNG two",
        "pictures/00002.png": b"\x89PNG three",
    }
    one, two, three = pictures.values()
    picture_add(team.tenant, first, one)
    picture_add(team.tenant, first, two, index=1)
    picture_add(team.tenant, second, three)
    objects().delete(picture_add(team.tenant, third, b"lost").storage_key)
    owner = team.member()
    answer = owner.get(f"{page_of(batch)}results.zip")
    assert answer.headers["Content-Type"] == "application/zip"
    assert answer.streaming
    archive = zipfile.ZipFile(io.BytesIO(body(answer)))
    assert archive.testzip() is None
    assert archive.namelist() == [*pictures, "results.jsonl"]
    for name, data in pictures.items():
        assert hashlib.sha256(archive.read(name)).digest() == hashlib.sha256(data).digest()
    lines = [json.loads(line) for line in archive.read("results.jsonl").splitlines()]
    assert [line["files"] for line in lines] == [list(pictures)[:2], list(pictures)[2:], [], []]
    assert [line["status"] for line in lines] == ["succeeded", "succeeded", "succeeded", "failed"]
    plain = [json.loads(line) for line in body(owner.get(f"{page_of(batch)}results.jsonl")).splitlines()]
    assert [line["index"] for line in plain] == [0, 1, 2, 3]


def test_others_batches_are_not_found(team: Team) -> None:
    foreign, test = make_batch(make_tenant(), "one"), make_batch(team.tenant, "one", livemode=False)
    for batch in (foreign, test):
        for part in ("", "live", "results.zip", "results.jsonl", "cancel/", "delete/", "rubbish/"):
            assert team.member().get(page_of(batch) + part).status_code == 404, part


def test_a_batch_is_canceled_and_deleted_by_its_name(team: Team) -> None:
    batch = make_batch(team.tenant, "one", "two")
    developer, viewer = team.member(Role.DEVELOPER), team.member(Role.VIEWER)
    assert "Cancel batch" not in shown(viewer.get(page_of(batch)))
    assert viewer.post(f"{page_of(batch)}cancel/", confirm="1").status_code == 403
    seen = preview_of(developer, f"{page_of(batch)}cancel/")
    developer.post(f"{page_of(batch)}cancel/", confirm="1", seen=seen)
    assert batch_row(batch)["status"] in {"canceling", "canceled"}
    queue_clear()
    page = shown(developer.get(page_of(batch)))
    assert "Canceled: 0 of 2 succeeded" in page
    assert developer.post(f"{page_of(batch)}delete/", confirm="1", typed="no").status_code == 422
    developer.post(f"{page_of(batch)}delete/", confirm="1", typed=batch.id.hex[-8:])
    assert developer.get(page_of(batch)).status_code == 404


def preview_of(visitor: Visitor, address: str) -> str:
    """Shows what the act would change; returns what says that it was seen."""
    page = shown(visitor.post(address, confirmed=""))
    found = re.search(r'name="seen" value="(\w*)"', page)
    assert found is not None, page
    return found[1]


def test_the_list_shows_progress_and_who_asked(team: Team) -> None:
    batch = make_batch(team.tenant, "one", "two")
    page = shown(team.member().get("/console/batches/?status=queued"))
    assert page_of(batch) in page
    assert "0 / 2" in page
    assert "New batch" in page
    assert "New batch" not in shown(team.member(Role.VIEWER).get("/console/batches/"))
    assert "No batches yet." in shown(Team().member().get("/console/batches/"))


def test_the_failed_ones_run_again_as_a_batch_of_their_own(team: Team) -> None:
    batch = make_batch(team.tenant, "one", "two", {"model": "nothing", "input": "three"})
    feed()
    run(fail=ErrorCode.UPSTREAM_UNAVAILABLE)
    owner, again = team.member(), f"{page_of(batch)}again"
    assert again in shown(owner.get(page_of(batch)))
    assert again not in shown(team.member(Role.VIEWER).get(page_of(batch)))
    address = owner.post(again).headers["Location"]
    page = shown(owner.get(address))
    assert "2 items, about" in page
    assert ">one</p>" in page
    owner.post(address, start="1", name="Again")
    with acting_as("owner"):
        made = Batch.objects.filter(tenant_id=team.tenant.id).latest("id")
    assert (made.name, made.total) == ("Again", 2)
    good = make_batch(team.tenant, "fine")
    assert owner.post(f"{page_of(good)}again").headers["Location"] == page_of(good)
