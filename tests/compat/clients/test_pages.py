"""Every example for a client runs, makes the pictures that it says, and one job for each."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from tests.api.accounts import Account, Books, open_account
from tests.compat.clients.pages import JS, PAGES, PYTHON, Ran, installs, run_program, run_python

WIDE = (1376, 768)
SQUARE = (1024, 1024)
SMALL = (512, 512)
PHOTO = (1264, 848)


@dataclass(frozen=True)
class Expected:
    pictures: Mapping[str, tuple[int, int]]
    prints: tuple[str, ...] = ()
    """What the program prints among other things."""
    further_jobs: int = 0
    """Jobs whose picture is not written to a file. A second POST with the same key is none."""


GEMINI = {"lighthouse.png": WIDE, "night.png": WIDE, "boat.png": WIDE}
OPENAI = Expected({"lighthouse.png": PHOTO, "boat.png": PHOTO, "harbor.png": WIDE, "night.png": WIDE}, ("400", "size"))
NO_SIZE = '"8K" is no image size'

IN_PYTHON: Mapping[str, Expected] = {
    "python": Expected({**GEMINI, "fog.png": SMALL}, ("400", NO_SIZE), further_jobs=1),
    "langchain": Expected(GEMINI, (NO_SIZE, "STOP"), further_jobs=1),
    "litellm": Expected(
        {"lighthouse.png": SQUARE, "harbor.png": PHOTO, "boat.png": PHOTO, "night.png": WIDE}, ('"wide"',)
    ),
    "openai": OPENAI,
    "README.md": Expected({}, ("completed",), further_jobs=2),
    "docs/api/sdks.md": Expected({"lighthouse.png": SQUARE}),
    "docs/api/openai.md": Expected({}, further_jobs=3),
}
IN_OTHERS: Mapping[tuple[str, str], Expected] = {
    ("javascript", "js"): Expected({**GEMINI, "fog.png": SMALL}, ("400", NO_SIZE), further_jobs=1),
    ("ai-sdk", "js"): Expected(
        {"lighthouse.png": WIDE, "night.png": WIDE, "harbor.png": SQUARE, "boat.png": SQUARE},
        ("400", "gemini-3.1-flash-lite-image"),
    ),
    ("openai", "js"): OPENAI,
    ("README.md", "js"): Expected({}, ("completed",), further_jobs=1),
    ("docs/api/sdks.md", "js"): Expected({"lighthouse.png": SQUARE}),
    ("curl", "sh"): Expected({**GEMINI, "fog.png": SMALL}, ("invalid_request", "/response_format/image_size")),
}


@pytest.fixture(scope="module")
def ran(books: Books, http: httpx.Client, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Ran]:
    pages = {page: open_account(books, http) for page in IN_PYTHON}
    return run_python(pages, tmp_path_factory.mktemp("pages"))


def _compare(ran: Ran, expected: Expected) -> None:
    assert ran.error == ""
    assert ran.pictures == expected.pictures
    assert ran.account.trace.generations == len(expected.pictures) + expected.further_jobs
    assert [part for part in expected.prints if part not in ran.printed] == []


@pytest.mark.parametrize("page", IN_PYTHON)
def test_python(ran: dict[str, Ran], page: str) -> None:
    _compare(ran[page], IN_PYTHON[page])


@pytest.mark.parametrize(("page", "language"), IN_OTHERS)
def test_javascript_and_shell(account: Account, tmp_path: Path, page: str, language: str) -> None:
    if language == "sh" and not (shutil.which("jq") and shutil.which("curl")):
        pytest.skip("The page needs curl and jq.")
    _compare(run_program(page, language, account, tmp_path), IN_OTHERS[page, language])


def test_the_first_page_has_all_pages_and_the_versions_that_they_run_with() -> None:
    pages = {path.stem for path in PAGES.glob("*.md")}
    assert {page for page in (*IN_PYTHON, *(page for page, _ in IN_OTHERS)) if "." not in page} == pages - {"browser"}
    versions = dict(re.findall(r"^([\w-]+)==(\S+)", PYTHON.with_suffix(".in").read_text(), re.MULTILINE))
    locked = dict(re.findall(r"^([\w-]+)==(\S+)", PYTHON.read_text(), re.MULTILINE))
    assert versions.items() <= locked.items()
    javascript = json.loads((JS / "package.json").read_text())["dependencies"]
    for page in pages:
        for line in installs(page):
            tool, _, *names = line.split()
            assert set(names) <= set(versions if tool == "pip" else javascript), line
    table = "\n".join(re.findall(r"^\| \[.*$", PAGES.with_suffix(".md").read_text(), re.MULTILINE))
    assert [version for version in (*versions.values(), *javascript.values()) if version not in table] == []
    assert {page for page in pages if f"(clients/{page}.md)" in table} == pages
