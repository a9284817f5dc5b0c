"""A new batch: what is uploaded is checked, shown with its price, and started; nothing is spent before."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from accounts.actor import SYSTEM
from accounts.models import Role, Tenant
from cavendish.db import ids
from cavendish.db.router import acting_as
from generations.batches.services import batch_cancel
from generations.models import Batch, BatchItem, File
from generations.prompt_templates.services import template_create
from tests.batches.helpers import feed, generations
from tests.console.colleagues import Team
from tests.factories import FLASH, make_tenant, queue_clear
from tests.generations.helpers import rows
from tests.people.visitors import Visitor, shown

NEW, UPLOAD = "/console/batches/new/", "/console/batches/upload"


def send(visitor: Visitor, data: str | bytes, *, name: str = "rows.csv", **form: Any) -> Any:
    content = data.encode() if isinstance(data, str) else data
    return visitor.post(UPLOAD, file=SimpleUploadedFile(name, content), **{"kind": "prompts", "model": FLASH, **form})


def problems(answer: Any) -> list[tuple[str, str, str]]:
    assert answer.status_code == 422, answer
    page = shown(answer)
    found = re.findall(
        r'<tr><td class="r">([^<]+)</td><td>(?:<code>)?([^<]*)(?:</code>)?</td><td>([^<]+)</td></tr>', page
    )
    return [(line, column, text) for line, column, text in found]


def batches(tenant: Tenant) -> list[Batch]:
    with acting_as("owner"):
        return list(Batch.objects.filter(tenant_id=tenant.id).order_by("id"))


def kept(tenant: Tenant) -> int:
    with acting_as("owner"):
        return int(File.objects.filter(tenant_id=tenant.id, deleted_at=None).count())


def test_rows_become_a_batch_that_runs(team: Team) -> None:
    queue_clear()
    developer = team.member(Role.DEVELOPER)
    answer = send(
        developer,
        '\ufeffPrompt;key;aspect_ratio;image_size\r\n一只红色的跑鞋;shoe;4:5;2K\r\n"A lamp, ""lit""";;;\r\n',
        image_size="512",
    )
    assert answer.status_code == 302, problems(answer)
    address = answer.headers["Location"]
    page = shown(developer.get(address))
    assert "2 items, about $" in page
    assert "一只红色的跑鞋" in page
    assert "A lamp, &quot;lit&quot;" in page
    assert "4:5, 2K" in page
    assert batches(team.tenant) == []
    assert rows("owner", "SELECT 1 FROM billing_hold WHERE tenant_id = %s", team.tenant.id) == []
    started = developer.post(address, start="1", name="Shoes")
    [batch] = batches(team.tenant)
    assert started.headers["Location"] == f"/console/batches/{ids.encode(ids.BATCH, batch.id)}/"
    assert (batch.name, batch.total, batch.member_id) == ("Shoes", 2, developer.user.id)
    assert developer.post(address, start="1").headers["Location"] == started.headers["Location"]
    assert len(batches(team.tenant)) == 1
    feed()
    made = generations(batch)
    assert [row["image_size"] for row in rows("owner", SIZES, made)] == ["2K", "512"]
    with acting_as("owner"):
        assert list(BatchItem.objects.filter(batch=batch).order_by("index").values_list("key", flat=True)) == [
            "shoe",
            "3",
        ]


SIZES = "SELECT image_size FROM generations_generation WHERE id = ANY (%s) ORDER BY batch_index"


def test_a_table_fills_the_slots_of_a_template(team: Team) -> None:
    content = {
        "name": "Shelf", "prompt": "A [thing] on a shelf. Light: [light].",
        "slots": [{"name": "thing", "label": "What", "required": True}, {"name": "light", "required": False}],
        "example": {"values": {"thing": "vase"}},
    }  # fmt: skip
    row = template_create(tenant_id=team.tenant.id, livemode=True, content=content, actor=SYSTEM)
    template = ids.encode(ids.TEMPLATE, row.template_id)
    owner = team.member()
    page = shown(owner.get(f"{NEW}?kind=template&template={template}"))
    assert "A [thing] on a shelf." in page
    sample = owner.get(f"{NEW}sample.csv?kind=template&template={template}")
    assert sample.content.decode("utf-8-sig").splitlines()[0] == "thing,light,picture,key,model,aspect_ratio,image_size"
    assert send(owner, sample.content, kind="template", template=template).status_code == 302
    answer = send(owner, "What,light\nlamp,\nclock,dim\n", kind="template", template=template)
    page = shown(owner.get(answer.headers["Location"]))
    assert "A lamp on a shelf." in page
    assert "A clock on a shelf. Light: dim." in page
    wrong = send(owner, "thing,colour\n,red\n", kind="template", template=template)
    assert [(line, column) for line, column, _text in problems(wrong)] == [("1", "colour")]
    wrong = send(owner, "thing,light\n,red\n", kind="template", template=template)
    assert [(line, column) for line, column, _text in problems(wrong)] == [("2", "thing")]


def test_jsonl_is_taken_as_the_api_takes_it(team: Team) -> None:
    lines = [json.dumps({"key": f"k{n}", "request": {"model": FLASH, "input": f"cat {n}"}}) for n in range(3)]
    answer = send(team.member(), "\n".join(lines), kind="jsonl", name="items.jsonl")
    assert "3 items" in shown(team.member().get(answer.headers["Location"]))


@pytest.mark.parametrize(
    ("kind", "data", "expected"),
    [
        ("prompts", "prompt,image_size,model\na cat,1k,\n,,\nok,,gemini-9\n", [("2", "image_size"), ("4", "model")]),
        ("prompts", "promt\na cat\n", [("1", "promt"), ("1", "prompt")]),
        ("prompts", 'prompt\n"a cat\n', [("2", "–")]),
        ("prompts", b"PK\x03\x04", [("–", "–")]),
        ("prompts", "", [("–", "–")]),
        ("jsonl", '{"request": {"model": "x", "input": "a"}}\n\n{"request": 1}\n', [("1", "model"), ("3", "–")]),
        ("jsonl", "not json\n", [("–", "–")]),
        ("jsonl", "", [("–", "–")]),
    ],
)
def test_what_is_wrong_is_named_by_line_and_column(kind: str, data: str | bytes, expected: list[Any]) -> None:
    team = Team()
    found = problems(send(team.member(), data, kind=kind, name=f"rows.{kind}"))
    assert [(line, column) for line, column, _text in found][: len(expected)] == expected
    assert kept(team.tenant) == 0
    assert batches(team.tenant) == []


def test_a_file_is_needed(team: Team) -> None:
    answer = team.member().post(UPLOAD, kind="prompts")
    assert "Choose a file." in shown(answer)
    assert team.member().get(UPLOAD).headers["Location"] == NEW


def test_what_is_not_wanted_is_discarded(team: Team) -> None:
    owner = team.member()
    before = kept(team.tenant)
    address = send(owner, "prompt\na cat\n").headers["Location"]
    assert kept(team.tenant) == before + 1
    assert owner.post(address, discard="1").headers["Location"] == NEW
    assert kept(team.tenant) == before
    assert owner.get(address).status_code == 404


def test_files_of_others_and_pictures_are_not_found(team: Team) -> None:
    address = send(Team(make_tenant()).member(), "prompt\na cat\n").headers["Location"]
    assert team.member().get(address).status_code == 404
    assert team.member().post(address, start="1").status_code == 404
    assert team.member().get(f"{NEW}file_1/").status_code == 404


def test_a_suspended_or_poor_tenant_is_told(team: Team) -> None:
    poor = Team(make_tenant(balance=0))
    address = send(poor.member(), "prompt\na cat\n").headers["Location"]
    assert "Your balance does not cover" in shown(poor.member().get(address))
    new = Team(make_tenant(policy_version="", policy_accepted_at=None))
    address = send(new.member(), "prompt\na cat\n").headers["Location"]
    answer = new.member().post(address, start="1")
    assert answer.status_code == 422
    assert "use policy" in shown(answer)
    assert batches(new.tenant) == []


def test_test_mode_is_free_and_apart(team: Team) -> None:
    tester = Team()
    owner = tester.member()
    owner.post("/console/mode", mode="test", next=NEW)
    address = send(owner, "prompt\na cat\n").headers["Location"]
    assert "free" in shown(owner.get(address))
    owner.post(address, start="1")
    [batch] = batches(tester.tenant)
    assert not batch.livemode
    batch_cancel(tenant_id=tester.tenant.id, batch_id=batch.id, livemode=False, actor=SYSTEM)


def test_rows_may_name_pictures(team: Team) -> None:
    owner = team.member()
    picture = f"out_{'0' * 31}1 https://example.com/shoe.png"
    page = shown(owner.get(send(owner, f"prompt,picture\nOn snow,{picture}\n").headers["Location"]))
    assert "2 reference pictures" in page
    wrong = problems(send(owner, "prompt,picture\nOn snow,shoe.png\n"))
    assert [(line, column) for line, column, _text in wrong] == [("2", "picture")]
    answer = send(owner, "style\nink\n", kind="template", template="style_transfer")
    assert ("1", "picture") in [(line, column) for line, column, _text in problems(answer)]
