"""What operators do, by their clicks: dialogs with a script, pages without one, the keyboard alone."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.chromium import open_page, sign_in, visit
from tests.browser.conftest import Living


@pytest.fixture
def page(browser: Browser, living: Living, operator_state: Any) -> Any:
    with visit(browser, living.url, state=operator_state) as (context, page, _seen):
        context.grant_permissions(["clipboard-read", "clipboard-write"])
        yield page


def done(page: Page, text: str) -> None:
    """Waits for the message that says that something was done."""
    expect(page.locator(".messages")).to_contain_text(text)


def dialog(page: Page, button: str) -> Any:
    """Opens the dialog of a button and returns it."""
    page.locator("main").get_by_role("button", name=button, exact=True).click()
    shown = page.get_by_role("dialog")
    expect(shown).to_be_visible()
    return shown


def open_refundable(page: Page, chosen: str = "") -> None:
    """Opens the newest job whose charge can be refunded: of the newest ones other tests may have given all back."""
    page.goto(f"/admin/charges/?mode=live&status=charged&{chosen}")
    for address in [row.get_attribute("href") for row in page.locator("tbody th a").all()]:
        page.goto(str(address))
        if page.locator("main").get_by_role("button", name="Refund", exact=True).count():
            return
    raise AssertionError("no job on the first page of charges can be refunded")


def test_a_top_up_shows_before_and_after(page: Page) -> None:
    page.goto("/admin/tenants/northwind/")
    free = page.locator(".big").inner_text()
    shown = dialog(page, "Top up")
    shown.get_by_label("Amount").fill("2,000.00")
    shown.get_by_label("Reason").fill("Wire")
    expect(shown.get_by_role("button", name="Top up $2,000.00")).to_be_visible()
    expect(shown.locator("#act-preview")).to_contain_text("Free to spend")
    shown.get_by_role("button", name="Top up").click()
    done(page, "$2,000.00 booked to Northwind Prints.")
    assert page.locator(".big").inner_text() != free
    expect(page.locator("main")).to_contain_text("topped up 2000.00 USD")


def test_a_dialog_is_canceled_and_closed_by_escape(page: Page) -> None:
    page.goto("/admin/tenants/northwind/")
    shown = dialog(page, "Suspend")
    shown.get_by_role("button", name="Cancel").click()
    expect(shown).to_be_hidden()
    dialog(page, "Suspend")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_a_tenant_is_suspended_and_reactivated(page: Page) -> None:
    page.goto("/admin/tenants/brightside/")
    shown = dialog(page, "Suspend")
    shown.get_by_role("button", name="Suspend").click()
    expect(shown.get_by_text("This field is required.")).to_be_visible()
    shown.get_by_label("Reason").fill("Unpaid since May")
    shown.get_by_role("button", name="Suspend").click()
    done(page, "Brightside Ads is suspended.")
    expect(page.locator(".health")).to_contain_text("Unpaid since May")
    dialog(page, "Reactivate").get_by_role("button", name="Reactivate").click()
    done(page, "Brightside Ads is active again.")


def test_a_key_is_made_copied_rotated_and_revoked(page: Page) -> None:
    page.goto("/admin/tenants/northwind/")
    page.get_by_role("button", name="Create key").click()
    shown = page.get_by_role("dialog")
    shown.get_by_label("Name").fill("storefront-2")
    shown.get_by_role("button", name="Create key").click()
    secret = shown.locator("[data-copy^=cvd_live_]")
    secret.click()
    assert page.evaluate("navigator.clipboard.readText()") == secret.get_attribute("data-copy")
    shown.get_by_role("link", name="Done").click()
    page.get_by_role("link", name="Manage storefront-2").click()
    dialog(page, "Rotate").get_by_role("button", name="Rotate").click()
    page.get_by_role("dialog").get_by_role("link", name="Done").click()
    page.get_by_role("link", name="Manage storefront-2").click()
    shown = dialog(page, "Revoke")
    shown.get_by_label("Reason").fill("leaked")
    shown.get_by_role("button", name="Revoke").click()
    done(page, "is revoked.")


def test_somebody_is_invited_and_a_note_is_written(page: Page) -> None:
    page.goto("/admin/tenants/northwind/")
    page.get_by_role("button", name="Invite").click()
    shown = page.get_by_role("dialog")
    shown.get_by_label("Email").fill("kim@northwind.example")
    shown.get_by_label("Role").select_option("billing")
    shown.get_by_role("button", name="Invite").click()
    done(page, "kim@northwind.example is invited by mail.")
    page.get_by_role("button", name="Add note").click()
    page.get_by_role("dialog").get_by_label("Note").fill("Call Priya before a suspension.")
    page.get_by_role("dialog").get_by_role("button", name="Add note").click()
    expect(page.locator("main")).to_contain_text("Call Priya before a suspension.")


def test_search_lands_on_the_thing(page: Page, demo: dict[str, Any]) -> None:
    page.goto("/admin/jobs/")
    job = str(page.locator("tbody th a").first.get_attribute("href")).split("/")[3]
    for spelling in (job, job.removeprefix("gen_"), job.upper().replace("GEN_", "gen_"), f" “{job}” "):
        page.keyboard.press("/")
        expect(page.locator("#q")).to_be_focused()
        page.keyboard.insert_text(spelling)
        page.keyboard.press("Enter")
        page.wait_for_url(f"**/admin/jobs/{job}/")
        page.locator("h1").click()
    page.keyboard.press("Control+k")
    page.keyboard.insert_text("northwind")
    page.keyboard.press("Enter")
    page.wait_for_url("**/admin/tenants/ten_*/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Northwind Prints")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()


def test_without_a_script(browser: Browser, living: Living, demo: dict[str, Any]) -> None:
    with visit(browser, living.url, script=False) as (_context, page, seen):
        sign_in(page, demo["operator"]["email"], demo["operator"]["password"])
        assert page.url.endswith("/admin/")
        open_page(page, seen, "/admin/tenants/northwind/")
        page.get_by_role("button", name="Top up").click()
        page.get_by_label("Amount").fill("3")
        page.get_by_label("Reason").fill("Coins")
        page.get_by_role("button", name="Top up").click()
        expect(page.locator("#act-preview")).to_contain_text("What will be booked")
        page.get_by_role("button", name="Top up $3.00").click()
        done(page, "$3.00 booked to Northwind Prints.")


def test_with_the_keyboard_alone(browser: Browser, living: Living, demo: dict[str, Any], operator_state: Any) -> None:
    """From the sign-in to a refund, without a mouse."""
    with visit(browser, living.url, state=operator_state) as (_context, page, _seen):
        open_refundable(page)
        job = page.url.rstrip("/").rpartition("/")[2]
    with visit(browser, living.url) as (_context, page, _seen):
        page.goto("/login")
        page.locator("input[name=login]").focus()
        page.keyboard.insert_text(demo["operator"]["email"])
        page.keyboard.press("Tab")
        page.keyboard.insert_text(demo["operator"]["password"])
        page.keyboard.press("Enter")
        page.wait_for_url("**/admin/")
        page.keyboard.press("/")
        page.keyboard.insert_text(job)
        page.keyboard.press("Enter")
        page.wait_for_url(f"**/admin/jobs/{job}/")
        reach(page, "Refund")
        page.keyboard.press("Enter")
        expect(page.get_by_role("dialog").get_by_label("Amount")).to_be_focused()
        page.keyboard.press("Tab")
        page.keyboard.insert_text("By keyboard")
        expect(page.get_by_role("dialog").locator("#act-preview")).to_contain_text("What will be booked")
        page.keyboard.press("Enter")
        page.wait_for_url("**/admin/**")
        expect(page.locator(".messages")).to_be_visible()
        expect(page.get_by_role("dialog")).to_have_count(0)


def reach(page: Page, name: str, *, steps: int = 140) -> None:
    """Presses Tab until the control of this name has the focus; it must be seen that it has."""
    for _step in range(steps):
        page.keyboard.press("Tab")
        text = page.evaluate("document.activeElement.innerText")
        if re.sub(r"\s+", " ", str(text)).strip() == name:
            width = page.evaluate("getComputedStyle(document.activeElement).outlineWidth")
            assert width not in {"0px", ""}
            return
    raise AssertionError(f"{name} is not reached within {steps} steps")
