"""The images API of OpenAI over HTTP: the same jobs at the same price, all pictures of a request or none."""

from __future__ import annotations

import base64
import hashlib
import json
from decimal import Decimal

import httpx
import pytest

from accounts.models import Scope
from cavendish.gemini.catalog import models
from generations.models import File, Generation, GenerationContent
from tests.api.accounts import FLASH, LITE, OLD, PRO, Account, Books, Json, noise, open_account, picture, uuid_of
from tests.compat.content.helpers import size_of
from tests.compat.openai.helpers import EDITS, GENERATIONS, ask, edit, error_of, made


def test_base64_by_default_and_the_same_price(account: Account) -> None:
    native = account.make(input="a cat", response_format={"type": "image", "image_size": "512", "aspect_ratio": "1:1"})
    before = account.trace
    answer = made(ask(account))
    assert list(answer) == ["created", "data", "background", "size", "usage", "model", "generations", "output_format"]
    [item] = answer["data"]
    assert list(item) == ["b64_json"]
    assert size_of(base64.b64decode(item["b64_json"], validate=True)) == (512, 512)
    job = account.get(f"/api/v1/generations/{answer['generations'][0]}").json()
    assert (job["charge"], job["usage"]) == (native["charge"], native["usage"])
    assert (answer["size"], answer["output_format"]) == ("512x512", "png")
    assert answer["usage"] == {
        "input_tokens": job["usage"]["input"]["text"],
        "input_tokens_details": {"text_tokens": job["usage"]["input"]["text"], "image_tokens": 0},
        "output_tokens": 747,
        "output_tokens_details": {"text_tokens": 0, "image_tokens": 747},
        "total_tokens": job["usage"]["total"],
    }
    after = account.trace
    assert (after.held, before.balance - after.balance) == (before.held, Decimal(native["charge"]["amount"]))


@pytest.mark.parametrize("prefix", ["/openai/v1", "/v1/openai", "/v1beta/openai"])
def test_a_url_on_request_at_googles_address_too(account: Account, prefix: str) -> None:
    body = {"model": FLASH, "prompt": "a cat", "size": "512x512", "response_format": "url"}
    [item] = made(account.post(f"{prefix}/images/generations", json=body))["data"]
    assert list(item) == ["url"]
    assert size_of(account.http.get(item["url"]).content) == (512, 512)
    assert account.get(f"{prefix}/models/{PRO}").json()["id"] == PRO
    assert error_of(account.post(f"{prefix}/images/generations", json={}), 400)["param"] == "model"
    assert error_of(account.get(f"{prefix}/nothing"), 404)["type"] == "invalid_request_error"


def test_several_pictures_are_several_jobs(account: Account) -> None:
    answer = made(ask(account, n=3))
    assert len(set(answer["generations"])) == 3
    stored = [account.get(f"/api/v1/generations/{job}").json()["outputs"][0] for job in answer["generations"]]
    data = [base64.b64decode(item["b64_json"], validate=True) for item in answer["data"]]
    assert [hashlib.sha256(each).hexdigest() for each in data] == [output["sha256"] for output in stored]
    assert answer["usage"]["output_tokens"] == 3 * 747


def test_the_last_to_end_ends_the_wait(account: Account) -> None:
    """Jobs of one request end in any order; the slowest is the first here."""
    answer = made(ask(account, n=2, prompt="x [[latency:1.5]]"))
    assert len(answer["data"]) == 2


def test_all_pictures_or_none(books: Books, account: Account) -> None:
    """A wallet that covers one hold and not two: no job begins, however fast the first would have ended."""
    body = {"model": FLASH, "input": "a cat [[latency:2]]", "response_format": {"type": "image"}}
    quote = account.post("/api/v1/quotes", json=body)
    worst = Decimal(quote.json()["worst_case"]["amount"])
    poor = open_account(books, account.http, balance=str(worst * Decimal("1.5")))
    before = poor.trace.balance
    with poor.untouched():
        error = error_of(ask(poor, n=3, size="auto", prompt="a cat"), 403)
    assert (error["type"], error["code"], error["param"]) == ("insufficient_quota", "insufficient_balance", None)
    with books.open():
        assert not Generation.objects.filter(tenant_id=poor.tenant.id).exists()
    assert (poor.trace.held, poor.trace.balance) == (Decimal(0), before)


def test_more_than_a_key_may_ever_have_at_once_is_refused_by_name(account: Account) -> None:
    narrow = account.key(jobs_in_flight=2)
    with account.untouched():
        assert error_of(ask(narrow, n=3), 400)["param"] == "n"
    assert len(made(ask(narrow, n=2))["data"]) == 2


def test_edits_read_the_pictures(account: Account) -> None:
    large = noise(400)  # beyond what Django keeps in memory
    files = [("image[]", ("a.png", large, "image/png")), ("image[]", ("b.jpg", picture(format="JPEG"), "image/png"))]
    answer = made(edit(account, files, n="2", size="auto"))
    assert len(answer["data"]) == 2
    assert answer["usage"]["input_tokens_details"]["image_tokens"] == 2 * 2 * 258
    with account.books.open():
        for job in answer["generations"]:
            request = GenerationContent.objects.get(pk=uuid_of(job)).request
            kept = [File.objects.get(pk=uuid_of(block["file_id"])) for block in request["input"][1:]]
            assert [file.mime_type for file in kept] == ["image/png", "image/jpeg"]
            assert kept[0].sha256 == hashlib.sha256(large).hexdigest()


def test_edits_as_json_refer_to_pictures(account: Account) -> None:
    file = account.post("/api/v1/files", files={"file": ("a.png", picture(), "image/png")}).json()["id"]
    data = base64.b64encode(picture(format="JPEG")).decode()
    body = {"model": FLASH, "prompt": "x", "size": "512x512", "n": 2}
    references = [{"image_url": f"data:image/png;base64,{data}", "file_id": None}, {"file_id": file}]
    answer = made(account.post(EDITS, json={**body, "images": references}))
    assert len(answer["data"]) == 2
    assert answer["usage"]["input_tokens_details"]["image_tokens"] == 2 * 2 * 258
    for images, said in (
        ([], "at least one picture"),
        ([{}], '{"file_id": "file_…"}'),
        ([{**references[0], **references[1]}], '{"file_id": "file_…"}'),
        ([{"file_id": "file_nothing"}], "no such file"),
        ([{"image_url": "http://127.0.0.1/x.png"}], "not fetched"),
        ([{"image_url": 5}], "data URL"),
        ([{"image_url": "data:image/png;base64,?"}], "as base64."),
    ):
        error = account.post(EDITS, json={**body, "images": images}).json()["error"]
        assert error["param"].startswith("images[0]" if images else "images"), error
        assert said in error["message"]
    assert "did you mean images?" in account.post(EDITS, json={**body, "image": "x"}).json()["error"]["message"]


def test_one_picture_under_its_plain_name_gives_the_shape(account: Account) -> None:
    answer = made(edit(account, {"image": ("x", picture(90, 160))}, model=LITE, size="auto"))
    assert answer["size"] == "768x1376"


@pytest.mark.parametrize(
    ("body", "param", "said"),
    [
        ({"size": "huge"}, "size", '"huge" is no size of gemini-3.1-flash-image; use "auto" or pixels near one of '),
        ({"size": "9000x100"}, "size", "1024x1024"),
        ({"n": 11}, "n", "1 to 10"),
        ({"n": "2"}, "n", "1 to 10"),
        ({"prompt": ""}, "prompt", "prompt is missing or empty"),
        ({"prompt": "a" * 2_000_000}, "prompt", "tokens"),
        ({"model": None}, "model", PRO),
        ({"response_format": "png"}, "response_format", "url or b64_json"),
        ({"output_format": "webp"}, "output_format", "png"),
        ({"quality": "hd"}, "quality", "larger size"),
        ({"style": "vivid"}, "style", "prompt"),
        ({"background": "transparent"}, "background", "opaque"),
        ({"partial_images": 2}, "partial_images", "stream"),
        ({"stream": True, "partial_images": 4}, "partial_images", "0 to 3"),
        ({"stream": True, "response_format": "url"}, "response_format", "b64_json"),
        ({"complexity": "high"}, "complexity", "no such setting"),
        ({"frame_count": 4}, "frame_count", "GIF"),
        ({"tools": [{"type": "google_search"}]}, "tools", "citations"),
        ({"foo": 1}, "foo", "There is no such field"),
        ({"aspect_ratio": "16:9"}, "aspect_ratio", "did you mean size?"),
        ({"image_config": {"aspect_ratio": "16:9"}}, "image_config", "did you mean size?"),
        ({"numberOfImages": 2}, "numberOfImages", "did you mean n?"),
        ({"image": "x"}, "image", "did you mean /openai/v1/images/edits?"),
    ],
)
def test_what_cannot_be_done_is_refused(reader: Account, body: dict[str, object], param: str, said: str) -> None:
    with reader.untouched():
        error = error_of(ask(reader, **body), 400)
    assert (error["param"], error["type"]) == (param, "invalid_request_error")
    assert said in error["message"]


@pytest.mark.parametrize("name", ["gpt-image-1", "dall-e-3", "imagen-4.0-generate-001", ""])
def test_other_models_are_refused_with_ours(reader: Account, name: str) -> None:
    error = error_of(ask(reader, model=name), 404)
    assert (error["code"], error["param"]) == ("model_not_found", "model")
    assert f"use {FLASH}, {LITE}, {PRO} or another of /openai/v1/models." in error["message"]


def test_bodies_that_are_none(reader: Account) -> None:
    for content in (b"", b"{", b"[]", b'"x"', b"\xff"):
        error_of(reader.post(GENERATIONS, content=content), 400)


def test_edits_that_are_refused(reader: Account) -> None:
    one = ("image", ("x.png", picture(), "image/png"))
    with reader.untouched():
        mask = edit(reader, [one, ("mask", ("m.png", picture(), "image/png"))])
        assert (error_of(mask, 400)["param"], "no mask" in mask.text) == ("mask", True)
        assert error_of(edit(reader, {"other": ("x", b"x")}), 400)["param"] in {"image", "other"}
        words = error_of(edit(reader, {"image": ("x.png", b"text", "image/png")}, n="2"), 400)
        assert (words["param"], words["code"]) == ("image", "not_an_image")
        assert error_of(edit(reader, [one], n="many"), 400)["param"] == "n"
        named = error_of(edit(reader, {"x": ("", b"")}, image="https://x.example/a.png"), 400)
        assert (named["param"], "not a text" in named["message"]) == ("image", True)
        many = error_of(edit(reader, [("image[]", one[1])] * 20, model=OLD), 400)
        assert many["param"] in {"image", "prompt"}
        error_of(reader.post("/openai/v1/images/edits", json={"model": FLASH, "prompt": "x"}), 400)


def events(answer: httpx.Response) -> list[tuple[str, Json]]:
    """The events of a stream by their names; comments are none."""
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/event-stream")
    found = []
    for frame in answer.text.strip().split("\n\n"):
        if not frame.startswith(":"):
            *head, data = frame.split("\n")
            found.append((head[0].removeprefix("event: ") if head else "", json.loads(data.removeprefix("data: "))))
    return found


def test_a_stream_shows_interim_pictures_if_there_are_some(account: Account) -> None:
    whole = {"model": PRO, "size": "1024x1024"}
    names = [name for name, _ in events(ask(account, stream=True, **whole))]
    assert names == ["image_generation.completed"]
    shown = events(ask(account, stream=True, partial_images=3, **whole))
    assert [payload["type"] for _, payload in shown] == [name for name, _ in shown]
    *partial, (last, done) = shown
    assert {name for name, _ in partial} <= {"image_generation.partial_image"}
    assert (last, done["size"], done["output_format"]) == ("image_generation.completed", "1024x1024", "png")
    assert [payload["partial_image_index"] for _, payload in partial] == list(range(len(partial)))
    job = account.get(f"/api/v1/generations/{done['generation']}").json()
    assert len(partial) == sum(thought["type"] == "image" for thought in job["thoughts"])
    assert done["usage"]["total_tokens"] == job["usage"]["total"]
    assert size_of(base64.b64decode(done["b64_json"], validate=True)) == (1024, 1024)


def test_a_stream_of_several_brings_each_and_says_what_failed(account: Account) -> None:
    two = events(edit(account, [("image", ("x.png", picture(), "image/png"))], n="2", stream="true"))
    assert [name for name, _ in two] == ["image_edit.completed"] * 2
    assert two[0][1]["generation"] != two[1][1]["generation"]
    [(name, failed)] = events(ask(account, stream=True, prompt="x [[safety]]"))
    assert (name, failed["error"]["code"]) == ("", "content_policy_violation")


def test_the_text_that_was_paid_for_is_told(account: Account) -> None:
    error = error_of(ask(account, prompt="x [[no_image]]"), 400)
    assert "The model wrote: This is the sandbox's answer in text." in error["message"]


def test_what_is_not_charged_may_be_a_fault_of_the_server(account: Account) -> None:
    body = {"model": FLASH, "prompt": "x [[failed]]", "size": "512x512"}
    answer = account.http.post(GENERATIONS, headers=account.headers, json=body)
    error = error_of(answer, 503)
    assert (error["code"], answer.headers["x-should-retry"]) == ("upstream_unavailable", "false")
    assert account.trace.balance == 100


def test_failures_after_acceptance_are_never_sent_again(account: Account) -> None:
    blocked = error_of(ask(account, prompt="x [[safety]]"), 400)
    assert (blocked["type"], blocked["code"]) == ("image_generation_user_error", "content_policy_violation")
    failed = error_of(ask(account, prompt="x [[no_image]]", n=2), 400)
    assert (failed["type"], failed["code"]) == ("image_generation_error", "no_image")


def test_keys_scopes_and_unknown_addresses(reader: Account) -> None:
    nobody = reader.http.post(GENERATIONS, json={})
    error = error_of(nobody, 401)
    assert (error["type"], error["code"]) == ("authentication_error", "invalid_api_key")
    assert nobody.headers["www-authenticate"].startswith("Bearer")
    weak = reader.key(scopes=[Scope.READ])
    assert error_of(ask(weak), 403)["type"] == "permission_error"
    narrow = reader.key(allowed_models=[PRO])
    assert error_of(ask(narrow), 403)["param"] == "model"
    assert [each["id"] for each in narrow.get("/openai/v1/models").json()["data"]] == [PRO]
    error_of(narrow.get(f"/openai/v1/models/{FLASH}"), 404)
    error_of(reader.post("/openai/v1/completions", json={}), 404)
    error_of(reader.get(GENERATIONS), 405)
    error_of(reader.get(f"{GENERATIONS}?jobs=gen_1&form=url"), 405)


def test_a_body_that_is_too_large(reader: Account) -> None:
    """Refused before Django sees it, by the layer in front."""
    answer = reader.post(GENERATIONS, content=(bytes(2**20) for _ in range(101)))
    assert error_of(answer, 413)["code"] == "body_too_large"


def test_models_are_listed(reader: Account) -> None:
    listed = reader.get("/openai/v1/models").json()
    assert listed["object"] == "list"
    assert [each["id"] for each in listed["data"]] == [model.id for model in models()]
    assert reader.get(f"/openai/v1/models/{PRO}").json() in listed["data"]
