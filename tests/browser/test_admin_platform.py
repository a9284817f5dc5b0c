"""What operators do about the platform, by their clicks: queues, mail, webhooks, storage, models, settings."""

from __future__ import annotations

import json
import re
import time
from typing import Any
from uuid import uuid4

import dramatiq
import psycopg
import pytest
import redis
from playwright.sync_api import Browser, Page, expect

from cavendish.messaging.broker import NAMESPACE
from tests.browser.chromium import visit
from tests.browser.conftest import Living


@pytest.fixture
def page(browser: Browser, living: Living, operator_state: Any) -> Any:
    with visit(browser, living.url, state=operator_state) as (_context, page, _seen):
        yield page


@pytest.fixture
def connection(living: Living) -> dict[str, str]:
    values: dict[str, str] = json.loads((living.data_dir / "connection.json").read_text())
    return values


def done(page: Page, text: str) -> None:
    """Waits for the message that says that something was done."""
    expect(page.locator(".messages")).to_contain_text(text)


def dialog(page: Page, name: str) -> Any:
    """Opens the dialog of a button and returns it."""
    page.locator("main").get_by_role("button", name=name, exact=True).first.click()
    shown = page.get_by_role("dialog")
    expect(shown).to_be_visible()
    return shown


def test_a_dead_letter_runs_again(page: Page, connection: dict[str, str]) -> None:
    message: Any = dramatiq.Message("mail", "mail_send", (str(uuid4()),), {}, {})
    with redis.Redis.from_url(connection["BROKER_URL"]) as broker:
        broker.hset(f"{NAMESPACE}:mail.XQ.msgs", message.message_id, message.encode())
        broker.zadd(f"{NAMESPACE}:mail.XQ", {message.message_id: time.time() * 1000})
    page.goto("/admin/background/")
    expect(page.get_by_role("heading", level=1)).to_have_text("1 message failed")
    dialog(page, "Run again mail_send").get_by_role("button", name="Run again").click()
    done(page, "mail_send is back in its queue.")
    expect(page.get_by_role("heading", name="Dead letters")).to_have_count(0)


def test_a_waiting_mail_is_sent_again(page: Page, connection: dict[str, str]) -> None:
    subject = f"Invoice {uuid4().hex[:8]}"
    with psycopg.connect(connection["DATABASE_OPERATOR_URL"], autocommit=True) as database:
        database.execute(
            """INSERT INTO mail_mail (id, "to", subject, text, html, attachments, status, attempts, error, due_at)
               VALUES (gen_random_uuid(), '{ada@example.com}', %s, 'x', '', '[]', 'queued', 2, 'TimeoutError',
                       now() + interval '4 hours')""",
            [subject],
        )
    page.goto("/admin/mail/?status=retrying")
    dialog(page, f"Send again {subject}").get_by_role("button", name="Send again").click()
    done(page, "The mail to ada@example.com is sent again.")


def test_deliveries_are_sent_again(page: Page) -> None:
    page.goto("/admin/webhooks/?tenant=acme")
    page.locator("tbody th a").first.click()
    shown = dialog(page, "Resend failed")
    shown.get_by_label("From").select_option("hour")
    shown.get_by_role("button", name="Resend failed").click()
    done(page, "sent again.")
    page.locator("tbody th a").first.click()
    # of what was sent before, or of what is sent again by now
    expect(page.locator(".timeline h3").first).to_contain_text(re.compile("Answered .* after|No answer within"))
    dialog(page, "Resend").get_by_role("button", name="Resend").click()
    done(page, "The delivery is sent again.")


def test_a_legal_hold_is_set_and_released(page: Page) -> None:
    page.goto("/admin/storage/")
    page.get_by_role("link", name="Legal holds").click()
    shown = dialog(page, "Set legal hold")
    shown.get_by_label("Tenant").fill("no-such-tenant")
    shown.get_by_label("Reason").fill("Case 7")
    shown.get_by_role("button", name="Set legal hold").click()
    expect(shown).to_contain_text("There is no tenant with the slug or id “no-such-tenant”.")
    expect(shown.get_by_label("Reason")).to_have_value("Case 7")
    shown.get_by_label("Tenant").fill("bluebird")
    shown.get_by_role("button", name="Set legal hold").click()
    done(page, "The legal hold on Bluebird Press is set.")
    expect(page.get_by_role("heading", level=1)).to_have_text("1 legal hold is in force")
    dialog(page, "Release Bluebird Press").get_by_role("button", name="Release").click()
    done(page, "is released.")


def test_an_operator_is_created_gets_another_role_and_is_removed(page: Page) -> None:
    email = f"{uuid4().hex[:10]}@example.com"
    page.goto("/admin/settings/operators/")
    shown = dialog(page, "Create operator")
    shown.get_by_label("Email").fill(email)
    shown.get_by_label("Role").select_option("support")
    shown.get_by_role("button", name="Create operator").click()
    expect(shown.get_by_role("heading")).to_have_text(f"The password of {email}")
    shown.get_by_role("link", name="Done").click()
    shown = dialog(page, f"Change role {email}")
    shown.get_by_label("Role").select_option("finance")
    expect(shown.locator("#act-preview")).to_contain_text("Finance")
    shown.get_by_role("button", name="Change role").click()
    done(page, f"The role of {email} was changed.")
    dialog(page, f"Remove {email}").get_by_role("button", name="Remove").click()
    done(page, f"{email} is no operator any more.")


def test_an_operator_key_is_shown_once_and_revoked(page: Page) -> None:
    name = f"nightly-{uuid4().hex[:8]}"
    page.goto("/admin/settings/operator-keys/")
    shown = dialog(page, "Create key")
    shown.get_by_label("Name").fill(name)
    shown.get_by_role("button", name="Create key").click()
    secret = str(shown.locator("[data-copy^=cvd_operator_]").get_attribute("data-copy"))
    shown.get_by_role("link", name="Done").click()
    expect(page.locator("main")).to_contain_text(name)
    assert secret not in page.content()
    dialog(page, f"Revoke {name}").get_by_role("button", name="Revoke").click()
    done(page, "is revoked.")


def test_a_guard_rule_is_created_switched_off_and_deleted(page: Page) -> None:
    page.goto("/admin/settings/guard-rules/")
    page.locator("main summary").click()
    shown = dialog(page, "Words")
    shown.get_by_label("Words").fill("blood\ngore")
    shown.get_by_role("button", name="Create rule").click()
    done(page, "The rule holds from the next request on.")
    expect(page.locator("tbody")).to_contain_text("refuses blood, gore")
    dialog(page, "Switch off Words").get_by_role("button", name="Switch off").click()
    done(page, "The rule is off.")
    dialog(page, "Delete Words").get_by_role("button", name="Delete").click()
    done(page, "The rule was deleted.")


def test_a_budget_is_set_changed_and_removed(page: Page) -> None:
    page.goto("/admin/tenants/bluebird/")
    page.locator("main summary", has_text="More").click()
    shown = dialog(page, "Set budget")
    shown.get_by_label("Period").select_option("week")
    shown.get_by_label("Limit").fill("123")
    shown.get_by_role("button", name="Set budget").click()
    done(page, "The budget holds from now on.")
    line = page.locator(".budgets > li", has_text="Week")
    expect(line).to_contain_text("123.00")
    line.get_by_role("button", name="Change budget").click()
    shown = page.get_by_role("dialog")
    shown.get_by_label("Limit").fill("456")
    expect(shown.locator("#act-preview")).to_contain_text("456.00")
    shown.get_by_role("button", name="Change budget").click()
    done(page, "The budget was changed.")
    expect(line).to_contain_text("456.00")
    line.get_by_role("button", name="Remove budget").click()
    page.get_by_role("dialog").get_by_role("button", name="Remove budget").click()
    done(page, "The budget was removed.")
    expect(line).to_have_count(0)


def test_who_uses_a_deprecated_model_and_which_settings_were_given(page: Page) -> None:
    page.goto("/admin/models/")
    page.get_by_role("link", name=re.compile("See who")).first.click()
    expect(page.locator("#users tbody tr").first).to_be_visible()
    page.goto("/admin/settings/")
    page.get_by_label("Name or text").fill("secret_key")
    page.get_by_role("button", name="Filter").click()
    expect(page.locator("tbody tr").first).to_contain_text("SECRET_KEY")
    expect(page.locator("tbody tr").first).to_contain_text("Set")
