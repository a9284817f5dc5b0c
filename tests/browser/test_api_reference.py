"""The page that shows the API's description: Swagger's own, with what our page around it mends."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser

from tests.browser.chromium import PHONE, WIDE, Theme, check_page, open_page, visit
from tests.browser.conftest import Living


@pytest.mark.parametrize(("theme", "size"), [("light", WIDE), ("dark", PHONE)], ids=["light-wide", "dark-phone"])
def test_everybody_can_read_it(living: Living, browser: Browser, theme: Theme, size: tuple[int, int]) -> None:
    with visit(browser, living.url, theme=theme, size=size) as (_context, page, seen):
        open_page(page, seen, "/api/v1/docs")
        for method in ("get", "post", "delete"):
            page.locator(f".opblock-{method} .opblock-summary-control").first.click()
            page.locator(f".opblock-{method} .responses-table").first.wait_for()
        page.wait_for_timeout(500)  # until the last example is drawn
        check_page(page, seen, light=False)
        # The style inside of its logo is refused by our policy; `apidoc.css` has what it says.
        seen.complaints[:] = [text for text in seen.complaints if "Applying inline style" not in text]
