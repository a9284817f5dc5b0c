"""Jobs and batches in the browser: a job's story, rows that move, a batch from a table to its archive."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.chromium import PHONE, WIDE, Seen, Theme, check_page, open_page, signed_in, visit
from tests.browser.conftest import Living

SECONDS = 40_000
TABLE = '\ufeffprompt;key;image_size\r\n"一只红色的跑鞋，白色背景";shoe;512\r\n"A lamp, ""lit""";lamp;512\r\n'


@pytest.fixture(scope="module")
def owner_state(living: Living, browser: Browser, demo: dict[str, Any]) -> Any:
    """In test mode: what is made here costs nothing."""
    return signed_in(browser, living.url, demo["tenants"][0], test=True)


@pytest.fixture(scope="module")
def live_state(living: Living, browser: Browser, demo: dict[str, Any]) -> Any:
    return signed_in(browser, living.url, demo["tenants"][0])


@pytest.fixture
def at_work(living: Living, browser: Browser, owner_state: Any) -> Iterator[tuple[Page, Seen]]:
    with visit(browser, living.url, state=owner_state) as (_context, page, seen):
        yield page, seen


def upload(page: Page, tmp_path: Path, text: str | bytes, name: str = "rows.csv") -> None:
    path = tmp_path / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    page.get_by_label("CSV file").set_input_files(path)
    page.get_by_role("button", name="Check the file").click()


def test_a_table_becomes_a_batch_and_an_archive(at_work: tuple[Page, Seen], tmp_path: Path) -> None:
    page, seen = at_work
    open_page(page, seen, "/console/batches/new/")
    check_page(page, seen)
    upload(page, tmp_path, "prompt;image_size\r\na cat;1k\r\n")
    expect(page.get_by_role("heading", name="1 of 1 rows is wrong")).to_be_visible()
    check_page(page, seen, light=False)
    upload(page, tmp_path, TABLE)
    page.wait_for_url(re.compile(r"/new/file_\w+/"))
    check_page(page, seen, light=False)
    expect(page.get_by_text("一只红色的跑鞋，白色背景")).to_be_visible()
    page.get_by_role("button", name="Start batch").click()
    page.wait_for_url(re.compile(r"/batches/batch_\w+/$"))
    check_page(page, seen, light=False)
    expect(page.get_by_role("heading", level=1)).to_have_text("All 2 succeeded", timeout=SECONDS)
    link = page.get_by_role("link", name="Download ZIP")
    with page.expect_download() as download:
        link.click()
    archive = zipfile.ZipFile(download.value.path())
    assert archive.testzip() is None
    assert [name.rpartition(".")[0] for name in archive.namelist()] == [
        "pictures/00001-shoe", "pictures/00002-lamp", "results",
    ]  # fmt: skip
    page.locator("#item-1").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Succeeded")
    check_page(page, seen, light=False)


def test_all_of_it_goes_without_a_script(living: Living, browser: Browser, owner_state: Any, tmp_path: Path) -> None:
    with visit(browser, living.url, state=owner_state, script=False) as (_context, page, _seen):
        page.goto("/console/batches/new/?kind=template")
        page.get_by_label("Template").select_option(value="stylized_illustration")
        page.get_by_role("button", name="Show its slots").click()
        with page.expect_download() as download:
            page.get_by_role("link", name="Sample CSV").click()
        sample = Path(download.value.path()).read_text(encoding="utf-8-sig")
        upload(page, tmp_path, sample.replace("sticker", "sticker [[latency:60]]"))
        page.get_by_role("button", name="Start batch").click()
        page.wait_for_url(re.compile(r"/batches/batch_\w+/$"))
        page.get_by_role("button", name="Cancel batch").click()
        page.get_by_role("button", name="Cancel batch").click()
        expect(page.get_by_text("Items that wait")).to_be_visible()
        page.get_by_role("button", name="Cancel batch").click()
        expect(page.get_by_role("status").filter(has_text="The batch is being canceled.")).to_be_visible()


def test_rows_move_by_themselves(at_work: tuple[Page, Seen], tmp_path: Path) -> None:
    page, seen = at_work
    open_page(page, seen, "/console/batches/new/")
    upload(page, tmp_path, "prompt,image_size\na patient lighthouse [[latency:6]],512\n")
    page.get_by_role("button", name="Start batch").click()
    page.wait_for_url(re.compile(r"/batches/batch_\w+/$"))
    item = page.locator("#item-1")
    expect(item).to_be_visible(timeout=SECONDS)
    page.get_by_role("link", name="Its jobs").click()
    row = page.locator(".job-rows tbody tr").first
    expect(row).to_contain_text("Running")
    expect(row).to_contain_text("Succeeded", timeout=SECONDS)
    expect(page.locator("#job-poll")).to_have_count(0)
    check_page(page, seen, light=False)


@pytest.mark.parametrize(("size", "theme"), [(WIDE, "light"), (PHONE, "dark")])
def test_pages_of_the_demo_stand_on_every_screen(
    living: Living, browser: Browser, live_state: Any, size: tuple[int, int], theme: Theme
) -> None:
    with visit(browser, living.url, size=size, theme=theme, state=live_state) as (_context, page, seen):
        for path in ("/console/jobs/", "/console/jobs/?status=failed", "/console/batches/"):
            open_page(page, seen, path)
            check_page(page, seen)
        job = page_of(page, seen, "/console/jobs/?status=failed", ".job-cell")
        open_page(page, seen, job)
        expect(page.get_by_role("heading", level=1)).to_contain_text("Failed: ")
        check_page(page, seen)
        batch = page_of(page, seen, "/console/batches/", ".batch-rows th a")
        open_page(page, seen, batch)
        check_page(page, seen)


def page_of(page: Page, seen: Seen, path: str, link: str) -> str:
    open_page(page, seen, path)
    return str(page.locator(link).first.get_attribute("href"))
