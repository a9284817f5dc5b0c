"""What the upstream reports, as quantities. The cases are what other products billed wrongly."""

from __future__ import annotations

from typing import Any

import pytest

from billing.usage.upstream import Usage, usage_parse


def by(**tokens: int) -> list[dict[str, Any]]:
    return [{"modality": modality, "tokens": count} for modality, count in tokens.items()]


def report(**fields: Any) -> dict[str, Any]:
    """A whole, consistent report; `fields` replace or, with None, remove."""
    whole = {
        "total_tokens": 1151,
        "total_input_tokens": 31,
        "input_tokens_by_modality": by(text=31),
        "total_output_tokens": 1120,
        "output_tokens_by_modality": by(image=1120),
        "total_cached_tokens": 0,
        "total_thought_tokens": 0,
        "total_tool_use_tokens": 0,
        **fields,
    }
    return {name: value for name, value in whole.items() if value is not None}


def read(picture_tokens: int = 1120, queries: int = 0, **fields: Any) -> Usage:
    return usage_parse(report(**fields), picture_tokens=picture_tokens, queries=queries)


def test_a_whole_report_is_taken_as_it_is() -> None:
    usage = read()
    assert usage == Usage(text_input=31, image_output=1120, total=1151)
    assert usage.priced() == {"text_input": 31, "image_output": 1120}


def test_picture_tokens_are_never_text() -> None:
    """Priced as text they were 7 to 20 times too cheap elsewhere."""
    usage = read(output_tokens_by_modality=by(image=1120, text=40), total_output_tokens=1160, total_tokens=1191)
    assert (usage.image_output, usage.text_output, usage.flags) == (1120, 40, [])


def test_input_is_split_by_kind() -> None:
    usage = read(
        input_tokens_by_modality=by(text=31, image=516, video=3000), total_input_tokens=3547, total_tokens=4667
    )
    assert (usage.text_input, usage.image_input, usage.video_input, usage.flags) == (31, 516, 3000, [])


def test_output_that_no_kind_claims_is_text() -> None:
    """Real answers have it: 1534 of output, 1120 of them pictures."""
    usage = read(total_output_tokens=1534, total_tokens=1565)
    assert (usage.image_output, usage.text_output, usage.flags) == (1120, 414, [])


def test_input_that_no_kind_claims_is_text() -> None:
    usage = read(input_tokens_by_modality=by(image=258), total_input_tokens=289, total_tokens=1409)
    assert (usage.text_input, usage.image_input, usage.flags) == (31, 258, [])


def test_without_a_split_the_tables_give_the_pictures_share_and_it_is_flagged() -> None:
    usage = read(output_tokens_by_modality=None, total_output_tokens=1160, total_tokens=1191)
    assert (usage.image_output, usage.text_output, usage.flags) == (1120, 40, ["output_split_missing"])


def test_without_a_split_the_pictures_share_is_not_above_the_total() -> None:
    usage = read(output_tokens_by_modality=None, total_output_tokens=1000, total_tokens=1031)
    assert (usage.image_output, usage.text_output) == (1000, 0)


def test_a_text_without_a_split_is_text_and_nothing_to_look_at() -> None:
    usage = read(picture_tokens=0, output_tokens_by_modality=None, total_output_tokens=40, total_tokens=71)
    assert (usage.image_output, usage.text_output, usage.flags) == (0, 40, [])


def test_without_any_report_the_tables_stand_in_and_it_is_flagged() -> None:
    empty: dict[str, Any] = {}
    for nothing in (None, empty):
        usage = usage_parse(nothing, picture_tokens=2240, queries=2)
        assert usage == Usage(image_output=2240, search_queries=2, total=2240, flags=["usage_missing"])


def test_cached_tokens_are_a_part_of_the_input_and_counted_once() -> None:
    """Charged at both rates they cost four times too much elsewhere."""
    usage = read(
        input_tokens_by_modality=by(text=100, image=516),
        total_input_tokens=616,
        total_cached_tokens=300,
        total_tokens=1736,
    )
    assert (usage.cached_input, usage.flags) == (300, [])
    assert usage.priced() == {"image_input": 316, "cached_input": 300, "image_output": 1120}
    assert sum(usage.priced().values()) == usage.total


def test_more_cached_than_input_is_the_input() -> None:
    usage = read(total_cached_tokens=99)
    assert usage.priced() == {"cached_input": 31, "image_output": 1120}


def test_thoughts_are_counted_beside_the_output() -> None:
    usage = read(total_thought_tokens=600, total_tokens=1751)
    assert (usage.thought_output, usage.image_output, usage.flags) == (600, 1120, [])
    assert usage.priced()["thought_output"] == 600


def test_tokens_of_an_unknown_kind_are_flagged_and_never_billed_as_another() -> None:
    usage = read(output_tokens_by_modality=by(image=1120, audio=77), total_output_tokens=1197, total_tokens=1228)
    assert usage.flags == ["unknown_kind"]
    assert (usage.text_output, usage.image_output) == (0, 1120)
    usage = read(input_tokens_by_modality=by(text=31, smell=5), total_input_tokens=36, total_tokens=1156)
    assert (usage.text_input, usage.flags) == (31, ["unknown_kind"])


@pytest.mark.parametrize("said", [1000, 1152, 5000])
def test_a_total_that_does_not_add_up_is_flagged(said: int) -> None:
    usage = read(total_tokens=said)
    assert (usage.total, usage.flags) == (said, ["total_mismatch"])


def test_tokens_of_tools_count_in_the_total() -> None:
    searched = read(queries=1, total_tool_use_tokens=50, total_tokens=1201)
    assert (searched.tool_use, searched.flags) == (50, [])


def test_tokens_of_tools_without_a_search_are_flagged() -> None:
    usage = read(total_tool_use_tokens=50, total_tokens=1201)
    assert (usage.priced(), usage.flags) == ({"text_input": 31, "image_output": 1120}, ["unpriced_tool_use"])


def test_cached_tokens_are_taken_out_of_the_kinds_that_were_cached() -> None:
    usage = read(
        input_tokens_by_modality=by(text=100, image=516),
        total_input_tokens=616,
        total_cached_tokens=300,
        cached_tokens_by_modality=by(image=258, text=40),
        total_tokens=1736,
    )
    assert usage.priced() == {"text_input": 58, "image_input": 258, "cached_input": 300, "image_output": 1120}
    assert (sum(usage.priced().values()), usage.flags) == (usage.total, [])


def test_a_split_above_its_total_is_flagged() -> None:
    usage = read(total_output_tokens=1000, total_tokens=1031)
    assert usage.flags == ["total_mismatch"]


def test_searches_are_counted_by_the_report_and_else_by_the_steps() -> None:
    counted = [{"type": "google_search", "count": 2}, {"type": "google_maps", "count": 9}]
    assert read(queries=5, grounding_tool_count=counted).search_queries == 2
    assert read(queries=5, grounding_tool_count=[]).search_queries == 5
    assert read(queries=5).search_queries == 5


def test_modalities_in_upper_case_and_twice_are_added() -> None:
    split = [{"modality": "IMAGE", "tokens": 1000}, {"modality": "image", "tokens": 120}]
    assert read(output_tokens_by_modality=split).image_output == 1120


@pytest.mark.parametrize("junk", ["many", -5, 1.5, True, None, [], {}])
def test_what_is_no_count_counts_nothing(junk: Any) -> None:
    usage = read(total_thought_tokens=junk, total_cached_tokens=junk)
    assert (usage.thought_output, usage.cached_input) == (0, 0)
    usage = read(
        output_tokens_by_modality=[{"modality": "image", "tokens": junk}, junk, {"modality": junk}],
        total_output_tokens=1120,
    )
    assert usage.image_output + usage.text_output == 1120


@pytest.mark.parametrize("junk", ["x", 7, {"modality": "text"}, [7], [None]])
def test_a_split_of_another_shape_is_no_split(junk: Any) -> None:
    usage = read(output_tokens_by_modality=junk, input_tokens_by_modality=junk)
    assert (usage.image_output, usage.text_input) == (1120, 31)
    assert "output_split_missing" in usage.flags
