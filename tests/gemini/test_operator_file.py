"""The operator's catalog file: it changes, adds and retires models; what is wrong with it is named."""

from __future__ import annotations

import copy
import re
import tomllib
from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from cavendish.gemini import catalog
from cavendish.gemini.catalog import CatalogDataError, ModelRetired, UnknownModel, get_model, requested_model
from cavendish.gemini.catalog._load import data, load_blocks, load_resolutions
from cavendish.gemini.catalog._operator import load_operator_file

FLASH, PRO, NEW = "gemini-3.1-flash-image", "gemini-3-pro-image", "gemini-4-flash-image"
PAGE = Path(__file__).parents[2] / "docs" / "models.md"
Configure = Callable[..., None]


@pytest.fixture
def configure(tmp_path: Path) -> Iterator[Configure]:
    def configure(text: str = "", **settings: Any) -> None:
        file = tmp_path / "own.toml"
        file.write_text(text)
        catalog.configure(file=str(file), **settings)

    before = catalog._sources
    yield configure
    catalog.configure(file=before[0], names=before[1])


def example() -> str:
    [text] = re.findall(r"^```toml\n(.*?)^```", PAGE.read_text(), re.DOTALL | re.MULTILINE)
    return str(text)


def test_the_example_of_the_page_does_what_it_says(configure: Configure) -> None:
    shipped = get_model(FLASH)
    configure(example())
    flash, new = get_model(FLASH), get_model(NEW)

    assert (catalog.models()[0].id, catalog.models()[-1].id) == (FLASH, NEW)
    assert flash.notes[0] == "Ask for 2K where the picture is printed."
    assert (flash.resolutions, flash.thought_cap, flash.confirmed) == (shipped.resolutions, shipped.thought_cap, True)
    assert (new.max_images_in, new.role_limits, new.video_mime_types) == (14, shipped.role_limits, ())
    assert (new.deprecated, new.thought_key(), len(new.resolutions)) == (None, "low", 4)
    assert (new.resolution("1:1", "2K").worst_tokens, new.resolution("16:9", "2K").assumed) == (1600, True)
    assert get_model("nano-banana-2") is flash
    rows = {(row.model, row.kind, row.tier, row.as_of): row.price for row in catalog.prices()}
    assert rows[NEW, "image_output", "batch", date(2026, 12, 1)] == Decimal("20.00")
    assert rows[FLASH, "text_input", "standard", date(2026, 12, 1)] == Decimal("0.45")
    assert rows[FLASH, "text_input", "standard", date(2026, 9, 24)] == Decimal("0.500")


def test_a_retired_model_is_taken_until_its_day_and_then_answered_by_its_successor(configure: Configure) -> None:
    configure(example())

    assert requested_model(FLASH, date(2026, 12, 30)).id == FLASH
    assert requested_model(f"models/{FLASH}-preview", date(2026, 12, 31)).id == "gemini-nano-banana-2.1"
    new = get_model("gemini-nano-banana-2.1")
    assert catalog.names_of(new, date(2026, 12, 30)) == []
    assert catalog.names_of(new, date(2026, 12, 31)) == [f"{FLASH}-preview", "nano-banana-2", FLASH]
    assert FLASH in {model.id for model in catalog.models_taken(date(2026, 12, 30))}
    assert FLASH not in {model.id for model in catalog.models_taken(date(2026, 12, 31))}


def test_without_a_redirect_a_retired_model_is_refused_and_its_successor_named(configure: Configure) -> None:
    configure(example().replace("redirect = true\n", ""))

    with pytest.raises(ModelRetired) as caught:
        requested_model(FLASH, date(2027, 1, 1))

    assert str(caught.value) == f"Model {FLASH} is retired since 2026-12-31; use gemini-nano-banana-2.1."
    assert FLASH not in caught.value.known
    assert get_model(FLASH).name == "Nano Banana 2"


def test_preview_names_lead_to_the_models_and_settings_go_before_the_file(configure: Configure) -> None:
    configure('[aliases]\nbanana = "gemini-2.5-flash-image"\ngoogle-one = "gemini-3-pro-image"\n',
              names=["banana=gemini-3-pro-image", "google/x = gemini-3-pro-image", f"{FLASH}-preview="])  # fmt: skip

    assert {name: get_model(name).id for name in ("banana", "google/x", "google-one", f"{PRO}-preview")} == {
        "banana": PRO, "google/x": PRO, "google-one": PRO, f"{PRO}-preview": PRO,
    }  # fmt: skip
    with pytest.raises(UnknownModel):
        get_model(f"{FLASH}-preview")


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["banana"], "MODEL_ALIASES has 'banana'; write it like old-name=gemini-3-pro-image."),
        (["=gemini-3-pro-image"], "MODEL_ALIASES has '=gemini-3-pro-image'"),
        (["banana=gemini-9"], "MODEL_ALIASES: banana leads to 'gemini-9'; use one of gemini-3.1-flash-image"),
        (["a b=gemini-3-pro-image"], "MODEL_ALIASES: 'a b' is no name"),
        ([f"{FLASH}=gemini-3-pro-image"], "is a model itself; to replace it, retire it with a redirect."),
        (["banana=gemini-3-pro-image-preview"], "banana leads to 'gemini-3-pro-image-preview'; use one of"),
    ],
)
def test_a_wrong_alias_is_named_and_what_was_read_before_stays(
    configure: Configure, names: list[str], message: str
) -> None:
    with pytest.raises(CatalogDataError) as caught:
        configure(names=names)

    assert message in str(caught.value)
    assert get_model(f"{PRO}-preview").id == PRO


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('id = "gemini-3.1-flash-image"', "id = ", "own.toml is not TOML: Invalid value (at line 3"),
        ("[aliases]", "[alias]", "own.toml: unknown key alias. Did you mean aliases?"),
        ('"gemini-3.1-flash-image"\nnotes', "3\nnotes", "own.toml: model 1: id must be a text such as"),
        ("notes = [", "note = [", "model gemini-3.1-flash-image: unknown key note. Did you mean notes?"),
        ('like = "gemini-3.1-flash-image"', 'like = "gemini-3"', f"model {NEW}: like is 'gemini-3'; use one of"),
        ('name = "Nano Banana 3"\n', "", f"model {NEW}: name is missing."),
        ("width = 1376", "width = 0", "resolutions 2: width is 0; use a whole number from 1 on."),
        ('"16:9", image_size = "1K"', '"16x9", image_size = "1K"', "resolutions 2: '16x9' is not an aspect ratio"),
        ('"16:9", image_size = "1K"', '"1:1", image_size = "1K"', "resolutions 2: 1:1 at 1K is listed twice."),
        ('"1:1", "16:9"]', '"1:1", "5:1"]', f"model {NEW}: resolutions has a row 16:9 at 1K, which the model does"),
        ('"1:1", "16:9"]', '"1:1", "16:9", "5:1"]', f"model {NEW}: resolutions lacks a row for 5:1 at 1K."),
        ("{ low = 0, high = 500 }", "{ high = 500 }", "thought.typical takes exactly high, low."),
        ("text_input = 0.60, ", "", f"model {NEW}: it has no price for text_input; give them in [[model.prices]]"),
        ("text_input = 0.60", "text_inputs = 0.60", "prices 1: standard: a kind is 'text_inputs'; use one of"),
        ("text_input = 0.60", "text_input = nan", "prices 1: standard: text_input is Decimal('NaN'); use a price"),
        ("as_of = 2026-12-01", 'as_of = "1 December"', "as_of is '1 December'; use a day like 2026-10-29"),
        ("as_of = 2026-12-01", "as_of = 2026-12-01T00:00:00", "use a day like 2026-10-29, without quotes."),
        ("retires_on = 2026-12-31\n", "", "deprecated: redirect needs retires_on, the day from which on it holds."),
        ('"gemini-nano-banana-2.1"', '"gemini-3.1-flash-image"', "its successor gemini-3.1-flash-image is not a model"),
        ('"nano-banana-2" =', '"nano banana 2" =', "aliases: 'nano banana 2' is no name"),
        ('= "gemini-3.1-flash-image"\n```', "= 3\n```", "aliases takes lines like"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_with_its_table(configure: Configure, old: str, new: str, message: str) -> None:
    before = example() + "```"
    text = before.replace(old, new, 1)
    assert text != before

    with pytest.raises(CatalogDataError) as caught:
        configure(text.removesuffix("```"))

    assert message in str(caught.value)
    assert str(caught.value).startswith("CATALOG_FILE /")


def places(tree: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if path:
        yield path
    items = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    for key, value in items:
        yield from places(value, (*path, key))


@pytest.mark.parametrize("wrong", [True, -1, "", [], {}, [{}], ["x"], {"x": {"x": 1}}, 1.5, date(2026, 1, 1)], ids=repr)
def test_no_value_in_any_place_is_more_than_a_message(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, wrong: Any
) -> None:
    """Each value of the example is replaced in turn: the file is read, or refused in words."""
    document = tomllib.loads(example(), parse_float=Decimal)
    blocks, common = load_blocks(data("models.toml"))
    resolutions = load_resolutions(data("resolutions.csv"))
    file = tmp_path / "own.toml"
    file.touch()
    messages = {}
    for path in places(document):
        changed: Any = copy.deepcopy(document)
        inner = changed
        for key in path[:-1]:
            inner = inner[key]
        inner[path[-1]] = wrong
        monkeypatch.setattr(tomllib, "loads", lambda *_args, _changed=changed, **_options: _changed)
        try:
            load_operator_file(file, blocks, common, resolutions)
        except CatalogDataError as error:
            messages[path] = str(error)
    assert len(messages) > 50
    assert [path for path, text in messages.items() if not text.startswith(f"CATALOG_FILE {file}: ")] == []


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(CatalogDataError, match=r"CATALOG_FILE .*/none\.toml cannot be read: No such file"):
        catalog.configure(file=str(tmp_path / "none.toml"))
