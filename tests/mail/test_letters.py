"""Every mail of the platform in both languages: both parts say the same, and neither loads anything."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

import allauth
import pytest
from django.conf import settings
from django.urls import resolve
from django.utils.translation import override

from accounts.invitations.mails import invitation_letter
from accounts.models import Tenant
from accounts.people.mails import LETTERS, letter_of
from accounts.webhooks.mails import disabled_letter, failing_letter
from billing.budgets.mails import budget_letter
from billing.invoices.mails import credit_note_letter, invoice_letter
from billing.models import Budget, BudgetAlert, CreditNote, Invoice
from billing.usage.mails import absorbed_letter
from billing.wallets.mails import low_balance_letter
from cavendish.above.tenant_data.mails import export_letter
from cavendish.mail.letters import Letter

AT = datetime(2026, 11, 29, 14, 5, tzinfo=UTC)
TENANT = "Ada & <b>Söhne</b>"
CONTEXT = {
    "code": "ABCD-EFGH",
    "password_reset_url": "http://127.0.0.1:8000/account/password/reset/key/x-y/",
    "email": "ada@example.com", "from_email": "ada@example.com", "to_email": "ada@example.org",
    "deleted_email": "ada@example.com", "provider": SimpleNamespace(name="Example SSO"),
    "timestamp": AT, "ip": "192.0.2.1", "user_agent": "Mozilla/5.0 (X11; Linux) Firefox/140.0",
}  # fmt: skip
OFF = {"login_code", "password_reset_code", "base", "base_notification"}
"""Templates of allauth for what the settings leave off, and those that others are made of."""
HAN = re.compile("[\u4e00-\u9fff]")

invoice = Invoice(
    number="INV-7", issuer={"name": "Bananas Ltd"}, customer={"name": TENANT}, currency="USD", digits=2,
    month=date(2026, 10, 1), total=Decimal("71.71"), amount_due=Decimal("71.71"), due_on=date(2026, 11, 14),
)  # fmt: skip
note = CreditNote(
    number="CN-3", issuer={"name": "Bananas Ltd"}, customer={"name": TENANT}, invoice=invoice,
    reason="Two bad pictures", total=Decimal("11.95"), to_due=Decimal("10.00"), to_balance=Decimal("1.95"),
)  # fmt: skip


def alert(**values: Any) -> BudgetAlert:
    budget = Budget(period=values.pop("period", "month"), metric=values.pop("metric", "money"), livemode=True,
                    hard=values.pop("hard", True))  # fmt: skip
    row = BudgetAlert(budget=budget, **{"percent": 80, "limit": Decimal(10), "used": Decimal(8), **values})
    row.tenant = Tenant(name=TENANT)
    return row


def budget(**values: Any) -> Letter:
    return budget_letter(alert(**values), whose=TENANT, currency="USD", resets_at="2026-12-01 00:00 (UTC)")


endpoint: dict[str, Any] = {
    "tenant": TENANT,
    "url": "https://example.com/hook?a=1&b=2",
    "endpoint": "we_1",
    "since": AT,
}
ALL: dict[str, Callable[[], Letter]] = {
    **{prefix: partial(letter_of, prefix, CONTEXT) for prefix in LETTERS},
    "invitation": partial(
        invitation_letter, tenant=TENANT, role="developer", by="Ada", url="http://x/invitations/1", expires_at=AT
    ),
    "invitation by nobody": partial(
        invitation_letter, tenant=TENANT, role="owner", by="", url="http://x/invitations/1", expires_at=AT
    ),
    "webhook fails": partial(failing_letter, **endpoint),
    "webhook gone": partial(disabled_letter, **endpoint, is_gone=True),
    "webhook off": partial(disabled_letter, **endpoint, is_gone=False),
    "budget": budget,
    "budget full": partial(budget, percent=100, used=Decimal(8), period="day", metric="images"),
    "budget reached": partial(budget, percent=100, used=Decimal(10), period="week", metric="tokens"),
    "budget that counts": partial(budget, hard=False, period="total", metric="requests"),
    "low balance": partial(low_balance_letter, tenant=TENANT, left=Decimal(8), threshold=Decimal(10), currency="USD"),
    "absorbed": partial(
        absorbed_letter, tenant=TENANT, tenant_id="ten_1", day=AT.date(), absorbed=Decimal("12.5"), limit=10,
        currency="USD",
    ),
    "export": partial(export_letter, tenant=TENANT, bytes=1_840_000, expires_at=AT),
    "invoice": partial(invoice_letter, invoice),
    "credit note": partial(credit_note_letter, note),
}  # fmt: skip


def test_each_mail_of_allauth_has_a_letter() -> None:
    """A name that a new version sends, and nobody wrote, would be an error when somebody changes their password."""
    templates = Path(allauth.__file__).parent / "templates"
    names = {
        str(path.relative_to(templates)).removesuffix("_message.txt")
        for path in templates.glob("*/email/*_message.txt")
    }
    assert {name for name in names if name.rpartition("/")[2] not in OFF} == set(LETTERS)


@pytest.mark.parametrize("language", [code for code, _name in settings.LANGUAGES])
@pytest.mark.parametrize("name", ALL)
def test_both_parts_say_the_same(name: str, language: str) -> None:
    with override(language):
        letter = ALL[name]()
        text, page = letter.render()
    assert letter.subject
    assert len(letter.subject) <= 200
    read = html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.partition("</head>")[2])))
    said = [*letter.text, *letter.after, letter.code, *(word for fact in letter.facts for word in fact)]
    links = [*letter.links, *([letter.button] if letter.button else [])]
    for part in filter(None, [*said, *(link.word for link in links)]):
        assert part in text, part
        assert re.sub(r"\s+", " ", part) in read, part
    for link in links:
        assert link.address.startswith("http"), link
        assert f"\n{link.address}\n" in text, "a link stands on a line of its own"
        assert f'href="{html.escape(link.address)}"' in page
    assert f'<html lang="{language}">' in page
    assert (letter.title or letter.subject) in read
    if language != "en":
        for part in [letter.subject, *letter.text, *letter.after]:
            assert HAN.search(part), f"not translated: {part}"
    assert not re.search(r"{\w+}|%\(\w+\)s", text), "a name was not filled in"


@pytest.mark.parametrize("name", ALL)
def test_links_lead_somewhere(name: str) -> None:
    letter = ALL[name]()
    for link in [*letter.links, *([letter.button] if letter.button else [])]:
        if link.address.startswith(settings.BASE_URL):
            assert resolve(urlsplit(link.address).path), link


@pytest.mark.parametrize("name", ALL)
def test_a_mail_loads_and_runs_nothing(name: str) -> None:
    _text, page = ALL[name]().render()
    assert not re.search(r"<(?:img|script|link|iframe|object|form)\b|url\(|@import|src=", page)
    assert "<b>Söhne</b>" not in page
    assert max(map(len, page.splitlines())) < 998, "longer lines are not allowed in mails"
