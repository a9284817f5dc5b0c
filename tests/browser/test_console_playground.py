"""The playground in a browser: from a prompt to a picture, and on from there; by keyboard, and without a script."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.chromium import PHONE, Seen, Theme, check_page, open_page, settle, signed_in, visit
from tests.browser.conftest import Living
from tests.request.media_files import png

PLAYGROUND = "/console/playground/"
SECONDS = 30_000
Tab = tuple[Page, Seen]


@pytest.fixture(scope="module")
def state(living: Living, browser: Browser, demo: dict[str, Any]) -> Any:
    """Globex's owner, in test mode."""
    return signed_in(browser, living.url, demo["tenants"][1], test=True)


@pytest.fixture
def tab(living: Living, browser: Browser, state: Any) -> Iterator[Tab]:
    with visit(browser, living.url, state=state) as (_context, page, seen):
        yield page, seen


def generate(page: Page, prompt: str) -> None:
    page.get_by_label("Prompt").fill(prompt)
    page.get_by_role("button", name="Generate").click()
    page.wait_for_url(re.compile(r"/gen_"))


def done(page: Page) -> None:
    expect(page.get_by_text("Done in")).to_be_visible(timeout=SECONDS)


def test_a_prompt_becomes_a_picture_that_survives_a_reload_and_goes_on(tab: Tab) -> None:
    page, seen = tab
    open_page(page, seen, PLAYGROUND)
    page.get_by_label("Prompt").fill("A pier at dusk [[latency:3]]")
    page.get_by_role("radio", name="16:9").check()
    page.get_by_label("Size").get_by_text("512").click()
    page.get_by_label("Google Search").check()
    expect(page.locator("#pixels")).to_have_text("688 × 384 pixels")
    expect(page.get_by_role("button", name="Generate")).to_contain_text("free")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("button", name="Cancel")).to_be_visible()
    page.reload()
    expect(page.get_by_role("progressbar")).to_be_visible()
    first = page.url
    done(page)
    expect(page.get_by_role("button", name="Repeat at 4K")).to_be_visible()
    expect(page.locator("iframe.sight-suggestions")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("button", name="Download").click()
    assert download.value.suggested_filename.startswith("a-pier-at-dusk")
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_label("Prompt")).to_be_focused()
    page.get_by_label("Prompt").fill("Now at night")
    page.get_by_role("button", name="Generate").click()
    page.wait_for_url(lambda url: "/gen_" in url and url != first)
    done(page)
    expect(page.get_by_role("link", name="Turn 2")).to_have_attribute("aria-current", "step")
    page.get_by_role("link", name="Compare turns").click()
    expect(page.get_by_role("heading", name="Compare")).to_be_visible()
    check_page(page, seen, light=False)


def test_a_run_is_canceled_and_its_words_come_back(tab: Tab) -> None:
    page, seen = tab
    open_page(page, seen, PLAYGROUND)
    generate(page, "A pier [[latency:25]]")
    page.get_by_role("button", name="Cancel").click()
    expect(page.locator("#result .status").first).to_have_text("Canceled", timeout=SECONDS)
    expect(page.get_by_label("Prompt")).to_have_value("A pier [[latency:25]]")


def test_references_are_chosen_dropped_and_picked_and_templates_filled(tab: Tab, tmp_path: Any) -> None:
    page, seen = tab
    picture, notes = tmp_path / "owl.png", tmp_path / "notes.txt"
    picture.write_bytes(png(30, 20))
    notes.write_text("no picture")
    open_page(page, seen, PLAYGROUND)
    page.get_by_label("Prompt").fill("As a stamp")
    page.locator("#file").set_input_files([picture, notes])
    expect(page.locator("#references-count")).to_have_text("1")
    expect(page.locator("#refs .error")).to_contain_text("notes.txt")
    drop = """() => {
        const data = new DataTransfer(), bytes = Uint8Array.from(atob('%s'), c => c.charCodeAt(0));
        data.items.add(new File([bytes], 'dropped.png', {type: 'image/png'}));
        document.body.dispatchEvent(new DragEvent('drop', {dataTransfer: data, bubbles: true, cancelable: true})); }"""
    page.evaluate(drop % base64.b64encode(png(12, 12)).decode())
    expect(page.locator("#references-count")).to_have_text("2")
    page.get_by_role("link", name="pick from the gallery").click()
    page.locator("#dialog [data-pick]").first.click()
    expect(page.locator("#references-count")).to_have_text("3")
    page.get_by_label("Role of dropped.png").select_option("character")
    page.get_by_role("button", name="Remove owl.png").click()
    expect(page.locator("#references-count")).to_have_text("2")
    page.get_by_role("link", name="Templates", exact=True).click()
    page.locator("#dialog [data-template=accurate_text]").click()
    page.get_by_label("Text to render").fill("Umbra")
    expect(page.locator("#filled")).to_contain_text("Umbra")
    page.get_by_role("button", name="Edit as text").click()
    expect(page.get_by_label("Prompt")).to_have_value(re.compile("Umbra"))
    expect(page.locator("#references-count")).to_have_text("2")


@pytest.mark.parametrize(("size", "theme"), [((1440, 900), "light"), (PHONE, "dark")])
def test_pages_are_sound(browser: Browser, living: Living, state: Any, size: tuple[int, int], theme: Theme) -> None:
    with visit(browser, living.url, state=state, size=size, theme=theme) as (_context, page, seen):
        open_page(page, seen, PLAYGROUND)
        check_page(page, seen)
        page.locator(".recent a").first.click()
        done(page)
        settle(page, seen)
        check_page(page, seen, light=False)
        open_page(page, seen, f"{PLAYGROUND}templates")
        check_page(page, seen)


def test_without_a_script_a_picture_is_made_and_downloaded(browser: Browser, living: Living, state: Any) -> None:
    with visit(browser, living.url, state=state, script=False) as (_context, page, _seen):
        page.goto(PLAYGROUND)
        page.get_by_label("Prompt").fill("A barn owl")
        page.get_by_role("radio", name="3 Pro").check()
        page.get_by_role("button", name="Show what this model offers").click()
        expect(page.get_by_label("Prompt")).to_have_value("A barn owl")
        page.get_by_role("button", name="Generate").click()
        for _ in range(20):
            if page.get_by_role("button", name="Download").count():
                break
            page.wait_for_timeout(500)
            page.reload()
        with page.expect_download() as download:
            page.get_by_role("button", name="Download").click()
        assert download.value.suggested_filename.endswith(".png")
