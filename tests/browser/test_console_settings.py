"""Settings in the browser: every page in its looks, and what people do there by their clicks."""

from __future__ import annotations

import json
import re
import urllib.request
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.chromium import PHONE, WIDE, Seen, Theme, check_page, open_page, visit
from tests.browser.conftest import Living

SETTINGS = "/console/settings/"
PAGES = (
    "", "members/", "members/invitations/", "keys/", "webhooks/", "guard/", "general/", "origins/", "data/",
    "security/", "policy/", "audit/", "leaving/",
)  # fmt: skip
SECONDS = 20_000
TABLES = ("", "members/", "keys/", "guard/", "audit/", "leaving/")
"""Those that have least room on a phone."""


@pytest.fixture
def at_work(living: Living, browser: Browser, owner_state: Any) -> Iterator[tuple[Page, Seen]]:
    with visit(browser, living.url, state=owner_state) as (_context, page, seen):
        yield page, seen


def dialog(page: Page, name: str) -> Locator:
    """Opens the dialog of a button and returns it."""
    page.locator("main").get_by_role("button", name=name, exact=True).first.click()
    shown = page.get_by_role("dialog")
    expect(shown).to_be_visible()
    return shown


@pytest.mark.parametrize(("size", "theme", "paths"), [(WIDE, "light", PAGES), (PHONE, "dark", TABLES)])
def test_every_page_in_its_looks(
    living: Living, browser: Browser, owner_state: Any, size: tuple[int, int], theme: Theme, paths: tuple[str, ...]
) -> None:
    with visit(browser, living.url, state=owner_state, size=size, theme=theme) as (_context, page, seen):
        for path in paths:
            open_page(page, seen, SETTINGS + path)
            check_page(page, seen)


def test_a_key_is_shown_once_and_its_first_call_runs_as_pasted(at_work: tuple[Page, Seen]) -> None:
    page, seen = at_work
    name = f"Key {uuid4().hex[:6]}"
    open_page(page, seen, f"{SETTINGS}keys/")
    form = dialog(page, "Create key")
    form.get_by_label("Name").fill(name)
    form.get_by_text("Samples from the sandbox, free.").click()
    form.get_by_role("button", name="Create key").click()
    shown = page.get_by_role("dialog")
    expect(shown).to_contain_text("stored nowhere and is not shown again")
    secret = shown.locator(".secret code").inner_text()
    check_page(page, seen, light=False)
    page.keyboard.press("Escape")  # what is shown once is not lost by a slip
    expect(shown).to_be_visible()
    shown.get_by_role("button", name="Copy", exact=True).click()
    command = shown.locator(".snippet pre").first.inner_text()
    assert f"Bearer {secret}" in command
    address, data = command.split()[1], re.search(r"-d '(.+)'", command)
    assert data is not None
    request = urllib.request.Request(
        address, data[1].encode(), {"Authorization": f"Bearer {secret}", "Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request) as answer:
        assert json.load(answer)["id"].startswith("gen_")
    shown.get_by_role("link", name="Done").click()
    page.get_by_role("button", name="Test, free").click()
    page.get_by_role("link", name=name).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(name)
    form = dialog(page, "Revoke")
    form.get_by_label("Reason").fill("tried")
    form.get_by_role("button", name="Revoke").click()
    expect(page.locator(".messages")).to_contain_text(f"{name} is revoked.")
    page.get_by_role("button", name="Live", exact=True).click()


def test_somebody_is_invited_and_the_invitation_is_revoked(at_work: tuple[Page, Seen]) -> None:
    page, seen = at_work
    email = f"{uuid4().hex[:8]}@example.com"
    open_page(page, seen, f"{SETTINGS}members/")
    form = dialog(page, "Invite")
    form.get_by_label("Email").fill(email)
    form.get_by_label("Role").select_option("viewer")
    form.get_by_role("button", name="Invite").click()
    expect(page.locator(".messages")).to_contain_text(f"{email} is invited.")
    dialog(page, f"Revoke {email}").get_by_role("button", name="Revoke").click()
    expect(page.locator(".messages")).to_contain_text("is revoked.")


def test_a_test_event_says_by_itself_how_it_went(at_work: tuple[Page, Seen]) -> None:
    page, seen = at_work
    open_page(page, seen, f"{SETTINGS}webhooks/")
    page.locator("main").get_by_role("button", name="Send test").first.click()
    page.get_by_role("dialog").get_by_role("button", name="Send test").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("A test from this page")
    # A name server that is silent is waited for, too: five seconds, on top of the sender's turn and the page's own.
    expect(page.locator(".attempt").first).to_be_visible(timeout=SECONDS)
    check_page(page, seen, light=False)


def test_retention_says_what_it_will_delete_before_it_does(at_work: tuple[Page, Seen]) -> None:
    page, seen = at_work
    open_page(page, seen, f"{SETTINGS}data/")
    page.get_by_role("button", name="Change how long outputs are kept").click()
    form = page.get_by_role("dialog")
    form.get_by_label("Days").fill("3000")
    expect(form.locator("#act-preview")).to_contain_text("3 000 days".replace(" ", "\u202f"))
    form.get_by_role("button", name="Cancel").click()
    expect(form).to_be_hidden()


def test_without_a_script_acts_are_pages(living: Living, browser: Browser, owner_state: Any) -> None:
    with visit(browser, living.url, state=owner_state, script=False) as (_context, page, _seen):
        page.goto(f"{SETTINGS}members/")
        page.locator("main").get_by_role("button", name="Invite").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Invite a person")
        page.get_by_role("button", name="Cancel").click()
        page.wait_for_url(re.compile(r"/invitations/"))
