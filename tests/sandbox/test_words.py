from __future__ import annotations

import pytest

from cavendish.gemini.catalog import text_tokens
from cavendish.sandbox import prose
from cavendish.sandbox.errors import ApiError
from cavendish.sandbox.words import Attempts, Fault, parse_words, without_words

KINDS = (("web_search",), ("image_search",), ("web_search", "image_search"))


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("[[fault:429 retry_after=2]]", Fault("status", 429, "2", None)),
        ("[[fault:500]]", Fault("status", 500)),
        ("[[503 times=2]]", Fault("status", 503, None, 2)),
        ("a cat [[hang]]", Fault("hang")),
        ("[[fault:cut times=1]] a cat", Fault("cut", times=1)),
        ("[[ SAFETY ]]", Fault("safety")),
        ("[[no_image]]", Fault("no_image")),
        ("[[bad_json]]", Fault("bad_json")),
        ("[[wrong_size]]", Fault("wrong_size")),
        ("[[fault:failed]]", Fault("failed")),
    ],
)
def test_faults_are_read_in_both_forms(text: str, fault: Fault) -> None:
    assert parse_words([text]).faults == (fault,)


def test_numbers_and_switches_are_read_from_all_texts() -> None:
    words = parse_words(
        ["[[latency:2.5]] [[images:3]]", "[[bytes:24000000]] [[extra_tokens:450]] [[overrun:77]] [[c2pa]]"]
    )
    assert (words.latency, words.images, words.bytes) == (2.5, 3, 24_000_000)
    assert (words.extra_tokens, words.overrun, words.c2pa) == (450, 77, True)
    assert words.faults == ()


@pytest.mark.parametrize(
    "text", ["[[fault:hnag]]", "[[fault:200]]", "[[images:0]]", "[[images:21]]", "[[latency:1.2.3]]"]
)
def test_a_wrong_word_is_refused_and_not_overlooked(text: str) -> None:
    with pytest.raises(ApiError) as refused:
        parse_words([text])
    assert refused.value.status == 400


def test_other_text_in_brackets_stays() -> None:
    assert parse_words(["[[see note]] [[1]] [[wiki]]"]).faults == ()
    assert without_words("a [[hang]] cat [[see note]] [[images:3]]") == "a cat [[see note]]"


def test_times_counts_attempts_of_each_key_apart() -> None:
    attempts = Attempts(maximum=2)
    assert [attempts.next("a"), attempts.next("a"), attempts.next("b"), attempts.next("a")] == [1, 2, 1, 3]
    attempts.next("c")
    assert attempts.next("b") == 1, "the one not seen for longest is forgotten"


def test_every_text_has_the_published_number_of_tokens() -> None:
    texts = [prose.caption(index, 20) for index in range(20)]
    texts += [prose.answer_text(), prose.caption(0, 1)]
    texts += [prose.cited_text(kinds, "q")["text"] for kinds in KINDS]
    assert {(len(text.encode()), text_tokens(text)) for text in texts} == {(128, 32)}


@pytest.mark.parametrize("kinds", KINDS)
def test_no_offset_of_a_citation_is_one_of_characters(kinds: tuple[str, ...]) -> None:
    block = prose.cited_text(kinds, "q")
    assert len(block["annotations"]) == len(kinds)
    for note in block["annotations"]:
        start, end = note["start_index"], note["end_index"]
        cited = block["text"].encode()[start:end].decode()
        assert cited.endswith(".")
        assert not cited.isascii()
        assert not block["text"].encode()[:start].isascii()
        assert block["text"][start:end] != cited


def test_a_changed_signature_is_found() -> None:
    signature = prose.signature("seed")
    assert prose.is_signature(signature)
    assert not prose.is_signature(signature.replace(signature[40], "A" if signature[40] != "A" else "B"))
    assert not prose.is_signature("c2lnbmF0dXJl")


def test_the_search_snippet_escapes_the_query() -> None:
    snippet = prose.search_suggestions('<script>"&')
    assert "<script>" not in snippet
    assert "&lt;script&gt;&quot;&amp;</a>" in snippet
    assert snippet.startswith("<style>")
