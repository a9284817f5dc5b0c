"""Prompt templates over HTTP: the shipped ones, a tenant's own in versions, previews, and what is made with them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.api.accounts import FLASH, SMALL, Account, Json, image
from tests.api.test_batches import ended, make_batch

PATH = "/api/v1/templates"
CAT = {"name": "Cats", "prompt": "A [color] cat\nin [place].", "slots": [{"name": "color"}, {"name": "place"}]}


def make(account: Account, **content: Any) -> Json:
    answer = account.post(PATH, json={**CAT, **content})
    assert answer.status_code == 201, answer.text
    assert answer.headers["Location"] == f"{PATH}/{answer.json()['id']}"
    return dict(answer.json())


def preview(account: Account, id: str, values: Any, **query: Any) -> Any:
    return account.get(f"{PATH}/{id}/preview", params={"values": json.dumps(values), **query})


def errors(answer: Any) -> list[tuple[str, str]]:
    assert answer.status_code == 422, answer.text
    return [(error["pointer"], error["code"]) for error in answer.json()["errors"]]


def test_the_shipped_ones_come_in_the_reader_s_language(reader: Account) -> None:
    english, chinese = (
        reader.get(PATH, headers={"Accept-Language": language}) for language in ("en-GB", "zh-CN,zh;q=0.9")
    )
    assert (english.headers["Content-Language"], chinese.headers["Content-Language"]) == ("en", "zh")
    assert "Accept-Language" in english.headers["Vary"]
    ours = [one for one in english.json()["data"] if one["builtin"]]
    theirs = [one for one in chinese.json()["data"] if one["builtin"]]
    assert [one["id"] for one in ours] == [one["id"] for one in theirs]
    assert [one["category"] for one in ours] == ["generating"] * 6 + ["editing"] * 7
    for one, other in zip(ours, theirs, strict=True):
        assert one["name"] != other["name"]
        assert [slot["name"] for slot in one["slots"]] == [slot["name"] for slot in other["slots"]]
        assert one["example"]["values"].keys() == {slot["name"] for slot in one["slots"]}
    assert len(reader.get(PATH, params={"category": "editing"}).json()["data"]) == 7
    assert reader.get(f"{PATH}/{ours[0]['id']}?language=zh").json() == theirs[0]
    guide = reader.get(f"{PATH}/guide").json()
    assert len(guide["practices"]) == 6
    assert guide["examples"][0]["tools"] == [{"type": "google_search"}]


def test_one_s_own_changes_in_versions_and_what_was_made_with_it_stays(account: Account) -> None:
    first = make(account, example={"values": {"color": "red"}})
    assert first["version"] == 1
    assert first["slots"][0] == {"name": "color", "label": "color", "required": True}
    second = account.patch(f"{PATH}/{first['id']}", json={"prompt": "A [color] dog [mood]."}).json()
    assert (second["version"], second["name"]) == (2, "Cats")
    assert [slot["name"] for slot in second["slots"]] == ["color", "mood"]
    assert second["example"] == first["example"]
    again = account.patch(f"{PATH}/{first['id']}", json={"name": "Cats"})
    assert again.json() == second  # nothing has changed
    assert account.get(f"{PATH}/{first['id']}?version=1").json() == first
    assert account.get(f"{PATH}/{first['id']}?version=3").status_code == 404
    assert account.get(PATH, params={"builtin": "false"}).json()["data"] == [second]

    template = {"id": first["id"], "version": 1, "values": {"color": "red", "place": "the snow"}}
    prompt = "A red cat\nin the snow."
    quote = account.post("/api/v1/quotes", json={"model": FLASH, "template": template})
    assert quote.json() == account.post("/api/v1/quotes", json={"model": FLASH, "input": prompt}).json()
    done = account.make(input=image(), template=template)
    assert done["request"]["template"] == template
    assert done["request"]["input"][1] == {"type": "text", "text": prompt}
    repeated = account.post("/api/v1/generations", json=done["request"])
    assert repeated.json()["request"] == done["request"], repeated.text

    assert account.delete(f"{PATH}/{first['id']}").status_code == 204
    assert account.delete(f"{PATH}/{first['id']}").status_code == 404
    assert account.get(f"{PATH}/{first['id']}?version=1").status_code == 404
    assert account.get(f"/api/v1/generations/{done['id']}").json()["request"] == done["request"]
    assert errors(account.post("/api/v1/generations", json=done["request"])) == [
        ("/template/id", "unknown_template"),
        ("/input/1", "conflict"),
    ]


def test_a_template_is_of_its_tenant_and_mode(account: Account, other: Account) -> None:
    made = make(account)
    for stranger in (account.key(livemode=False), other):
        body = {"model": FLASH, "template": {"id": made["id"], "values": {}}}
        assert errors(stranger.post("/api/v1/quotes", json=body)) == [("/template/id", "unknown_template")]
        assert stranger.get(f"{PATH}/{made['id']}").status_code == 404
        assert stranger.patch(f"{PATH}/{made['id']}", json={"name": "Dogs"}).status_code == 404
        assert made["id"] not in {one["id"] for one in stranger.get(PATH).json()["data"]}
    assert account.patch(f"{PATH}/inpainting", json={"name": "Mine"}).status_code == 404
    assert account.key(scopes=["read"]).post(PATH, json=CAT).status_code == 403


def test_a_preview_shows_the_prompt_and_its_quote(reader: Account) -> None:
    made = make(reader, slots=[{"name": "color"}, {"name": "place", "required": False}])
    answer = preview(reader, made["id"], {"color": "red"})
    shown = answer.json()
    assert shown["prompt"] == "A red cat\nin."
    assert shown["template"] == {"id": made["id"], "version": 1, "values": {"color": "red"}}
    body = {"model": shown["quote"]["model"], "template": shown["template"]}
    assert reader.post("/api/v1/quotes", json=body).json() == shown["quote"]
    chinese = reader.get(f"{PATH}/comic_panels/preview?language=zh").json()  # with the example's values
    assert chinese["prompt"].startswith("以粗粝")
    quote = reader.post("/api/v1/quotes", json={"model": FLASH, "template": chinese["template"]})
    assert quote.json() == chinese["quote"]


@pytest.mark.parametrize(
    ("query", "wrong"),
    [
        ({"values": "{"}, [("/values", "wrong_type")]),
        ({"values": "[1]"}, [("/values", "wrong_type")]),
        ({"values": "[" * 50_00}, [("/values", "wrong_type")]),
        ({"values": "{}"}, [("/values/style", "required"), ("/values/type_of_scene", "required")]),
        ({"values": '{"style": 1, "x": 2, "type_of_scene": ""}'}, [
            ("/values/style", "wrong_type"), ("/values/x", "unknown_field"), ("/values/type_of_scene", "empty"),
        ]),
        ({"values": '{"style": "\\ud800", "type_of_scene": "x"}'}, [("/values", "wrong_type")]),
        ({"values": '{"style": "\\u0000", "type_of_scene": "x"}'}, [("/values/style", "unknown_value")]),
        ({"model": "dall-e"}, [("/model", "unknown_model")]),
        ({"version": "0"}, [("/version", "out_of_range")]),
        ({"version": "²"}, [("/version", "out_of_range")]),
        ({"language": "de", "colour": "red"}, [("/colour", "unknown_field"), ("/language", "unknown_value")]),
    ],
)  # fmt: skip
def test_rubbish_in_a_preview_is_named(reader: Account, query: Json, wrong: list[tuple[str, str]]) -> None:
    assert errors(reader.get(f"{PATH}/comic_panels/preview", params=query)) == wrong


@pytest.mark.parametrize(
    ("content", "wrong"),
    [
        ({}, [("/name", "required"), ("/prompt", "required")]),
        ({"name": "x", "prompt": " "}, [("/prompt", "too_short")]),
        ({"name": "x", "prompt": "a\0b"}, [("/prompt", "unknown_value")]),
        ({"name": "x", "prompt": "a" * 20_001}, [("/prompt", "too_long")]),
        ({"name": "x", "prompt": "[data]"}, [("/prompt", "unknown_value")]),
        ({"name": "x", "prompt": "".join(f"[{at}]" for at in range(51))}, [("/prompt", "too_many")]),
        ({**CAT, "slots": ["color"]}, [("/slots/0", "wrong_type")]),
        ({**CAT, "slots": [{"name": "[color]"}]}, [("/slots/0/name", "unknown_value")]),
        ({**CAT, "slots": [{"name": "colour"}]}, [("/slots/0/name", "unknown_value")]),
        ({**CAT, "slots": [{"name": "color"}, {"name": "color"}]}, [("/slots/1/name", "repeated")]),
        ({**CAT, "example": {"values": {"x": "y"}}}, [("/example/values/x", "unknown_field")]),
        ({**CAT, "example": {"values": {"color": 5}}}, [("/example/values/color", "wrong_type")]),
        ({**CAT, "version": 7}, [("/version", "unknown_field")]),
    ],
)
def test_rubbish_in_a_template_is_named(reader: Account, content: Json, wrong: list[tuple[str, str]]) -> None:
    assert errors(reader.post(PATH, json=content)) == wrong


def test_an_item_of_a_batch_takes_a_template(account: Account) -> None:
    template = {"id": "stylized_illustration", "values": {"style": "sketch", "subject": "fox", "activity": "nothing"}}
    values = {**template["values"], "visual_qualities": "lines", "color_or_background": "white"}  # type: ignore[dict-item]
    items = [
        {"request": {"model": FLASH, "response_format": SMALL, "template": {**template, "values": values}}},
        {"request": {"model": FLASH, "template": template}},
    ]
    batch = ended(account, make_batch(account, *items))
    good, bad = account.get(f"/api/v1/batches/{batch['id']}/items").json()["data"]
    done = account.get(f"/api/v1/generations/{good['generation_id']}").json()
    assert done["request"]["input"] == "A sketch of a fox doing nothing. The design features lines and white."
    assert done["request"]["template"] == {"id": template["id"], "version": 1, "language": "en", "values": values}
    assert [error["pointer"] for error in bad["error"]["errors"]] == [
        "/request/template/values/visual_qualities",
        "/request/template/values/color_or_background",
    ]
