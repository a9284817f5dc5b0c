"""The gallery in a browser: the wall, the panel beside it, keys, and what works without a script."""

from __future__ import annotations

import re
import zipfile
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.chromium import PHONE, WIDE, Theme, check_page, open_page, visit
from tests.browser.conftest import Living

GALLERY = "/console/gallery/"


def tiles(page: Page) -> Any:
    return page.locator("[data-tile]")


@pytest.mark.parametrize(
    ("theme", "size", "language"),
    [("light", WIDE, "en-US"), ("dark", PHONE, "zh-CN")],
    ids=["light-wide-en", "dark-phone-zh"],
)
def test_pages(
    living: Living, browser: Browser, owner_state: Any, theme: Theme, size: tuple[int, int], language: str
) -> None:
    with visit(browser, living.url, theme=theme, size=size, language=language, state=owner_state) as (_c, page, seen):
        open_page(page, seen, GALLERY)
        check_page(page, seen)
        grounded = page.locator("[data-tile]:has(.wall-note)").first.get_attribute("href")
        assert grounded is not None
        open_page(page, seen, grounded)
        check_page(page, seen)
        for path in (f"{GALLERY}?q=nothing+like+it", f"{GALLERY}collections/"):
            open_page(page, seen, path)
            check_page(page, seen)


def test_nothing_jumps_and_no_picture_is_cut(living: Living, browser: Browser, owner_state: Any) -> None:
    with visit(browser, living.url, state=owner_state) as (_context, page, seen):
        page.route("**/content?*", lambda route: route.abort())
        page.goto(GALLERY)
        before = [tiles(page).nth(place).bounding_box() for place in range(20)]
        page.unroute("**/content?*")
        seen.complaints.clear()  # of the pictures that were kept away
        open_page(page, seen, GALLERY)
        assert [tiles(page).nth(place).bounding_box() for place in range(20)] == before
        assert page.locator("[data-tile] img").first.evaluate("image => getComputedStyle(image).objectFit") == "contain"
        heights = [round(box["height"]) for box in before if box is not None]
        assert 60 < min(heights) <= max(heights) < 420


def test_the_keyboard_leads_through_the_panel(living: Living, browser: Browser, owner_state: Any) -> None:
    with visit(browser, living.url, state=owner_state) as (_context, page, seen):
        open_page(page, seen, GALLERY)
        names = [tiles(page).nth(place).get_attribute("data-tile") for place in range(3)]
        tiles(page).first.focus()
        page.keyboard.press("Enter")
        expect(page.locator("#side")).to_be_focused()
        expect(page).to_have_url(re.compile(f"{names[0]}/$"))
        page.keyboard.press("ArrowRight")
        page.keyboard.press("ArrowRight")
        expect(page.locator("#side")).to_have_attribute("data-picture", names[2] or "")
        page.keyboard.press("ArrowLeft")
        expect(page.locator("#side")).to_have_attribute("data-picture", names[1] or "")
        expect(tiles(page).nth(1)).to_have_attribute("aria-current", "true")
        stars = page.locator(".side-stars")
        if given := page.locator("#labels").get_attribute("data-rating"):
            page.keyboard.press(given)  # the demo draws ratings; the same key takes one away
            expect(stars.locator(".on")).to_have_count(0)
        page.keyboard.press("2")
        expect(stars.locator(".on")).to_have_count(2)
        expect(tiles(page).nth(1).locator("[data-rating]")).to_contain_text("2")
        page.keyboard.press("2")
        expect(stars.locator(".on")).to_have_count(0)
        with page.expect_download() as saved:
            page.keyboard.press("d")
        assert saved.value.suggested_filename.startswith(names[1] or "-")
        page.go_back()
        expect(page.locator("#side")).to_be_hidden()
        expect(page).to_have_url(re.compile("/console/gallery/$"))
        page.go_forward()
        expect(page.locator("#side")).to_have_attribute("data-picture", names[1] or "")
        page.keyboard.press("Escape")
        expect(page.locator("#side")).to_be_hidden()
        expect(tiles(page).nth(1)).to_be_focused()


def test_the_wall_goes_on_and_the_search_follows_the_typing(living: Living, browser: Browser, owner_state: Any) -> None:
    with visit(browser, living.url, state=owner_state) as (_context, page, seen):
        # as it comes: what follows is asked for before its end is in sight
        first = page.request.get(GALLERY).text().count("data-tile=")
        open_page(page, seen, GALLERY)
        page.mouse.move(600, 500)
        page.mouse.wheel(0, 20_000)
        expect(tiles(page).nth(first)).to_be_attached()
        days = page.locator(".wall-day h2").all_text_contents()
        assert len(days) == len(set(days)), "a day has one heading, whatever the pages"
        # a word of a picture that is there: the demo draws its prompts, and one of them may never come up
        word = max(re.findall(r"\b[a-z]+\b", tiles(page).first.locator("img").get_attribute("alt") or ""), key=len)
        page.get_by_label("Search", exact=True).fill(word)
        expect(page).to_have_url(re.compile(rf"\?q={word}$"))
        expect(tiles(page).nth(first - 1)).not_to_be_attached()
        expect(tiles(page).first).to_be_attached()


def test_several_are_selected_and_saved_as_one_zip(
    living: Living, browser: Browser, owner_state: Any, tmp_path: Any
) -> None:
    with visit(browser, living.url, state=owner_state) as (_context, page, seen):
        open_page(page, seen, GALLERY)
        bar = page.locator("#selection")
        expect(bar).to_be_hidden()
        page.keyboard.press("Tab")
        boxes = page.locator(".wall-check input")
        boxes.nth(0).check(force=True)
        boxes.nth(2).click(force=True, modifiers=["Shift"])
        expect(bar.locator("[data-selected]")).to_have_text("Selected 3")
        with page.expect_download() as saved:
            bar.get_by_role("button", name="ZIP").click()
        path = tmp_path / "pictures.zip"
        saved.value.save_as(path)
        assert len(zipfile.ZipFile(path).namelist()) == 3
        bar.get_by_role("button", name="Delete").click()
        expect(page.get_by_role("heading", name="Delete 3 pictures")).to_be_visible()
        page.keyboard.press("Escape")
        bar.get_by_role("button", name="Clear the selection").click()
        expect(bar).to_be_hidden()


def test_a_link_is_shared_and_revoked(living: Living, browser: Browser, owner_state: Any) -> None:
    with visit(browser, living.url, state=owner_state) as (_context, page, seen):
        open_page(page, seen, GALLERY)
        tiles(page).nth(4).click()
        page.get_by_role("button", name="Share by link").click()
        page.locator("#act-button").click()
        copy = page.locator("#side [data-copy*='share=']")
        address = copy.first.get_attribute("data-copy")
        assert address is not None
        with visit(browser, living.url) as (_stranger, shared, _seen):
            answer = shared.goto(address)
            assert answer is not None
            assert answer.status == 200
        page.get_by_role("button", name="Revoke").first.click()
        page.locator("#act-button").click()
        expect(page.get_by_text("The link is revoked.")).to_be_visible()


def test_everything_is_a_link_without_a_script(living: Living, browser: Browser, owner_state: Any) -> None:
    with visit(browser, living.url, state=owner_state, script=False) as (_context, page, _seen):
        page.goto(GALLERY)
        tiles(page).nth(2).click()
        page.wait_for_url("**/gallery/out_*/")
        expect(page.get_by_role("link", name="Download").first).to_be_visible()
        page.get_by_role("link", name="Older picture").click()
        stars = page.get_by_role("button", name=re.compile(r"^\d stars?$"))
        stars.first.click()  # of those that it does not have: the demo draws ratings, too
        page.get_by_role("button", name="Take the rating away").click()
        expect(stars).to_have_count(5)
        page.get_by_role("link", name="Close").click()
        page.get_by_role("link", name="More", exact=True).click()
        assert tiles(page).count() >= 1
        expect(page.get_by_role("link", name="Newest pictures")).to_be_visible()
