"""The page, the example files and the admin say what is declared."""

from __future__ import annotations

from pathlib import Path

import pytest

from cavendish.boot.config import Config
from cavendish.boot.declared import SECTIONS, SETTINGS
from tests.settings.page import HEADS, PAGE, ROOT, example, page

WRITE = "run .venv/bin/python -m tests.settings.page"


def test_the_page_has_the_tables_of_the_declarations() -> None:
    text = PAGE.read_text()
    assert text == page(text), WRITE


@pytest.mark.parametrize("file", HEADS)
def test_the_example_files_are_those_of_the_declarations(file: str) -> None:
    assert (ROOT / "deploy" / file).read_text() == example(file), WRITE


def test_an_example_is_a_value_that_is_taken(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for setting in SETTINGS.values():
        if setting.example and setting.example.value:
            monkeypatch.setenv(setting.name, setting.example.value)
    Config(tmp_path).check()


def test_a_default_is_a_value_that_is_taken() -> None:
    for setting in SETTINGS.values():
        if setting.default:
            setting.kind.read(setting.default)
        assert setting.about, setting.name
        assert setting.meaning, setting.name


def test_a_name_is_declared_once() -> None:
    assert len(SETTINGS) == sum(len(section) for section in SECTIONS.values())
