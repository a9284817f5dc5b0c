"""Every example on the pages of clients runs, makes the pictures that it says, and one job for each."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.api.accounts import Account
from tests.compat.clients.pages import (
    JS,
    PAGES,
    PYTHON,
    blocks,
    installs,
    pictures,
    run_javascript,
    run_python,
    run_shell,
)

WIDE = (1376, 768)
SQUARE = (1024, 1024)
SMALL = (512, 512)
PHOTO = (1264, 848)

Runner = Callable[[str, Path, Account], str]


@dataclass(frozen=True)
class Expected:
    pictures: Mapping[str, tuple[int, int]]
    prints: tuple[str, ...]
    """What the last part of the page, about failures, prints among other things."""
    further_jobs: int = 0
    """Jobs whose picture is not written to a file. A second POST with the same key is none."""


GEMINI = {"lighthouse.png": WIDE, "night.png": WIDE, "boat.png": WIDE}
OPENAI = {"lighthouse.png": PHOTO, "boat.png": PHOTO, "harbor.png": WIDE, "night.png": WIDE}
RUNS: Mapping[tuple[str, Runner], Expected] = {
    ("python", run_python): Expected({**GEMINI, "fog.png": SMALL}, ("400", '"8K" is no image size'), further_jobs=1),
    ("langchain", run_python): Expected(GEMINI, ('"8K" is no image size', "STOP"), further_jobs=1),
    ("litellm", run_python): Expected(
        {"lighthouse.png": SQUARE, "harbor.png": PHOTO, "boat.png": PHOTO, "night.png": WIDE}, ('"wide"',)
    ),
    ("openai", run_python): Expected(OPENAI, ("400", "size")),
    ("javascript", run_javascript): Expected(
        {**GEMINI, "fog.png": SMALL}, ("400", '"8K" is no image size'), further_jobs=1
    ),
    ("ai-sdk", run_javascript): Expected(
        {"lighthouse.png": WIDE, "night.png": WIDE, "harbor.png": SQUARE, "boat.png": SQUARE},
        ("400", "gemini-3.1-flash-lite-image"),
    ),
    ("openai", run_javascript): Expected(OPENAI, ("400", "size")),
    ("curl", run_shell): Expected(
        {**GEMINI, "fog.png": SMALL}, ("invalid_request", "/response_format/image_size"), further_jobs=0
    ),
}


@pytest.mark.parametrize(("page", "run"), RUNS, ids=lambda value: value if isinstance(value, str) else value.__name__)
def test_a_page_runs(page: str, run: Runner, account: Account, tmp_path: Path) -> None:
    if run is run_shell and not (shutil.which("jq") and shutil.which("curl")):
        pytest.skip("The page needs curl and jq.")
    expected = RUNS[page, run]
    printed = run(page, tmp_path, account)
    assert pictures(tmp_path) == expected.pictures
    assert account.trace.generations == len(expected.pictures) + expected.further_jobs
    assert [part for part in expected.prints if part not in printed] == []


def test_the_pages_run_and_install_what_they_name() -> None:
    """Each page runs, and the versions of the first page are those that the examples are run with."""
    pages = {path.stem for path in PAGES.glob("*.md")}
    assert {page for page, _ in RUNS} | {"browser"} == pages
    versions = dict(re.findall(r"^([\w-]+)==(\S+)", PYTHON.with_suffix(".in").read_text(), re.MULTILINE))
    locked = dict(re.findall(r"^([\w-]+)==(\S+)", PYTHON.read_text(), re.MULTILINE))
    assert versions.items() <= locked.items()
    javascript = json.loads((JS / "package.json").read_text())["dependencies"]
    for page in pages:
        for line in installs(page):
            tool, _, *names = line.split()
            assert set(names) <= set(versions if tool == "pip" else javascript), line
    index = PAGES.with_suffix(".md").read_text()
    table = "\n".join(re.findall(r"^\| \[.*$", index, re.MULTILINE))
    assert [name for name in (*versions.values(), *javascript.values()) if name not in table] == []
    assert {page for page in pages if f"(clients/{page}.md)" in table} == pages
    assert [page for page in pages if not blocks(page, r"\w+")] == []
