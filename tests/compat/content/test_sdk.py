"""google-genai's older half, unchanged: generate_content, its stream, chats and count_tokens."""

from __future__ import annotations

from typing import Any

import pytest
from google import genai
from google.genai import types
from google.genai.errors import ClientError, ServerError
from PIL import Image

from tests.api.accounts import FLASH, OLD, PRO, Account, picture
from tests.compat.content.helpers import content_of, signatures, size_of

SMALL = types.GenerateContentConfig(image_config=types.ImageConfig(image_size="512", aspect_ratio="1:1"))
THINKING = types.ThinkingConfig(thinking_level=types.ThinkingLevel.HIGH, include_thoughts=True)
SEARCH = types.Tool(google_search=types.GoogleSearch())


def test_a_prompt_gives_text_and_picture(sdk: Any, account: Account) -> None:
    made = sdk.models.generate_content(model=FLASH, contents="A nano banana dish")
    [candidate] = made.candidates
    assert candidate.finish_reason is types.FinishReason.STOP
    text, image = made.parts
    assert (len(text.text), image.inline_data.mime_type) == (128, "image/png")
    assert size_of(image.inline_data.data) == (1024, 1024)
    usage = made.usage_metadata
    assert (usage.prompt_token_count, usage.candidates_token_count, usage.total_token_count) == (5, 1152, 1157)
    assert {(each.modality.value, each.token_count) for each in usage.candidates_tokens_details} == {
        ("IMAGE", 1120),
        ("TEXT", 32),
    }
    assert made.model_version == FLASH
    job = account.get(f"/api/v1/generations/{made.response_id}").json()
    assert (job["status"], job["charge"]["status"], job["usage"]["total"]) == ("succeeded", "charged", 1157)
    stored = account.http.get(job["outputs"][0]["url"]).content
    assert stored == image.inline_data.data


def test_every_wish_of_a_config(sdk: Any, account: Account) -> None:
    made = sdk.models.generate_content(
        model=FLASH,
        contents=["The weather in Köln", Image.new("RGB", (90, 160))],
        config=types.GenerateContentConfig(
            system_instruction="Be brief.",
            response_modalities=["IMAGE"],
            image_config=types.ImageConfig(aspect_ratio="16:9", image_size="512"),
            thinking_config=THINKING,
            tools=[SEARCH],
            safety_settings=[
                types.SafetySetting(
                    category=types.HarmCategory.HARM_CATEGORY_HATE_SPEECH,
                    threshold=types.HarmBlockThreshold.BLOCK_ONLY_HIGH,
                )
            ],
            seed=7,
            temperature=0.5,
            top_p=0.9,
            max_output_tokens=4000,
            stop_sequences=["END"],
            candidate_count=1,
        ),
    )
    assert size_of(made.parts[-1].inline_data.data) == (688, 384)
    plan = content_of(account, made.response_id).job_spec
    assert plan["system_instruction"] == "Be brief."
    assert plan["response_format"] == {"type": "image", "aspect_ratio": "16:9", "image_size": "512"}
    assert plan["tools"] == [{"type": "google_search"}]
    assert plan["safety_settings"] == [{"type": "hate_speech", "threshold": "block_only_high"}]
    config = plan["generation_config"]
    assert config.pop("max_output_tokens") <= 4000
    assert config == {
        "thinking_level": "high",
        "thinking_summaries": "auto",
        "seed": 7,
        "temperature": 0.5,
        "top_p": 0.9,
        "stop_sequences": ["END"],
    }


def test_thoughts_come_only_when_they_are_wanted(sdk: Any) -> None:
    quiet = types.ThinkingConfig(thinking_level=types.ThinkingLevel.HIGH)
    silent = sdk.models.generate_content(model=FLASH, contents="x", config={"thinking_config": quiet})
    assert [part.thought for part in silent.parts] == [None, None]
    assert silent.parts[0].thought_signature
    assert silent.usage_metadata.thoughts_token_count == 600
    spoken = sdk.models.generate_content(model=FLASH, contents="x", config={"thinking_config": THINKING})
    assert [part.thought for part in spoken.parts] == [True, True, None, None]
    assert [part.thought_signature is None for part in spoken.parts] == [True, True, False, True]
    assert spoken.text == spoken.parts[2].text


def test_grounding_comes_with_all_that_must_be_shown(sdk: Any, account: Account) -> None:
    kinds = types.SearchTypes(web_search=types.WebSearch(), image_search=types.ImageSearch())
    tool = types.Tool(google_search=types.GoogleSearch(search_types=kinds))
    config = types.GenerateContentConfig(tools=[tool], thinking_config=THINKING)
    made = sdk.models.generate_content(model=FLASH, contents="Das Wetter in Köln 🌧", config=config)
    found = made.candidates[0].grounding_metadata
    job = account.get(f"/api/v1/generations/{made.response_id}").json()["grounding"]
    assert [*found.web_search_queries, *found.image_search_queries] == job["search_queries"]
    assert found.search_entry_point.rendered_content == "\n".join(job["search_suggestions"])
    cited = [(citation["url"], citation["title"]) for citation in job["citations"]]
    # Which source is of which search the upstream does not say: each comes as both.
    assert [(chunk.web.uri, chunk.web.title) for chunk in found.grounding_chunks[:2]] == cited
    assert [(chunk.image.source_uri, chunk.image.title) for chunk in found.grounding_chunks[2:]] == cited
    assert [support.grounding_chunk_indices for support in found.grounding_supports] == [[0, 2], [1, 3]]
    for support in found.grounding_supports:
        segment = support.segment
        text = made.parts[segment.part_index].text.encode()
        assert text[segment.start_index : segment.end_index].decode() == segment.text
        assert segment.text


def test_sources_of_an_image_search_are_pages_that_contain_pictures(sdk: Any, account: Account) -> None:
    tool = types.Tool(
        google_search=types.GoogleSearch(search_types=types.SearchTypes(image_search=types.ImageSearch()))
    )
    made = sdk.models.generate_content(model=FLASH, contents="x", config=types.GenerateContentConfig(tools=[tool]))
    grounding = made.candidates[0].grounding_metadata
    [cited] = account.get(f"/api/v1/generations/{made.response_id}").json()["grounding"]["citations"]
    [chunk] = grounding.grounding_chunks
    assert chunk.web is None
    assert (chunk.image.source_uri, chunk.image.title) == (cited["url"], cited["title"])
    assert chunk.image.domain == "pictures.example.com"
    assert grounding.grounding_supports[0].grounding_chunk_indices == [0]


def test_a_stream_is_the_same_answer_in_chunks(sdk: Any) -> None:
    config = types.GenerateContentConfig(tools=[SEARCH], thinking_config=THINKING)
    chunks = list(sdk.models.generate_content_stream(model=FLASH, contents="x", config=config))
    assert [len(chunk.parts) for chunk in chunks] == [1, 1, 1, 1]
    assert [chunk.candidates[0].finish_reason for chunk in chunks[:-1]] == [None, None, None]
    last = chunks[-1]
    assert last.candidates[0].finish_reason is types.FinishReason.STOP
    assert size_of(last.parts[0].inline_data.data) == (1024, 1024)
    assert last.candidates[0].grounding_metadata.search_entry_point.rendered_content.startswith("<style>")
    assert last.usage_metadata.thoughts_token_count == 600
    assert len({chunk.response_id for chunk in chunks}) == 1


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize("searching", [False, True])
def test_a_chat_edits_its_picture_and_keeps_its_signatures(
    sdk: Any, account: Account, streamed: bool, searching: bool
) -> None:
    config = types.GenerateContentConfig(thinking_config=THINKING, tools=[SEARCH] if searching else None)
    chat = sdk.chats.create(model=FLASH, config=config)

    def send(message: Any) -> Any:
        return list(chat.send_message_stream(message))[-1] if streamed else chat.send_message(message)

    first = send(["A poster", Image.new("RGB", (160, 90))])
    second = send("Make it blue")
    assert second.candidates[0].finish_reason is types.FinishReason.STOP
    assert size_of(second.parts[-1].inline_data.data) == size_of(first.parts[-1].inline_data.data) == (1376, 768)
    made = content_of(account, first.response_id).steps
    sent = content_of(account, second.response_id).job_spec["steps"]
    assert signatures(sent) == signatures(made)
    assert len(signatures(made)) == (3 if searching else 1)
    assert [step["type"] for step in sent] == ["user_input", *(step["type"] for step in made), "user_input"]
    [thought] = [step for step in sent if step["type"] == "thought"]
    assert [block["type"] for block in thought["summary"]] == ["text"]
    # the picture of the first turn, byte for byte
    job = account.get(f"/api/v1/generations/{first.response_id}").json()
    [shown] = [block for step in sent if step["type"] == "model_output" for block in step["content"][1:]]
    file = account.get(f"/api/v1/files/{shown['file_id']}").json()
    assert file["sha256"] == job["outputs"][0]["sha256"]
    if searching:
        kept = [
            {name: value for name, value in step.items() if name != "is_error"}
            for step in made
            if step["type"].startswith("google_search")
        ]
        assert [step for step in sent if step["type"].startswith("google_search")] == kept


def test_tokens_are_counted_as_they_are_charged(sdk: Any) -> None:
    chat = sdk.chats.create(model=FLASH, config=SMALL)
    chat.send_message(["A poster of photosynthesis", Image.new("RGB", (160, 90))])
    history = chat.get_history()
    question = types.Content(role="user", parts=[types.Part(text="Now in Spanish")])
    counted = sdk.models.count_tokens(model=FLASH, contents=[*history, question])
    answered = sdk.models.generate_content(model=FLASH, contents=[*history, question], config=SMALL)
    assert counted.total_tokens == answered.usage_metadata.prompt_token_count == 7 + 258 + 32 + 258 + 4
    # a history ends with the model's turn
    assert sdk.models.count_tokens(model=FLASH, contents=history).total_tokens == 7 + 258 + 32 + 258
    assert sdk.models.count_tokens(model=PRO, contents=Image.new("RGB", (9, 9))).total_tokens == 560


async def test_the_async_client(account: Account) -> None:
    options = types.HttpOptions(base_url=str(account.http.base_url))
    async with genai.Client(api_key=account.secret, http_options=options).aio as client:
        made: Any = await client.models.generate_content(model=OLD, contents="x")
        assert size_of(made.parts[-1].inline_data.data) == (1024, 1024)
        chunks: Any = [
            chunk
            async for chunk in await client.models.generate_content_stream(model=FLASH, contents="x", config=SMALL)
        ]
        assert size_of(chunks[-1].parts[-1].inline_data.data) == (512, 512)
        assert (await client.models.count_tokens(model=FLASH, contents="eight by")).total_tokens == 2


def test_what_was_blocked_is_an_answer_without_parts(sdk: Any) -> None:
    made = sdk.models.generate_content(model=FLASH, contents="x [[fault:safety]]", config=SMALL)
    assert made.candidates[0].finish_reason.value == "IMAGE_SAFETY"
    assert (made.parts, made.text) == ([], None)
    chat = sdk.chats.create(model=FLASH, config=SMALL)
    list(chat.send_message_stream("x [[fault:safety]]"))
    assert chat.get_history(curated=True) == []


def test_words_instead_of_a_picture_are_an_answer(sdk: Any) -> None:
    made = sdk.models.generate_content(model=FLASH, contents="x [[fault:no_image]]", config=SMALL)
    assert made.candidates[0].finish_reason.value == "NO_IMAGE"
    assert made.text
    limited = SMALL.model_copy(update={"max_output_tokens": 60})
    cut = sdk.models.generate_content(model=FLASH, contents="x", config=limited)
    assert cut.candidates[0].finish_reason.value == "MAX_TOKENS"
    assert (bool(cut.text), cut.usage_metadata.candidates_token_count) == (True, 32)


@pytest.mark.parametrize(("word", "raised"), [("400", ClientError), ("failed", ServerError)])
def test_a_failure_after_acceptance_raises(sdk: Any, word: str, raised: type[Exception]) -> None:
    with pytest.raises(raised):
        sdk.models.generate_content(model=FLASH, contents=f"x [[fault:{word}]]", config=SMALL)
    chat = sdk.chats.create(model=FLASH, config=SMALL)
    with pytest.raises(raised):
        list(chat.send_message_stream(f"x [[fault:{word}]]"))


def test_an_uploaded_file_is_taken_by_its_uri(sdk: Any, account: Account) -> None:
    uploaded = account.file(picture(90, 160))
    part = types.Part.from_uri(file_uri=f"files/{uploaded['id']}", mime_type="image/png")
    made = sdk.models.generate_content(model=FLASH, contents=["Bigger", part])
    assert size_of(made.parts[-1].inline_data.data) == (768, 1376)


def test_what_is_refused_raises_with_its_place(sdk: Any, account: Account) -> None:
    with account.untouched():
        with pytest.raises(ClientError) as raised:
            sdk.models.generate_content(model=FLASH, contents="x", config={"image_config": {"aspect_ratio": "7:3"}})
        assert (raised.value.code, raised.value.status) == (400, "INVALID_ARGUMENT")
        assert (raised.value.message or "").startswith('generationConfig.imageConfig.aspectRatio: "7:3" is no aspect')
        with pytest.raises(ClientError) as unknown:
            sdk.models.generate_content(model="gemini-3.1-flash-imag", contents="x")
        assert (unknown.value.code, unknown.value.status) == (404, "NOT_FOUND")
        assert FLASH in (unknown.value.message or "")
