"""Chats with pictures in the answer, as LiteLLM and OpenRouter clients send and read them."""

from __future__ import annotations

import base64
import json
from decimal import Decimal
from typing import Any

import httpx
import pytest

from accounts.models import Scope
from generations.models import GenerationContent
from tests.api.accounts import FLASH, PRO, Account, Json, noise, picture, uuid_of
from tests.compat.content.helpers import signatures, size_of
from tests.compat.openai.helpers import error_of, made

PATH = "/openai/v1/chat/completions"
SMALL = {"image_size": "512", "aspect_ratio": "1:1"}


def data_url(data: bytes | None = None, kind: str = "image/png") -> str:
    return f"data:{kind};base64,{base64.b64encode(data or picture()).decode()}"


def part(url: str) -> Json:
    return {"type": "image_url", "image_url": {"url": url}}


def user(*content: Any) -> Json:
    return {"role": "user", "content": content[0] if isinstance(content[0], str) else list(content)}


def chat(account: Account, *messages: Any, path: str = PATH, headers: Any = None, **body: Any) -> httpx.Response:
    turns = [user(message) if isinstance(message, str) else message for message in messages]
    whole = {"model": FLASH, "messages": turns, "image_config": SMALL, **body}
    return account.post(path, json=whole, headers=headers)


def message_of(answer: httpx.Response) -> Json:
    [choice] = made(answer)["choices"]
    message: Json = choice["message"]
    return message


def decoded(image: Json) -> bytes:
    head, _, data = image["image_url"]["url"].partition(",")
    assert head == "data:image/png;base64"
    return base64.b64decode(data, validate=True)


def chunks(answer: httpx.Response) -> list[Json]:
    assert answer.headers["content-type"] == "text/event-stream"
    lines = [line.removeprefix("data: ") for line in answer.text.split("\n\n") if line.startswith("data: ")]
    assert lines[-1] == "[DONE]"
    return [json.loads(line) for line in lines[:-1]]


def content_of(account: Account, public: str) -> GenerationContent:
    with account.books.open():
        found: GenerationContent = GenerationContent.objects.get(pk=uuid_of(public))
    return found


def test_a_picture_at_the_same_price(account: Account) -> None:
    before = account.trace
    answer = made(chat(account, {"role": "system", "content": "Be kind."}, "a cat", modalities=["image", "text"]))
    [choice] = answer["choices"]
    assert (choice["index"], choice["finish_reason"]) == (0, "stop")
    message = choice["message"]
    assert (message["role"], message["refusal"]) == ("assistant", None)
    assert message["content"].startswith("Here is your picture.")
    [image] = message["images"]
    assert (image["type"], image["index"], size_of(decoded(image))) == ("image_url", 0, (512, 512))
    assert (answer["object"], answer["model"]) == ("chat.completion", FLASH)
    job = account.get(f"/api/v1/generations/{answer['id']}").json()
    assert job["request"]["system_instruction"] == "Be kind."
    assert answer["usage"] == {
        "prompt_tokens": job["usage"]["input"]["text"],
        "completion_tokens": 779,
        "total_tokens": job["usage"]["total"],
        "prompt_tokens_details": {
            "cached_tokens": 0, "text_tokens": job["usage"]["input"]["text"], "image_tokens": 0, "video_tokens": 0,
            "audio_tokens": 0,
        },
        "completion_tokens_details": {
            "reasoning_tokens": 0, "text_tokens": 32, "image_tokens": 747, "audio_tokens": 0,
        },
    }  # fmt: skip
    after = account.trace
    assert (after.held, before.balance - after.balance) == (before.held, Decimal(job["charge"]["amount"]))


def test_what_is_asked_for_is_what_comes(account: Account) -> None:
    only = message_of(chat(account, "a cat", modalities=["image"], image_config={**SMALL, "aspect_ratio": "16:9"}))
    assert (only["content"], size_of(decoded(only["images"][0]))) == ("", (688, 384))
    words = made(chat(account, "a cat", modalities=["text"], image_config=None))
    assert "images" not in words["choices"][0]["message"]
    assert words["usage"]["completion_tokens_details"]["image_tokens"] == 0


@pytest.mark.parametrize("prefix", ["/v1/openai", "/v1beta/openai"])
def test_googles_address_and_routers_names(account: Account, prefix: str) -> None:
    answer = chat(account, "a cat", path=f"{prefix}/chat/completions", model=f"google/{FLASH}-preview", top_k=40)
    assert made(answer)["model"] == FLASH
    assert answer.headers["warning"] == '299 - "top_k has no effect with this model"'


def test_pictures_go_in_whatever_they_are_declared_as(account: Account) -> None:
    large = noise(300)
    output = account.make()["outputs"][0]
    shown = user(
        {"type": "text", "text": "Blue"},
        part(data_url(large)),
        {"type": "image_url", "image_url": data_url(picture(format="JPEG"), "image/png;name=x")},
        part(output["url"]),
    )
    answer = made(chat(account, shown))
    assert answer["usage"]["prompt_tokens_details"]["image_tokens"] == 3 * 258
    kept = account.get(f"/api/v1/generations/{answer['id']}").json()["request"]["input"][0]["content"]
    files = [account.get(f"/api/v1/files/{block['file_id']}").json() for block in kept[1:3]]
    assert [file["mime_type"] for file in files] == ["image/png", "image/jpeg"]
    assert files[0]["bytes"] == len(large)
    assert kept[3]["uri"] == output["url"]


def test_a_conversation_keeps_its_thoughts_and_order(account: Account) -> None:
    """The message of an answer, sent back as it came, is the model's turn as it was."""
    pro: Json = {"model": PRO, "image_config": None}
    first = made(chat(account, "a cat [[images:2]]", reasoning={}, **pro))
    message = first["choices"][0]["message"]
    assert message["reasoning"] == message["reasoning_details"][0]["summary"]
    steps = content_of(account, first["id"]).steps
    assert signatures(steps)
    history = [user("a cat [[images:2]]"), message]
    second = made(chat(account, *history, "Now blue", **pro))
    sent = content_of(account, second["id"]).job_spec["steps"]
    assert signatures(sent) == signatures(steps)
    turn = [step for step in sent if step["type"] == "model_output"]
    kinds = [block["type"] for step in turn for block in step["content"]]
    assert kinds == [block["type"] for step in steps if step["type"] == "model_output" for block in step["content"]]
    assert kinds == ["text", "image", "text", "image"]
    # Without what is ours the same texts and pictures are there.
    plain = {name: message[name] for name in ("role", "content", "images")}
    third = made(chat(account, user("a cat"), plain, "Now blue", **pro))
    sent = content_of(account, third["id"]).job_spec["steps"]
    assert [block["type"] for block in sent[1]["content"]] == ["text", "image", "image"]


def test_a_search_is_cited_in_characters_with_what_must_be_shown(account: Account) -> None:
    answer = made(chat(account, "Weather in Tokyo", web_search_options={}))
    message = answer["choices"][0]["message"]
    job = account.get(f"/api/v1/generations/{answer['id']}").json()
    assert message["grounding"] == job["grounding"]
    assert account.http.get(message["page_url"]).status_code == 200
    assert message["annotations"]
    for annotation, citation in zip(message["annotations"], job["grounding"]["citations"], strict=True):
        cited = annotation["url_citation"]
        assert (annotation["type"], cited["url"], cited["title"]) == (
            "url_citation",
            citation["url"],
            citation["title"],
        )
        assert message["content"][cited["start_index"] : cited["end_index"]] == citation["text"]


def test_several_answers_are_several_jobs_of_one_request(account: Account) -> None:
    answer = made(chat(account, "a cat", n=2))
    assert [choice["index"] for choice in answer["choices"]] == [0, 1]
    assert answer["usage"]["completion_tokens"] == 2 * 779
    jobs = [account.get(f"/api/v1/generations/{job}").json() for job in answer["generations"]]
    assert jobs[0]["group_id"] == jobs[1]["group_id"] is not None


def test_a_stream_is_the_same_answer_in_pieces(account: Account) -> None:
    got = chunks(chat(account, "a cat", stream=True, stream_options={"include_usage": True}, n=2, reasoning={}))
    assert {chunk["object"] for chunk in got} == {"chat.completion.chunk"}
    assert len({chunk["id"] for chunk in got}) == 1
    for index in (0, 1):
        deltas = [each for chunk in got for each in chunk["choices"] if each["index"] == index]
        assert deltas[0]["delta"] == {"role": "assistant", "content": ""}
        assert "".join(each["delta"].get("content") or "" for each in deltas).startswith("Here is your picture.")
        [image] = [image for each in deltas for image in each["delta"].get("images", ())]
        assert size_of(decoded(image)) == (512, 512)
        assert [each["finish_reason"] for each in deltas] == [None] * (len(deltas) - 1) + ["stop"]
    assert got[-1]["choices"] == []
    assert got[-1]["usage"]["completion_tokens"] == 2 * 779


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("word", "reason", "charged"), [("[[safety]]", "content_filter", False), ("[[no_image]]", "stop", True)]
)
def test_ends_that_are_answers(account: Account, stream: bool, word: str, reason: str, charged: bool) -> None:
    """A refusal in words was paid for and is the message; what was blocked says why."""
    answer = chat(account, f"x {word}", stream=stream)
    shown = chunks(answer)[-1] if stream else made(answer)
    assert shown["choices"][0]["finish_reason"] == reason
    said = answer.text
    assert ("in text" in said, "safety policies" in said, '"images"' in said) == (charged, not charged, False)
    assert (account.trace.entries > 2) == charged


@pytest.mark.parametrize("word", ["prohibited_content", "blocklist", "spii", "recitation", "language"])
def test_every_refusal_of_the_upstream_is_a_filter(account: Account, word: str) -> None:
    [choice] = made(chat(account, f"x [[{word}]]"))["choices"]
    assert (choice["finish_reason"], choice["native_finish_reason"]) == ("content_filter", word.upper())
    assert choice["message"]["refusal"]
    images = {"model": FLASH, "prompt": f"x [[{word}]]", "size": "512x512"}
    error = error_of(account.post("/openai/v1/images/generations", json=images), 400)
    assert (error["code"], error["type"]) == ("content_policy_violation", "image_generation_user_error")


@pytest.mark.parametrize("stream", [False, True])
def test_the_token_limit_is_an_end_with_the_text_that_came(account: Account, stream: bool) -> None:
    answer = chat(account, "a cat", max_tokens=100, stream=stream)
    shown = chunks(answer)[-1] if stream else made(answer)
    [choice] = shown["choices"]
    assert (choice["finish_reason"], choice["native_finish_reason"]) == ("length", "MAX_TOKENS")
    assert ("in text" in answer.text or "Here is" in answer.text, '"images"' in answer.text) == (True, False)


@pytest.mark.parametrize(("word", "status", "code"), [("[[failed]]", 503, "upstream_unavailable")])
def test_ends_that_are_none_are_not_sent_again(account: Account, word: str, status: int, code: str) -> None:
    """Routers fall back on 5xx; OpenAI's libraries are told not to repeat it."""
    answer = account.http.post(PATH, headers=account.headers, json={"model": FLASH, "messages": [user(f"x {word}")]})
    error = error_of(answer, status)
    assert (error["code"], error["type"], answer.headers["x-should-retry"]) == (code, "server_error", "false")
    streamed = chat(account, f"x {word}", stream=True).text
    last = streamed.strip().split("\n\n")[-1]
    assert json.loads(last.removeprefix("data: "))["error"]["code"] == code
    assert account.trace.balance == 100
    # It is no fault of the process that answers.
    log = account.books.running.data_dir / "logs" / "web.log"
    assert "Service Unavailable" not in log.read_text()


def test_the_same_key_is_the_same_answer(account: Account) -> None:
    headers = {"Idempotency-Key": "k"}
    first, again = (made(chat(account, "a cat", n=2, headers=headers)) for _ in range(2))
    assert first["generations"] == again["generations"]
    streamed = [chat(account, "a cat", stream=True, headers={"Idempotency-Key": "s"}) for _ in range(2)]
    assert streamed[0].text == streamed[1].text
    assert account.trace.generations == 3


@pytest.mark.parametrize(
    ("message", "param", "said"),
    [
        (user(part("data:image/png,abc")), "messages[0].content[0].image_url.url", "base64"),
        (user(part("data:image/png;base64,!!")), "messages[0].content[0].image_url.url", "base64"),
        (user(part(data_url(b"text"))), "messages[0].content[0]", "no image"),
        (user(part("http://127.0.0.1/x.png")), "messages[0].content[0]", ""),
        (user({"type": "file", "file": {"file_data": data_url()}}), "messages[0].content[0].type", "image_url"),
        ({"role": "tool", "content": "x"}, "messages[0].role", "tools"),
        ({"role": "user", "content": "x", "images": ["aGk="]}, "messages[0].images", "no such field"),
        ({"role": "assistant", "content": "x"}, "messages", "user"),
    ],
)
def test_messages_that_are_refused(reader: Account, message: Json, param: str, said: str) -> None:
    with reader.untouched():
        error = error_of(chat(reader, message), 400)
    assert error["param"] == param
    assert said in error["message"]


def test_keys_money_and_outsiders(reader: Account) -> None:
    with reader.untouched():
        assert error_of(reader.http.post(PATH, json={}), 401)["code"] == "invalid_api_key"
        error_of(chat(reader.key(scopes=[Scope.READ]), "x"), 403)
        assert error_of(chat(reader.key(allowed_models=[PRO]), "x"), 403)["param"] == "model"
        assert error_of(chat(reader, "x", model="gpt-5"), 404)["code"] == "model_not_found"
        error_of(reader.get(f"{PATH}?jobs=gen_1&form=json"), 405)
