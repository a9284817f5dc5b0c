"""Usage and billing in the browser: a month in both themes and at both widths, a budget, files, how to pay."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.chromium import PHONE, WIDE, Seen, Theme, check_page, open_page, visit
from tests.browser.conftest import Living

PAGES = ("/console/usage/", "/console/billing/", "/console/usage/budgets/")
REST = (
    "/console/usage/days/?by=key", "/console/billing/statement/", "/console/billing/ledger/",
    "/console/billing/invoices/", "/console/billing/plan/", "/console/billing/top-up/",
)  # fmt: skip


@pytest.fixture
def at_work(living: Living, browser: Browser, owner_state: Any) -> Iterator[tuple[Page, Seen]]:
    with visit(browser, living.url, state=owner_state) as (_context, page, seen):
        yield page, seen


@pytest.mark.parametrize(("size", "theme"), [(WIDE, "light"), (WIDE, "dark"), (PHONE, "light"), (PHONE, "dark")])
def test_a_month_is_read(
    living: Living, browser: Browser, owner_state: Any, size: tuple[int, int], theme: Theme
) -> None:
    with visit(browser, living.url, state=owner_state, size=size, theme=theme) as (_context, page, seen):
        for path in PAGES:
            open_page(page, seen, path)
            check_page(page, seen)


def test_every_other_page_is_well_made(at_work: tuple[Page, Seen]) -> None:
    page, seen = at_work
    for path in REST:
        open_page(page, seen, path)
        check_page(page, seen)


def test_the_figures_of_the_page_are_those_of_its_file(at_work: tuple[Page, Seen], tmp_path: Path) -> None:
    page, seen = at_work
    open_page(page, seen, "/console/usage/")
    page.get_by_role("navigation", name="Group by").get_by_role("link", name="Key").click()
    expect(page.get_by_role("heading", name="By key")).to_be_visible()
    shown = page.locator("table.figures tbody tr th").all_inner_texts()
    with page.expect_download() as download:
        page.get_by_role("link", name="CSV", exact=True).first.click()
    file = tmp_path / "usage.csv"
    download.value.save_as(file)
    with file.open() as lines:
        assert [row["key"] for row in csv.DictReader(lines)] == [name.strip() for name in shown]
    page.get_by_role("link", name="Previous", exact=False).or_(page.locator(".months a[rel=prev]")).first.click()
    expect(page.locator(".answer")).to_contain_text("You spent")
    expect(page).to_have_url(re.compile(r"by=key.*month=|month=.*by=key"))


def test_a_budget_is_made_raised_and_deleted(at_work: tuple[Page, Seen]) -> None:
    page, seen = at_work
    open_page(page, seen, "/console/usage/budgets/")
    page.get_by_role("button", name="New budget").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Period").select_option("total")
    dialog.get_by_label("Limit").fill("much")
    dialog.get_by_role("button", name="Create budget").click()
    expect(dialog.get_by_text("plain digits")).to_be_visible()
    dialog.get_by_label("Limit").fill("123456.00")
    expect(dialog.locator("#act-preview")).to_contain_text("123,456.00")
    check_page(page, seen)
    dialog.get_by_role("button", name="Create budget").click()
    expect(page.get_by_role("status").filter(has_text="The budget holds from now on.")).to_be_visible()
    page.get_by_role("listitem").filter(has_text="123,456.00").get_by_role("link").click()
    expect(page.get_by_role("heading", name="When a job is refused")).to_be_visible()
    page.get_by_role("button", name="Raise", exact=True).click()
    raising = page.get_by_role("dialog")
    raising.get_by_label("Raise it to").fill("200000")
    expect(raising.locator("#act-preview")).to_contain_text("After that it is 123,456.00 again.")
    raising.get_by_role("button", name="Raise budget").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("of 200,000.00 left")
    page.get_by_role("button", name="Delete", exact=True).click()
    page.get_by_role("dialog").get_by_role("button", name="Delete budget").click()
    expect(page).to_have_url(re.compile(r"/console/usage/budgets/$"))
    expect(page.get_by_text("123,456.00")).to_have_count(0)


def test_an_invoice_opens_and_top_up_says_how_to_pay(at_work: tuple[Page, Seen]) -> None:
    page, seen = at_work
    open_page(page, seen, "/console/billing/")
    invoice = page.get_by_role("link", name=re.compile("^PDF")).first
    address = invoice.get_attribute("href")
    assert address is not None
    answer = page.request.get(address)
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.body().startswith(b"%PDF")
    open_page(page, seen, address.removesuffix("pdf"))
    check_page(page, seen)
    open_page(page, seen, "/console/billing/")
    page.get_by_role("button", name="Top up").click()
    expect(page.get_by_role("heading", name="By bank transfer")).to_be_visible()
    expect(page.locator(".pay")).to_contain_text("IBAN")


def test_without_a_script_a_budget_takes_more_steps(living: Living, browser: Browser, owner_state: Any) -> None:
    with visit(browser, living.url, state=owner_state, script=False) as (_context, page, _seen):
        page.goto("/console/usage/")
        page.get_by_role("link", name="New budget").click()
        page.get_by_label("Limit").fill("99999")
        page.get_by_role("button", name="Create budget").click()
        expect(page.locator("#act-preview")).to_contain_text("99,999.00")
        page.get_by_role("link", name="Usage", exact=True).first.click()
        expect(page.locator(".answer")).to_contain_text("You spent")
