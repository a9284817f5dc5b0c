"""A job's page by its users: why it failed, its content after a reason, its webhook sent again."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.chromium import check_page, open_page, visit
from tests.browser.conftest import Living


def first_job(page: Page, query: str) -> str:
    page.goto(f"/admin/jobs/?{query}")
    return str(page.locator("tbody th a").first.get_attribute("href"))


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_why_a_job_failed_and_what_was_done(browser: Browser, living: Living, operator_state: Any, theme: Any) -> None:
    with visit(browser, living.url, state=operator_state, theme=theme) as (_context, page, seen):
        open_page(page, seen, first_job(page, "tenant=acme&status=failed&code=upstream_unavailable"))
        expect(page.get_by_role("heading", level=1)).to_contain_text("Failed: upstream unavailable, 503")
        expect(page.locator(".timeline")).to_contain_text("First try: 503")
        expect(page.locator(".timeline")).to_contain_text("Not charged")
        check_page(page, seen)


def test_its_content_is_closed_until_a_reason_is_typed(browser: Browser, living: Living, operator_state: Any) -> None:
    with visit(browser, living.url, state=operator_state) as (_context, page, seen):
        page.goto("/admin/outputs/")
        output = page.locator("tbody td a.code").first
        open_page(page, seen, str(output.get_attribute("href")))
        expect(page.locator("main img")).to_have_count(0)
        page.get_by_label("Reason").fill("Ticket 17")
        page.get_by_role("button", name="Show prompt").click()
        expect(page.locator("main img").first).to_be_visible()
        assert page.locator("main img").first.evaluate("image => image.naturalWidth") > 0
        expect(page.locator("main pre").first).not_to_be_empty()
        check_page(page, seen, light=False)


def test_a_webhook_is_sent_again(browser: Browser, living: Living, operator_state: Any) -> None:
    with visit(browser, living.url, state=operator_state) as (_context, page, _seen):
        page.goto(first_job(page, "tenant=acme&status=failed&code=upstream_unavailable"))
        page.locator("#deliveries").get_by_role("button", name="Resend").first.click()
        page.get_by_role("dialog").get_by_role("button", name="Resend").click()
        expect(page.locator(".messages")).to_contain_text("It is sent again.")
