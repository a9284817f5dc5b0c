"""Every page of the admin as people see it: wide and on a phone, light and dark, full and empty."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.chromium import PHONE, WIDE, Theme, check_page, open_page, visit
from tests.browser.conftest import Living

LISTS = (
    "", "jobs/", "batches/", "outputs/", "tenants/", "people/", "keys/", "charges/", "invoices/", "ledger/",
    "ledger/statement/?tenant=acme", "invoices/payments/", "invoices/credit-notes/", "invoices/companies/",
    "invoices/rates/", "invoices/receipts/", "ledger/journal/", "invoices/running/acme/", "prices/",
    "prices/?plan=upstream", "prices/plans/", "prices/versions/",
    "prices/below-cost/", "prices/tokens/", "prices/margins/", "reconcile/",
    "models/", "workers/", "workers/upstream-keys/", "background/", "webhooks/", "mail/", "storage/",
    "storage/legal-holds/", "audit/", "settings/", "settings/?changed=yes", "settings/operators/",
    "settings/operator-keys/", "settings/roles/", "settings/policy/", "settings/guard-rules/", "tenants/acme/exports/",
    "tenants/acme/templates/", "tenants/acme/guard-rules/", "more", "search?q=studio", "search?q=nothing-like-this",
)  # fmt: skip
EMPTY = tuple(f"{name}?tenant=bluebird" for name in ("jobs/", "batches/", "charges/", "webhooks/"))
DETAILS = (
    "jobs/", "batches/", "tenants/", "people/", "keys/", "invoices/", "invoices/credit-notes/", "ledger/",
    "prices/plans/", "reconcile/", "models/", "webhooks/", "audit/",
)  # fmt: skip
ACTS = (
    "tenants/new/", "tenants/acme/top-up/", "tenants/acme/limits/", "tenants/acme/close/", "tenants/acme/billing/",
    "prices/set/", "prices/plans/new/", "invoices/companies/new/", "invoices/rates/new/",
)  # fmt: skip


def first_detail(page: Page, path: str) -> str:
    """Returns the address of the first thing of a list."""
    section = f"/admin/{path.partition('?')[0]}"
    link = page.locator(f'main table a[href^="{section}"]').first
    return str(link.get_attribute("href"))


# Colours do not depend on the size, nor widths on the theme: two runs see both of each.
@pytest.mark.parametrize(
    ("size", "theme"), [(WIDE, "light"), (PHONE, "dark")], ids=["wide and light", "phone and dark"]
)
def test_pages(browser: Browser, living: Living, operator_state: Any, size: tuple[int, int], theme: Theme) -> None:
    with visit(browser, living.url, size=size, theme=theme, state=operator_state) as (_context, page, seen):
        details = []
        for path in (*LISTS, *EMPTY, *ACTS):
            open_page(page, seen, f"/admin/{path}")
            check_page(page, seen)
            if path in DETAILS:
                details.append(first_detail(page, path))
        assert len(details) == len(DETAILS)
        for address in details:
            open_page(page, seen, address)
            check_page(page, seen)


def test_a_filter_stays_in_the_address_and_a_wrong_one_is_named(
    browser: Browser, living: Living, operator_state: Any
) -> None:
    with visit(browser, living.url, state=operator_state) as (_context, page, seen):
        open_page(page, seen, "/admin/jobs/")
        page.get_by_label("State", exact=True).select_option("failed")
        page.get_by_role("button", name="Filter").click()
        page.wait_for_url("**/admin/jobs/?*status=failed*")
        states = page.locator("tbody .status")
        assert states.count() > 0
        assert page.locator("tbody .status.good").count() == 0
        page.reload()
        expect(page.get_by_label("State", exact=True)).to_have_value("failed")
        newest = page.locator("tbody tr").first.inner_text()
        page.get_by_role("link", name="Next").click()
        page.wait_for_url("**after=*")
        assert page.locator("tbody tr").first.inner_text() != newest
        page.get_by_role("link", name="Previous").click()
        page.wait_for_url("**before=*")
        assert page.locator("tbody tr").first.inner_text().split()[1:] == newest.split()[1:]
        open_page(page, seen, "/admin/jobs/?status=lost", status=400)
        expect(page.get_by_text("“lost” is none of the choices.")).to_be_visible()
        check_page(page, seen)


def test_chinese(browser: Browser, living: Living, operator_state: Any) -> None:
    with visit(browser, living.url, state=operator_state, language="zh-CN") as (_context, page, seen):
        open_page(page, seen, "/admin/tenants/")
        assert page.locator("html").get_attribute("lang") == "zh-hans"
        expect(page.get_by_role("heading", level=1)).to_have_text("租户")
        check_page(page, seen)
        page.locator("summary.person").click()
        page.get_by_role("button", name="English").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Tenants")
