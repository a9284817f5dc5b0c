"""The ways in, accounts and first steps as browsers show them: from a sign-up to a call that the page sees arrive."""

from __future__ import annotations

import re
import secrets
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.chromium import PHONE, WIDE, Seen, Theme, check_page, open_page, signed_in, visit
from tests.browser.conftest import Living

PASSWORD = "a long walk on the beach"
OUTSIDE = ("/account/login/", "/account/password/reset/")
INSIDE = (
    "/account/", "/account/profile/", "/account/email/", "/account/password/change/", "/account/2fa/",
    "/account/sessions/", "/account/tenants/", "/account/policy/",
)  # fmt: skip


@pytest.fixture(scope="module")
def owner_state(living: Living, browser: Browser, demo: dict[str, Any]) -> Any:
    """Globex's owner, whose password's confirmation is still fresh."""
    return signed_in(browser, living.url, demo["tenants"][1])


@pytest.fixture(params=[("light", WIDE, "en-US"), ("dark", PHONE, "zh-CN")], ids=["light-wide-en", "dark-phone-zh"])
def look(request: pytest.FixtureRequest) -> tuple[Theme, tuple[int, int], str]:
    found: tuple[Theme, tuple[int, int], str] = request.param
    return found


def test_pages_before_the_sign_in(living: Living, browser: Browser, look: tuple[Theme, tuple[int, int], str]) -> None:
    theme, size, language = look
    with visit(browser, living.url, theme=theme, size=size, language=language) as (_context, page, seen):
        for path, status in (*((path, 200) for path in OUTSIDE), ("/no-such-page", 404), ("/invitations/none", 404)):
            open_page(page, seen, path, status=status)
            check_page(page, seen)
            assert page.locator("html").get_attribute("lang") == ("en" if language == "en-US" else "zh-hans")


def test_pages_of_an_account(
    living: Living, browser: Browser, owner_state: Any, look: tuple[Theme, tuple[int, int], str]
) -> None:
    theme, size, language = look
    with visit(browser, living.url, theme=theme, size=size, language=language, state=owner_state) as (_c, page, seen):
        for path in INSIDE:
            open_page(page, seen, path)
            check_page(page, seen)


def mailed_code(living: Living, email: str) -> str:
    for _attempt in range(100):
        for path in sorted((living.data_dir / "mail").glob("*"), key=lambda path: -path.stat().st_mtime)[:20]:
            if f"To: {email}" in (text := path.read_text()) and (
                found := re.search(r"^    (\S+)$", text, re.MULTILINE)
            ):
                return found[1]
        time.sleep(0.1)
    raise AssertionError(f"No mail came to {email}.")


@pytest.fixture
def newcomer(living: Living, browser: Browser) -> Iterator[tuple[Page, Seen, Any]]:
    """Somebody who has just signed up and named a tenant, by the keyboard alone."""
    email = f"{secrets.token_hex(6)}@example.com"
    with visit(browser, living.url) as (context, page, seen):
        page.goto("/account/signup/")
        if page.get_by_role("heading", name="By invitation only").count():
            pytest.skip("SIGNUP is not open on this platform.")
        page.keyboard.type("Mei Lin")
        page.keyboard.press("Tab")
        page.keyboard.type(email)
        page.keyboard.press("Tab")
        page.keyboard.type(PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_url("**/confirm-email/")
        check_page(page, seen)
        page.get_by_label("Verification code").fill(mailed_code(living, email))
        page.keyboard.press("Enter")
        page.wait_for_url("**/account/tenants/new/")
        page.keyboard.type("Mei’s Pictures")
        page.keyboard.press("Enter")
        page.wait_for_url("**/console/start/")
        yield page, seen, context


def test_from_a_sign_up_to_a_call_that_arrives(newcomer: tuple[Page, Seen, Any], tmp_path: Path) -> None:
    page, seen, context = newcomer
    began = time.monotonic()
    check_page(page, seen)
    page.get_by_role("button", name="Generate").click()
    page.locator("#first-picture img").wait_for()
    assert time.monotonic() - began < 60

    page.get_by_role("button", name="Create key").click()
    page.locator(".secret code").wait_for()
    check_page(page, seen, light=False)
    program = page.locator(".snippet-1 pre").text_content()
    assert program
    page.locator("label", has_text="Python").click()
    assert page.locator(".snippet-2").is_visible()
    assert not page.locator(".snippet-1").is_visible()
    subprocess.run(["bash", "-c", program], cwd=tmp_path, check=True, capture_output=True, timeout=60)
    page.locator("#first-call img").wait_for()
    assert (page.locator("h1").text_content() or "").strip() == "Your call arrived. You are set up"
    assert page.locator(".secret code").is_visible(), "what came by itself took nothing away"
    assert time.monotonic() - began < 120
    check_page(page, seen, light=False)

    # Somebody of several tenants switches by the keyboard, and stays on the kind of page.
    page.goto("/account/tenants/new/")
    page.get_by_label("Company or team name").fill("Second Studio")
    page.keyboard.press("Enter")
    page.wait_for_url("**/console/start/")
    open_page(page, seen, "/console/settings/")
    page.keyboard.press("g")
    page.keyboard.press("t")
    page.locator(".switch-to").first.wait_for()
    check_page(page, seen)
    page.keyboard.press("Escape")
    assert not page.locator(".switch-to").first.is_visible()
    page.keyboard.press("Enter")
    page.locator(".switch-to:not([aria-current])").focus()
    page.keyboard.press("Enter")
    expect(page).to_have_title(re.compile("Mei’s Pictures"))
    assert page.url.endswith("/console/settings/")

    page.keyboard.press("?")
    assert page.get_by_role("dialog").get_by_text("Switch tenant").is_visible()
    page.keyboard.press("Escape")
    context.set_offline(True)
    page.get_by_text("You are offline.").wait_for()
    context.set_offline(False)
    page.get_by_text("You are offline.").wait_for(state="hidden")

    # The end of a session leads to the sign-in and back.
    context.clear_cookies(name="sessionid")
    page.evaluate("htmx.ajax('GET', '/console/state', {swap: 'none'})")
    page.get_by_role("link", name="Sign in again").click()
    page.wait_for_url("**/account/login/?next=%2Fconsole%2Fsettings%2F")
