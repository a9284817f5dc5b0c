from __future__ import annotations

import csv
import hashlib
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from cavendish.gemini import catalog
from cavendish.gemini.catalog import (
    CatalogDataError,
    CatalogError,
    UnknownModel,
    get_model,
    models,
    prices,
    text_tokens,
)
from cavendish.gemini.catalog._load import data, load_models, load_prices, load_resolutions

FLASH = "gemini-3.1-flash-image"
LITE = "gemini-3.1-flash-lite-image"
PRO = "gemini-3-pro-image"
OLD = "gemini-2.5-flash-image"
NEW = "gemini-nano-banana-2.1"
GUIDE = (FLASH, LITE, PRO, OLD)
"""The models of Google's guide: what is said of them here stays true whatever models are added."""


def test_the_guides_models_are_listed_in_its_order() -> None:
    assert tuple(model.id for model in models() if model.id in GUIDE) == GUIDE
    assert len({model.id for model in models()}) == len(models())


@pytest.mark.parametrize(
    ("id", "sizes", "ratios", "rows"),
    [
        (FLASH, ("512", "1K", "2K", "4K"), 14, 56),
        (LITE, ("1K",), 10, 10),
        (PRO, ("1K", "2K", "4K"), 10, 30),
        (OLD, ("1K",), 10, 10),
    ],
)
def test_each_ratio_has_a_row_at_each_size(id: str, sizes: tuple[str, ...], ratios: int, rows: int) -> None:
    model = get_model(id)

    assert model.sizes == sizes
    assert len(model.aspect_ratios) == ratios
    assert len(model.resolutions) == rows


def test_the_odd_row_of_the_guide_is_kept_and_noted() -> None:
    row = get_model(FLASH).resolution("21:9", "512")

    assert (row.width, row.height, row.tokens) == (792, 168, 747)
    assert "792x336" in row.note


def test_quotes_and_holds_read_different_columns_where_the_sources_differ() -> None:
    flash = get_model(FLASH)

    assert [(row.tokens, row.worst_tokens) for row in flash.resolutions if row.aspect_ratio == "16:9"] == [
        (747, 747),
        (1120, 1120),
        (1120, 1680),
        (2000, 2520),
    ]
    assert get_model(PRO).resolution("1:1", "4K").worst_tokens == 2000
    assert get_model(OLD).resolution("21:9", "1K").worst_tokens == 1290


def test_only_the_lite_table_is_assumed() -> None:
    assert {id for id in GUIDE for row in get_model(id).resolutions if row.assumed} == {LITE}
    assert all(row.assumed for row in get_model(LITE).resolutions)
    assert get_model(LITE).resolution("16:9", "1K").width == 1376


def test_role_limits() -> None:
    roles = {id: (get_model(id).max_images_in, dict(get_model(id).role_limits)) for id in GUIDE}

    assert roles == {
        FLASH: (14, {"object": 10, "character": 4, "style": 0}),
        LITE: (14, {"object": 14, "character": 0, "style": 0}),
        PRO: (14, {"object": 6, "character": 5, "style": 3}),
        OLD: (3, {"object": 3, "character": 3, "style": 3}),
    }


def test_search_video_and_thinking() -> None:
    guide = [get_model(id) for id in GUIDE]
    seen = {m.id: (m.search_types, "video" in m.input_kinds, m.thinks, m.thinking_levels) for m in guide}

    assert seen == {
        FLASH: (("web_search", "image_search"), True, True, ("minimal", "high")),
        LITE: ((), False, True, ("minimal", "high")),
        PRO: (("web_search",), False, True, ()),
        OLD: ((), False, False, ()),
    }
    assert get_model(FLASH).default_thinking == "minimal"
    assert get_model(PRO).default_thinking is None


def test_thought_key_follows_the_default() -> None:
    assert get_model(FLASH).thought_key() == "minimal"
    assert get_model(FLASH).thought_key("high") == "high"
    assert get_model(PRO).thought_key(None) == "default"
    assert (get_model(LITE).thought_key(None), get_model(LITE).thought_key("high")) == ("default", "high")


def test_a_quote_of_pro_expects_the_thoughts_that_google_names() -> None:
    assert 700 <= get_model(PRO).thought_typical["default"] <= 900
    assert all(model.thought_typical[key] <= cap for model in models() for key, cap in model.thought_cap.items())


def test_the_old_model_names_its_successor() -> None:
    deprecated = {id: get_model(id).deprecated for id in GUIDE}

    assert {id: each.successor for id, each in deprecated.items() if each} == {OLD: LITE}


def test_every_model_carries_the_advice_of_the_guide() -> None:
    for model in models():
        text = " ".join(model.notes)
        assert "Arabic (Egypt)" in text
        assert "have the text written first" in text
        assert "exactly the number" in text
        assert "SynthID" in text
        assert model.watermark == "SynthID"
    assert "real people" in " ".join(get_model(FLASH).notes)


def test_the_worst_case_of_a_request_fits_into_the_output_limit() -> None:
    worst = {
        m.id: m.max_images_limit * max(r.worst_tokens for r in m.resolutions)
        + max(m.thought_cap.values())
        + m.text_output_cap
        for m in models()
    }

    assert {id: worst[id] for id in GUIDE} == {FLASH: 20320, LITE: 4096, PRO: 28192, OLD: 7208}
    assert all(worst[m.id] <= m.output_token_limit for m in models())


@pytest.mark.parametrize(
    ("pixels", "ratio"),
    [((1920, 1080), "16:9"), ((1000, 1000), "1:1"), ((100, 9000), "1:8"), ((3000, 100), "8:1"), ((1264, 848), "3:2")],
)
def test_nearest_ratio_on_flash(pixels: tuple[int, int], ratio: str) -> None:
    assert get_model(FLASH).nearest_aspect_ratio(*pixels) == ratio


def test_nearest_ratio_is_one_that_the_model_has() -> None:
    assert get_model(PRO).nearest_aspect_ratio(100, 9000) == "9:16"
    with pytest.raises(ValueError, match="positive"):
        get_model(PRO).nearest_aspect_ratio(0, 10)


def test_an_unknown_model_is_told_the_nearest() -> None:
    with pytest.raises(UnknownModel) as caught:
        get_model("gemini-3.1-flash-imge")

    assert caught.value.nearest == FLASH
    assert caught.value.known == tuple(model.id for model in models())
    assert str(caught.value) == "Unknown model 'gemini-3.1-flash-imge'; did you mean gemini-3.1-flash-image?"


def test_nothing_is_near_to_a_foreign_name() -> None:
    with pytest.raises(UnknownModel) as caught:
        get_model("x" * 100_000)

    assert caught.value.nearest is None
    assert len(str(caught.value)) < 300


def test_an_unlisted_resolution_names_what_there_is() -> None:
    with pytest.raises(CatalogError, match="sizes: 1K, 2K, 4K"):
        get_model(PRO).resolution("1:8", "1K")


@pytest.mark.parametrize(("text", "tokens"), [("", 0), ("a", 1), ("abcd", 1), ("abcde", 2), ("é" * 4, 2), ("猫", 1)])
def test_text_tokens(text: str, tokens: int) -> None:
    assert text_tokens(text) == tokens


def test_prices() -> None:
    rows = {(row.model, row.kind, row.tier): row.price for row in prices() if row.model in GUIDE}

    assert len(rows) == 44
    assert rows[FLASH, "image_output", "standard"] == Decimal("60.000")
    assert rows[PRO, "search_query", "standard"] == Decimal("14.000")
    assert (OLD, "search_query", "standard") not in rows
    assert {row.currency for row in prices()} == {"USD"}


def test_every_model_has_the_prices_it_needs() -> None:
    kinds = {model.id: {row.kind for row in prices() if row.model == model.id} for model in models()}

    for model in models():
        needed = {"text_input", "image_input", "text_output", "thought_output", "image_output"}
        needed |= {"video_input"} if "video" in model.input_kinds else set()
        needed |= {"search_query"} if model.search_types else set()
        assert kinds[model.id] >= needed


def test_no_price_is_shipped_that_no_job_can_be_billed_for() -> None:
    assert {(row.model, row.kind) for row in prices() if row.kind not in get_model(row.model).billed_kinds} == set()


def test_a_model_whose_figures_are_third_parties_says_so() -> None:
    new = get_model(NEW)

    assert {model.id for model in models() if not model.confirmed} == {NEW}
    assert (new.sizes, new.thinking_levels, new.default_thinking) == (
        ("1K", "2K", "4K"),
        ("minimal", "medium", "high"),
        "medium",
    )
    assert len(new.resolutions) == 42
    assert all(row.assumed for row in new.resolutions)
    assert "not found" in new.notes[0]
    assert all("not confirmed by Google" in row.source for row in prices() if row.model == NEW)
    price = next(row for row in prices() if (row.model, row.kind, row.tier) == (NEW, "image_output", "standard"))
    assert new.resolution("1:1", "1K").tokens * price.price / 1_000_000 == Decimal("0.0336")


def test_models_can_be_keys_of_a_dictionary() -> None:
    assert len({model: model.id for model in models()}) == len(models())


def edited(tmp_path: Path, name: str, change: Callable[[str], str]) -> Path:
    path = tmp_path / name
    before = data(name).read_text()
    path.write_text(change(before))
    assert path.read_text() != before
    return path


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('name = "Nano Banana 2"\n', "", "models.toml, gemini-3.1-flash-image: name is missing."),
        (
            "max_images_in = 3\n",
            'max_images_in = "3"\n',
            "gemini-2.5-flash-image: max_images_in is '3'; use a whole number.",
        ),
        ("max_images_in = 3\n", "max_images_in = true\n", "max_images_in is True; use a whole number."),
        ("max_images_in = 3\n", "max_images_in = -3\n", "max_images_in is -3; it cannot be negative."),
        ("max_images_in = 3\n", "max_images_in = 3\nmax_image_in = 3\n", "unknown key max_image_in."),
        (
            "max_images_limit = 2\n",
            "max_images_limit = 3\n",
            "lite-image: the worst case of one request is 5216 tokens",
        ),
        ('sizes = ["1K", "2K", "4K"]', 'sizes = ["1K", "2K"]', "resolutions.csv has a row 16:9 at 4K"),
        ('sizes = ["1K", "2K", "4K"]', 'sizes = ["512", "1K", "2K", "4K"]', "lacks a row for 16:9 at 512."),
        (
            'successor = "gemini-3.1-flash-lite-image"',
            'successor = "gemini-9"',
            "its successor gemini-9 is not a model here.",
        ),
        (
            "cap = { minimal = 1024, high = 8192 }",
            "cap = { minimal = 1024 }",
            "thought.cap takes exactly high, minimal.",
        ),
        ('default_thinking = "minimal"', 'default_thinking = "low"', "default_thinking is not one of thinking_levels."),
        ("style = 3 }\nsearch", "styles = 3 }\nsearch", "roles takes exactly object, character, style."),
    ],
)
def test_a_wrong_model_is_named(tmp_path: Path, old: str, new: str, message: str) -> None:
    path = edited(tmp_path, "models.toml", lambda text: text.replace(old, new))

    with pytest.raises(CatalogDataError) as caught:
        load_models(path, load_resolutions(data("resolutions.csv")))

    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("1:1,512,512,512,747", "1:1,512,512,0,747", "line 2: height is '0'; use a whole number from 1 on."),
        (
            "1:1,512,512,512,747",
            "1:1,0.5K,512,512,747",
            "line 2: image_size is '0.5K'; use one of 512, 1K, 2K, 4K.",
        ),
        ("1:1,512,512,512,747", "1/1,512,512,512,747", "line 2: '1/1' is not an aspect ratio like 16:9."),
        ("1:4,512,256,1024", "1:1,512,256,1024", "line 6: the same model, ratio and size as resolutions.csv, line 2."),
        ("model,aspect_ratio", "id,aspect_ratio", "the first line must be model,aspect_ratio"),
        ("1:1,512,512,512,747,747,no,", "1:1,512,512,512,747", "line 2: there must be 9 columns."),
    ],
)
def test_a_wrong_resolution_is_named(tmp_path: Path, old: str, new: str, message: str) -> None:
    path = edited(tmp_path, "resolutions.csv", lambda text: text.replace(old, new, 1))

    with pytest.raises(CatalogDataError) as caught:
        load_resolutions(path)

    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (",0.250,", ",NaN,", "line 2: price is NaN"),
        (",0.250,", ",cheap,", "line 2: price must be a decimal number"),
        ("text_input", "txt_input", "line 2: kind is 'txt_input'; use one of text_input"),
        (LITE, "gemini-9", "line 2: model is 'gemini-9'"),
        (",batch,", ",standard,", "line 3: the same model, kind, tier and day as prices.csv, line 2."),
    ],
)
def test_a_wrong_price_is_named(tmp_path: Path, old: str, new: str, message: str) -> None:
    path = edited(tmp_path, "prices.csv", lambda text: text.replace(old, new, 1))

    with pytest.raises(CatalogDataError) as caught:
        load_prices(path, frozenset(model.id for model in models()))

    assert message in str(caught.value)


def test_a_model_can_be_added_by_editing_the_files(tmp_path: Path) -> None:
    block = data("models.toml").read_text().split("\n[[model]]\n")[3].replace(PRO, "gemini-4-pro-image")
    models_file = edited(tmp_path, "models.toml", lambda text: text + "\n[[model]]\n" + block)
    rows = list(csv.reader(data("resolutions.csv").read_text().splitlines()))
    new_rows = "".join(",".join(["gemini-4-pro-image", *row[1:]]) + "\n" for row in rows if row[0] == PRO)
    resolutions_file = edited(tmp_path, "resolutions.csv", lambda text: text + new_rows)

    loaded = load_models(models_file, load_resolutions(resolutions_file))

    assert [model.id for model in loaded][-1] == "gemini-4-pro-image"
    assert len(loaded[-1].resolutions) == 30


def test_the_guides_rows_are_unchanged() -> None:
    """The table is the guide's, cell for cell; a slip of the hand while editing would move money."""
    rows = sorted(
        f"{model.id},{row.aspect_ratio},{row.image_size},{row.width},{row.height},{row.tokens}"
        for model in map(get_model, GUIDE)
        for row in model.resolutions
        if not row.assumed
    )

    assert len(rows) == 96
    assert hashlib.sha256("\n".join(rows).encode()).hexdigest() == GUIDE_SHA256


GUIDE_SHA256 = "29615337a6938ed7b520abe0779941038a1f4ce7daeb8f8555250fefc8f77e0c"


def test_public_names() -> None:
    assert sorted(catalog.__all__) == sorted(set(catalog.__all__))
    assert all(hasattr(catalog, name) for name in catalog.__all__)
