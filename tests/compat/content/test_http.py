"""generateContent as REST callers send it: shapes, both spellings, streams, errors, and the same bill."""

from __future__ import annotations

import base64
import json
import time
from decimal import Decimal

import httpx
import pytest

from accounts.models import ApiKey, Scope
from tests.api.accounts import FLASH, PRO, Account, Books, open_account, picture
from tests.compat.content.helpers import SMALL, ask, candidate_of, content_of, signatures, size_of, user

PATH = f"/v1beta/models/{FLASH}"


def message_of(answer: httpx.Response, status: int, name: str) -> str:
    """The message of Google's error that `answer` is."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/json"
    error = answer.json()["error"]
    assert list(answer.json()) == ["error"]
    assert (error["code"], error["status"]) == (status, name)
    return str(error["message"])


def test_the_answer_has_googles_shape(account: Account) -> None:
    answer = ask(account, "a cat", generationConfig=SMALL)
    made = answer.json()
    assert list(made) == ["candidates", "modelVersion", "responseId", "createTime", "usageMetadata"]
    candidate = candidate_of(answer)
    assert list(candidate) == ["index", "content", "finishReason"]
    assert (candidate["index"], candidate["finishReason"], candidate["content"]["role"]) == (0, "STOP", "model")
    text, image = candidate["content"]["parts"]
    assert list(text) == ["text"]
    assert list(image) == ["inlineData"]
    assert list(image["inlineData"]) == ["mimeType", "data"]
    assert size_of(base64.b64decode(image["inlineData"]["data"], validate=True)) == (512, 512)
    assert made["usageMetadata"] == {
        "promptTokenCount": 2,
        "candidatesTokenCount": 779,
        "totalTokenCount": 781,
        "promptTokensDetails": [{"modality": "TEXT", "tokenCount": 2}],
        "candidatesTokensDetails": [
            {"modality": "IMAGE", "tokenCount": 747},
            {"modality": "TEXT", "tokenCount": 32},
        ],
    }
    assert (made["modelVersion"], made["responseId"][:4]) == (FLASH, "gen_")


@pytest.mark.parametrize("version", ["v1", "v1beta", "v1alpha"])
def test_every_version_and_the_key_in_the_address(account: Account, version: str) -> None:
    path = f"/{version}/models/{FLASH}:generateContent?key={account.secret}&$alt=json;enum-encoding=int"
    body = {"contents": [user("x")], "generationConfig": SMALL}
    answer = account.http.post(path, json=body)
    assert candidate_of(answer)["finishReason"] == "STOP"


def test_it_is_the_same_job_at_the_same_price(account: Account) -> None:
    native = account.make(input="the same words")
    before = account.trace
    answer = ask(account, "the same words", generationConfig={**SMALL, "responseModalities": ["IMAGE"]})
    job = account.get(f"/api/v1/generations/{answer.json()['responseId']}").json()
    assert job["charge"] == native["charge"]
    assert job["usage"] == native["usage"]
    assert job["outputs"][0]["bytes"] > 0
    after = account.trace
    assert (after.held, before.balance - after.balance) == (before.held, Decimal(native["charge"]["amount"]))
    assert (after.generations, after.holds) == (before.generations + 1, before.holds + 1)


def test_both_alphabets_and_names_are_read(account: Account) -> None:
    data = picture(90, 160) + b"\xfb\xff\xfe"
    standard, safe = base64.b64encode(data).decode(), base64.urlsafe_b64encode(data).decode().rstrip("=")
    assert standard.rstrip("=") != safe
    for part in (
        {"inlineData": {"mimeType": "image/jpeg", "data": standard}},
        {"inline_data": {"mime_type": "image/png", "data": safe}},
    ):
        answer = ask(account, user("Edit", part), generation_config={"image_config": {"image_size": "512"}})
        image = candidate_of(answer)["content"]["parts"][-1]["inlineData"]
        assert size_of(base64.b64decode(image["data"])) == (384, 688)
        [step] = content_of(account, answer.json()["responseId"]).job_spec["steps"]
        assert (step["content"][1]["mime_type"], step["content"][1]["bytes"]) == ("image/png", len(data))


def test_a_signature_from_elsewhere_is_sent_up_unchanged(account: Account) -> None:
    config = {**SMALL, "thinkingConfig": {"thinkingLevel": "HIGH"}}
    first = ask(account, "A poster", generationConfig=config)
    turn = candidate_of(first)["content"]
    made = signatures(content_of(account, first.json()["responseId"]).steps)
    assert [part.get("thoughtSignature") for part in turn["parts"]] == [*made, None]
    second = ask(account, "A poster", turn, user("In blue"), generationConfig=config)
    candidate = candidate_of(second)
    assert candidate["finishReason"] == "STOP"
    assert signatures(content_of(account, second.json()["responseId"]).job_spec["steps"]) == made
    assert second.json()["usageMetadata"]["promptTokensDetails"] == [
        {"modality": "TEXT", "tokenCount": 2 + 32 + 2},
        {"modality": "IMAGE", "tokenCount": 258},
    ]


def test_a_stream_without_alt_is_one_json_array(account: Account) -> None:
    answer = ask(account, "x", method="streamGenerateContent", generationConfig=SMALL)
    assert answer.headers["content-type"] == "application/json"
    text, image = answer.json()
    assert [list(part) for chunk in (text, image) for part in chunk["candidates"][0]["content"]["parts"]] == [
        ["text"],
        ["inlineData"],
    ]
    assert "usageMetadata" not in text
    assert "finishReason" not in text["candidates"][0]
    assert image["candidates"][0]["finishReason"] == "STOP"
    assert image["usageMetadata"]["totalTokenCount"] == 1 + 747 + 32


def test_a_stream_with_alt_sse_is_events(account: Account) -> None:
    answer = ask(account, "x", method="streamGenerateContent?alt=sse", generationConfig=SMALL)
    assert answer.headers["content-type"] == "text/event-stream"
    *events, rest = answer.text.split("\n\n")
    assert rest == ""
    assert all(event.startswith('data: {"candidates":') for event in events)
    chunks = [json.loads(event[6:]) for event in events]
    assert [chunk["candidates"][0].get("finishReason") for chunk in chunks] == [None, "STOP"]


@pytest.mark.parametrize("method", ["generateContent", "streamGenerateContent", "streamGenerateContent?alt=sse"])
def test_failures_say_why_and_are_not_to_be_sent_again(account: Account, method: str) -> None:
    answer = ask(account, "x [[safety]]", method=method, generationConfig=SMALL)
    assert answer.status_code == 200
    said = answer.text.removeprefix("data: ")
    [chunk] = json.loads(said) if said.startswith("[") else [json.loads(said)]
    [candidate] = chunk["candidates"]
    assert candidate == {
        "index": 0,
        "content": {"role": "model", "parts": []},
        "finishReason": "IMAGE_SAFETY",
        "finishMessage": "The request was blocked: the generated picture would violate the safety policies.",
    }
    job = account.get(f"/api/v1/generations/{chunk['responseId']}").json()
    assert (job["error"]["code"], job["charge"]["status"]) == ("safety_blocked", "not_charged")


def test_a_text_that_is_charged_is_handed_out(account: Account) -> None:
    answer = ask(account, "x [[no_image]]", generationConfig=SMALL, tools=[{"google_search": {}}])
    candidate = candidate_of(answer)
    assert candidate["finishReason"] == "NO_IMAGE"
    job = account.get(f"/api/v1/generations/{answer.json()['responseId']}").json()
    assert job["charge"]["status"] == "charged"
    [part] = candidate["content"]["parts"]
    assert part["text"] == job["content"][0]["text"]
    grounding = candidate["groundingMetadata"]
    assert grounding["searchEntryPoint"]["renderedContent"] == job["grounding"]["search_suggestions"][0]
    assert grounding["webSearchQueries"] == job["grounding"]["search_queries"]
    assert len(grounding["groundingChunks"]) == 1
    assert grounding["groundingSupports"][0]["segment"]["text"] in part["text"]


def test_an_answer_that_ends_at_its_limit_says_so_and_is_handed_out(account: Account) -> None:
    """In each dialect's own words, with the text that is charged."""
    body = {"model": FLASH, "input": "x", "response_format": [{"type": "text"}, {"type": "image", "image_size": "512"}]}
    limited = {**body, "generation_config": {"max_output_tokens": 60}}
    answer = ask(account, "x", generationConfig={**SMALL, "maxOutputTokens": 60})
    candidate = candidate_of(answer)
    assert candidate["finishReason"] == "MAX_TOKENS"
    assert "60 tokens (max_output_tokens)" in candidate["finishMessage"]
    [part] = candidate["content"]["parts"]
    interaction = account.post("/v1/interactions", json=limited).json()
    assert interaction["status"] == "incomplete"
    assert [block["text"] for block in interaction["steps"][-1]["content"]] == [part["text"]]
    job = account.get(f"/api/v1/generations/{interaction['id']}").json()
    assert (job["error"]["code"], job["charge"]["status"]) == ("no_image", "charged")
    assert "max_output_tokens" in job["error"]["message"]
    assert (job["notices"][0]["code"], job["notices"][0]["reason"]) == ("ended_early", "max_output_tokens")
    # A part of what was asked for is an answer, which is not whole.
    pictures = {**SMALL, "maxOutputTokens": 900}
    several = candidate_of(ask(account, "x [[images:2]]", generationConfig=pictures))
    assert several["finishReason"] == "MAX_TOKENS"
    assert [list(part) for part in several["content"]["parts"]] == [["text"], ["inlineData"], ["text"]]


@pytest.mark.parametrize(
    ("words", "status", "name"), [("[[fault:500]]", 503, "UNAVAILABLE"), ("[[fault:400]]", 400, "INVALID_ARGUMENT")]
)
def test_failures_that_no_sdk_repeats_are_errors(account: Account, words: str, status: int, name: str) -> None:
    """An empty answer would be taken for the model's; what is no answer is not charged."""
    before = account.trace
    body = {"contents": [user(f"x {words}")], "generationConfig": SMALL}
    failed = account.http.post(f"{PATH}:generateContent", json=body, headers=account.headers)
    message = message_of(failed, status, name)
    assert "upstream" in message
    streamed = ask(account, f"x {words}", method="streamGenerateContent?alt=sse", generationConfig=SMALL)
    assert streamed.status_code == 200
    chunk = json.loads(streamed.text.removeprefix("data: "))
    assert next(iter(chunk)) == "error"
    assert (chunk["error"]["code"], chunk["error"]["status"]) == (status, name)
    assert chunk["candidates"][0]["finishReason"] == "OTHER"
    assert chunk["usageMetadata"]["totalTokenCount"] == 0
    assert account.trace.balance == before.balance


@pytest.mark.parametrize(
    ("word", "of_image", "of_text"),
    [
        ("safety", "IMAGE_SAFETY", "SAFETY"),
        ("prohibited_content", "IMAGE_PROHIBITED_CONTENT", "PROHIBITED_CONTENT"),
        ("blocklist", "BLOCKLIST", "BLOCKLIST"),
        ("spii", "SPII", "SPII"),
        ("recitation", "IMAGE_RECITATION", "RECITATION"),
        ("language", "LANGUAGE", "LANGUAGE"),
    ],
)
def test_refusals_of_the_model_have_googles_names(account: Account, word: str, of_image: str, of_text: str) -> None:
    picture = ask(account, f"x [[fault:{word}]]", generationConfig=SMALL)
    text = ask(account, f"x [[fault:{word}]]", generationConfig={"responseModalities": ["TEXT"]})
    assert [candidate_of(answer)["finishReason"] for answer in (picture, text)] == [of_image, of_text]
    assert picture.json()["usageMetadata"]["totalTokenCount"] >= 0
    job = account.get(f"/api/v1/generations/{picture.json()['responseId']}").json()
    assert (job["error"]["code"], job["attempts"], job["charge"]["status"]) == ("safety_blocked", 1, "not_charged")


@pytest.mark.parametrize(("query", "first"), [("?alt=sse", b"data:"), ("", b"[")])
def test_a_stream_begins_at_once(account: Account, query: str, first: bytes) -> None:
    path = f"{PATH}:streamGenerateContent{query}"
    body = {"contents": [user("x [[latency:2]]")], "generationConfig": SMALL}
    began = time.monotonic()
    with account.http.stream("POST", path, json=body, headers={"x-goog-api-key": account.secret}) as answer:
        came = answer.iter_raw()
        assert next(came).startswith(first)
        assert time.monotonic() - began < 1.5
        whole = first + b" " + b"".join(came)
    assert b"inlineData" in whole


def test_settings_without_effect_are_taken_with_a_warning(account: Account) -> None:
    answer = ask(account, "x", generationConfig={**SMALL, "topK": 40, "mediaResolution": "MEDIA_RESOLUTION_LOW"})
    assert candidate_of(answer)["finishReason"] == "STOP"
    assert answer.headers["warning"] == (
        '299 - "generationConfig.topK and generationConfig.mediaResolution have no effect with this model"'
    )
    body = {"model": FLASH, "input": "x", "response_format": {"type": "image", "image_size": "512"}}
    interaction = account.post("/v1/interactions", json={**body, "generation_config": {"top_k": 40}})
    assert interaction.json()["status"] == "completed"
    assert interaction.headers["warning"] == '299 - "generation_config.top_k has no effect with this model"'


def test_interactions_refuse_with_the_place_in_the_message(account: Account) -> None:
    """The SDKs show the message alone."""
    body = {"model": FLASH, "input": "x", "service_tier": "flex", "generation_config": {"aspectRatio": "16:9"}}
    with account.untouched():
        refused = account.post("/v1/interactions", json=body)
    assert refused.status_code == 400
    assert refused.json()["error"]["message"] == (
        "service_tier: There is one tier for single requests; leave it out. generation_config.aspectRatio: "
        '"aspectRatio" is not a field here; did you mean response_format.aspect_ratio?'
    )


def test_addresses_instead_of_bytes(account: Account, http: httpx.Client) -> None:
    config = {"responseFormat": {"image": {"imageSize": "512", "aspectRatio": "1:1", "delivery": "URI"}}}
    [part] = candidate_of(ask(account, "x", generationConfig=config))["content"]["parts"]
    assert [*part["fileData"]] == ["mimeType", "fileUri"]
    body = {"model": FLASH, "input": "x", "response_format": {"type": "image", "image_size": "512", "delivery": "uri"}}
    interaction = account.post("/v1/interactions", json=body).json()
    [image] = interaction["steps"][-1]["content"]
    assert "data" not in image
    for address in (part["fileData"]["fileUri"], image["uri"]):
        assert size_of(http.get(address).content) == (512, 512)
    again = [*interaction["steps"], {"type": "user_input", "content": [{"type": "text", "text": "in blue"}]}]
    second = account.post("/v1/interactions", json={**body, "input": again}).json()
    assert second["status"] == "completed"
    assert second["usage"]["input_tokens_by_modality"][-1]["modality"] == "image"
    streamed = account.post("/v1/interactions", json={**body, "stream": True})
    assert '"type":"image"' in streamed.text
    assert '"uri":"' in streamed.text


def test_text_alone(account: Account) -> None:
    answer = ask(account, "x", generationConfig={"responseModalities": ["TEXT"]})
    assert [list(part) for part in candidate_of(answer)["content"]["parts"]] == [["text"]]
    blocked = candidate_of(ask(account, "x [[safety]]", generationConfig={"responseModalities": ["TEXT"]}))
    assert blocked["finishReason"] == "SAFETY"


def test_files_of_ours_and_of_nobody_else(account: Account, other: Account) -> None:
    file = account.file(picture(160, 90))
    for uri in (f"files/{file['id']}", f"https://generativelanguage.googleapis.com/v1beta/files/{file['id']}"):
        part = {"file_data": {"file_uri": uri, "mime_type": "image/png"}}
        answer = ask(account, user("x", part), generationConfig={"imageConfig": {"imageSize": "512"}})
        image = candidate_of(answer)["content"]["parts"][-1]["inlineData"]
        assert size_of(base64.b64decode(image["data"])) == (688, 384)
    with other.untouched():
        refused = ask(other, user("x", part))
        assert message_of(refused, 404, "NOT_FOUND") == "contents[0].parts[1].fileData.fileUri: There is no such file."


def test_a_video_of_youtube_is_passed_on(account: Account) -> None:
    part = {"fileData": {"fileUri": "https://www.youtube.com/watch?v=abcdefghijk"}}
    answer = ask(account, user("Its poster", part), generationConfig=SMALL)
    assert candidate_of(answer)["finishReason"] == "STOP"
    assert "VIDEO" in {each["modality"] for each in answer.json()["usageMetadata"]["promptTokensDetails"]}


def test_counting_runs_and_keeps_nothing(account: Account) -> None:
    data = base64.b64encode(picture()).decode()
    turn = user("eight by", {"inlineData": {"mimeType": "image/png", "data": data}})
    with account.untouched():
        assert ask(account, turn, method="countTokens").json() == {
            "totalTokens": 260,
            "promptTokensDetails": [{"modality": "TEXT", "tokenCount": 2}, {"modality": "IMAGE", "tokenCount": 258}],
        }
        inner = {"model": f"models/{PRO}", "contents": [turn], "systemInstruction": {"parts": [{"text": "four"}]}}
        whole = account.post(f"/v1/models/{PRO}:countTokens", json={"generateContentRequest": inner})
        assert whole.json()["totalTokens"] == 2 + 560 + 1
        empty = account.post(f"{PATH}:countTokens", json={})
        assert message_of(empty, 400, "INVALID_ARGUMENT").startswith("contents: It is empty")
        assert ask(account, "x", method="countTokens", model="nano").status_code == 404
        both = account.post(f"{PATH}:countTokens", json={"contents": [turn], "generateContentRequest": inner})
        assert "exclude each other" in message_of(both, 400, "INVALID_ARGUMENT")
        none = account.post(f"{PATH}:countTokens", json={"generateContentRequest": 5})
        assert "generateContentRequest is 5" in message_of(none, 400, "INVALID_ARGUMENT")


def test_a_model_that_a_key_may_not_use_is_named_with_those_that_it_may(account: Account) -> None:
    narrow = account.key(scopes=[Scope.GENERATE], allowed_models=[PRO])
    assert message_of(ask(narrow, "x"), 403, "PERMISSION_DENIED") == (
        f"model: This key may not use {FLASH}; it may use: {PRO}."
    )


def test_what_cannot_be_done_is_refused_before_anything_is_spent(account: Account) -> None:
    whole = base64.b64encode(picture()).decode()
    words = base64.b64encode(b"text").decode()
    with account.untouched():
        for part, said in (
            (
                {"inlineData": {"mimeType": "image/png", "data": whole[:40]}},
                "contents[0].parts[1].inlineData.data: This image/png ends too early",
            ),
            ({"inline_data": {"data": "?" * 8}}, "contents[0].parts[1].inline_data.data: This is not base64"),
            ({"inlineData": {"data": words}}, "contents[0].parts[1].inlineData.data: This is no"),
            ({"fileData": {"fileUri": "http://127.0.0.1/x.png"}}, "contents[0].parts[1].fileData.fileUri: "),
            ({"functionCall": {}, "foo": 1}, "contents[0].parts[1].foo: There is no such field"),
        ):
            answer = ask(account, user("x", part))
            assert message_of(answer, 400, "INVALID_ARGUMENT").startswith(said), answer.text
        several = ask(account, "x", generationConfig={"logprobs": 1, "candidateCount": 2})
        assert message_of(several, 400, "INVALID_ARGUMENT") == (
            "generationConfig.logprobs: The image models have no such setting; leave it out. "
            "generationConfig.candidateCount: One request gives one candidate; send several requests."
        )
        for body in (b"", b"{", b"[]", b'"x"', b"\xff", b'{"contents": [{"parts": [{"text": "\\ud800"}]}]}'):
            message_of(account.post(f"{PATH}:generateContent", content=body), 400, "INVALID_ARGUMENT")


def test_who_may_not_is_told_so_as_google_tells_it(account: Account, books: Books, http: httpx.Client) -> None:
    body = {"contents": [user("x")]}
    for method in ("generateContent", "streamGenerateContent", "countTokens"):
        message_of(http.post(f"{PATH}:{method}", json=body), 401, "UNAUTHENTICATED")
        wrong = http.post(f"{PATH}:{method}", json=body, headers={"x-goog-api-key": "cvd_live_wrong"})
        message_of(wrong, 401, "UNAUTHENTICATED")
    with account.untouched():
        message_of(ask(account.key(scopes=[Scope.READ]), "x"), 403, "PERMISSION_DENIED")
        other_model = account.key(allowed_models=[PRO])
        for method in ("generateContent", "countTokens"):
            assert PRO in message_of(ask(other_model, "x", method=method), 403, "PERMISSION_DENIED")
    poor = open_account(books, http, balance=0)
    message_of(ask(poor, "x"), 403, "PERMISSION_DENIED")


def test_a_key_that_may_only_generate_gets_its_answer(account: Account) -> None:
    maker = account.key(scopes=[Scope.GENERATE])
    assert candidate_of(ask(maker, "x", generationConfig=SMALL))["finishReason"] == "STOP"
    with account.books.open():
        assert ApiKey.objects.filter(tenant_id=account.tenant.id).count() == 2


def test_the_address_that_renders_is_not_reachable_from_outside(account: Account) -> None:
    made = ask(account, "x", generationConfig=SMALL).json()["responseId"]
    for method in ("generateContent", "streamGenerateContent"):
        path = f"{PATH}:{method}/{made}?form=object&thoughts=true"
        for headers in ({}, {"X-Cavendish-Internal": "True"}, {"cavendish.internal": "True"}):
            assert message_of(account.get(path, headers=headers), 404, "NOT_FOUND") == "There is no such resource."


def test_models_say_that_they_take_it(account: Account) -> None:
    methods = account.get(f"/v1/models/{FLASH}").json()["supportedGenerationMethods"]
    assert {"generateContent", "countTokens", "batchGenerateContent", "createInteraction"} <= set(methods)
