"""Money by an operator's clicks: prices and plans with a look at last month, invoices, charges, reconcile."""

from __future__ import annotations

import re
from secrets import token_hex
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.chromium import visit
from tests.browser.conftest import Living
from tests.browser.test_admin_acts import dialog, done, open_refundable


@pytest.fixture
def page(browser: Browser, living: Living, operator_state: Any) -> Any:
    with visit(browser, living.url, state=operator_state) as (_context, page, _seen):
        yield page


def test_a_price_is_previewed_and_set(page: Page) -> None:
    page.goto("/admin/prices/?plan=starter")
    shown = dialog(page, "Set a price")
    expect(shown.get_by_label("Whose")).to_have_value("starter")
    shown.get_by_label("Of", exact=True).select_option("image_output")
    shown.get_by_label("Price", exact=True).fill("99")
    preview = shown.locator("#act-preview")
    expect(preview).to_contain_text("What it would have done to last month")
    expect(preview).to_contain_text("Margin in percent")
    expect(preview).to_contain_text("The bills of")
    shown.get_by_role("button", name="Set a price").click()
    done(page, "is 99.00 USD per 1M tokens")
    page.get_by_role("link", name="Versions", exact=True).click()
    expect(page.locator("tbody tr").first).to_contain_text("99.00 USD")


def test_a_plan_gets_a_new_version_that_begins_with_its_terms(page: Page) -> None:
    page.goto("/admin/prices/plans/")
    page.get_by_role("link", name="Scale").click()
    shown = dialog(page, "New version")
    markup = shown.get_by_label("Mark-up, percent")
    before = float(markup.input_value())
    markup.fill(f"{before + 1:g}")
    preview = shown.locator("#act-preview")
    expect(preview).to_contain_text(f"{before + 1:g}\u00a0%")
    expect(preview).not_to_contain_text("Included images")
    shown.get_by_role("button", name="New version").click()
    done(page, "Scale has new terms from")
    expect(page.locator("main")).to_contain_text("To begin")


def test_a_plan_is_made_with_a_budget(page: Page) -> None:
    page.goto("/admin/prices/plans/")
    shown = dialog(page, "New plan")
    name = f"Trial {token_hex(4)}"
    shown.get_by_label("Name", exact=True).fill(name)
    shown.get_by_label("Slug").fill(name.lower().replace(" ", "-"))
    shown.get_by_role("group", name="Budget 1 of a tenant").get_by_label("Limit").fill("25")
    shown.get_by_role("button", name="New plan").click()
    done(page, f"{name} can be given to tenants.")
    page.get_by_role("link", name=name, exact=True).click()
    expect(page.locator("main")).to_contain_text("25.00 money, month, warns at 80, 100 %, stops")


def test_a_payment_is_recorded_and_its_sums_add_up(page: Page) -> None:
    page.goto("/admin/invoices/?status=overdue")
    page.locator("tbody th a").first.click()
    heading = page.get_by_role("heading", level=1)
    expect(heading).to_contain_text("overdue by")
    left = re.sub(r"[^\d.]", "", heading.inner_text().partition(" ")[0])
    shown = dialog(page, "Record payment")
    expect(shown.get_by_label("Amount")).to_have_value(left)
    shown.get_by_label("Reference").fill("SEPA of a browser")
    expect(shown.locator("#act-preview")).to_contain_text("Left to pay")
    shown.get_by_role("button", name=f"Record ${left}").click()
    done(page, f"${left} recorded for INV-")
    expect(heading).to_contain_text("paid")
    dues = page.locator(".sums .sum").last
    expect(dues).to_contain_text("0.00")
    expect(page.get_by_role("link", name="PDF").first).to_be_visible()


def test_a_flagged_charge_is_resolved(page: Page) -> None:
    page.goto("/admin/charges/?flagged=open")
    rows = page.locator("tbody tr")
    before = rows.count()
    page.locator("tbody").get_by_role("button", name="Resolve").first.click()
    shown = page.get_by_role("dialog")
    expect(shown.get_by_text("Left to refund")).to_be_visible()
    shown.get_by_label("Reason").fill("Seen: as it should be")
    shown.get_by_label("Amount").fill("0.01")
    expect(shown.locator("#act-preview")).to_contain_text("Balance")
    shown.get_by_role("button", name="Resolve and book +$0.0100").click()
    done(page, "is decided")
    assert rows.count() == before - 1


def test_a_job_s_charge_is_refunded(page: Page) -> None:
    open_refundable(page, "tenant=northwind")
    shown = dialog(page, "Refund")
    shown.get_by_label("Reason").fill("Blurred")
    expect(shown.locator("#act-preview")).to_contain_text("Given back of this charge")
    shown.get_by_role("button", name=re.compile(r"Refund \$")).click()
    done(page, "went back to Northwind Prints.")


def test_a_run_of_reconcile_is_asked_for(page: Page) -> None:
    page.goto("/admin/reconcile/")
    dialog(page, "Reconcile now").get_by_role("button", name="Reconcile now").click()
    done(page, "The run is queued")
    expect(page.locator("main").get_by_role("button", name="Reconcile now")).to_have_count(0)
