"""Mails are queued with what causes them, sent once, and tried again when the server does not answer."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connections, transaction
from django.utils.translation import get_language

from accounts.members.languages import tenant_language
from accounts.members.services import membership_create
from accounts.models import Membership, Role, Tenant, User
from accounts.people.services import person_change
from cavendish.db.router import acting_as
from cavendish.db.tenancy import tenant_context
from cavendish.mail.delivery import mail_deliver
from cavendish.mail.letters import Letter, link
from cavendish.mail.models import Mail
from cavendish.mail.services import Attachment, mail_queue
from cavendish.storage import objects
from tests.factories import make_tenant
from tests.people.visitors import person


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, settings: Any) -> None:
    settings.EMAIL_FILE_PATH = tmp_path / "mail"
    settings.EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"


def hello() -> Letter:
    """A letter that tells the language it is made in."""
    return Letter(subject=f"Good\nday in {get_language()}", text=["Hello Ann"], button=link("Open", "/console/"))


def queue(tenant: Tenant, **options: Any) -> Mail:
    with tenant_context(tenant.id):
        [mail] = mail_queue(to=["ann@example.com"], letter=hello, tenant_id=tenant.id, **options)
    return mail


def found(mail: Mail) -> Mail:
    with acting_as("operator"):
        row: Mail = Mail.objects.get(id=mail.id)
        return row


def written(folder: Path) -> list[str]:
    return [path.read_text() for path in sorted(folder.glob("*"))]


def test_a_mail_is_sent_once_and_its_text_erased(tmp_path: Path) -> None:
    mail = queue(make_tenant())

    assert mail_deliver(mail_id=mail.id)
    assert not mail_deliver(mail_id=mail.id)

    [sent] = written(tmp_path / "mail")
    assert "Subject: Good day in en" in sent
    assert "To: ann@example.com" in sent
    assert "multipart/alternative" in sent
    assert sent.index("Hello Ann") < sent.index("<!doctype html>")
    assert f"Open:\n{settings.BASE_URL}/console/" in sent
    assert f'<a href="{settings.BASE_URL}/console/"' in sent
    row = found(mail)
    assert (row.status, row.attempts, row.text, row.html) == ("sent", 1, "", "")


def test_a_mail_of_a_transaction_that_fails_does_not_exist() -> None:
    tenant = make_tenant()
    with tenant_context(tenant.id):
        [mail] = mail_queue(to=["a@example.com"], letter=hello, tenant_id=tenant.id)
        transaction.set_rollback(True)
    with acting_as("operator"):
        assert not Mail.objects.filter(id=mail.id).exists()


def test_an_attachment_comes_from_storage(tmp_path: Path) -> None:
    key = f"test/{secrets.token_hex(8)}"
    (tmp_path / "page.pdf").write_bytes(b"%PDF-1.7 page")
    objects().keep(tmp_path / "page.pdf", key)
    mail = queue(make_tenant(), attachments=[Attachment("invoice.pdf", "application/pdf", key)])

    assert mail_deliver(mail_id=mail.id)

    [sent] = written(tmp_path / "mail")
    assert 'filename="invoice.pdf"' in sent
    assert "JVBERi0xLjcgcGFnZQ==" in sent  # the bytes in base64


def test_a_server_that_is_away_is_asked_again_later_and_given_up_after_a_day(settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    mail = queue(make_tenant())

    assert not mail_deliver(mail_id=mail.id)

    row = found(mail)
    assert (row.status, row.attempts, row.error) == ("queued", 1, "ConnectionRefusedError")
    assert row.text
    assert (row.due_at - row.created_at).total_seconds() == pytest.approx(120, abs=5)
    assert not mail_deliver(mail_id=mail.id), "it is not due"

    with connections["owner"].cursor() as cursor:
        cursor.execute(
            "UPDATE mail_mail SET due_at = now(), created_at = now() - interval '25 hours' WHERE id = %s", [mail.id]
        )
        assert not mail_deliver(mail_id=mail.id)
    row = found(mail)
    assert (row.status, row.attempts, row.text) == ("failed", 2, "")


def test_a_mail_to_nobody_is_refused() -> None:
    with pytest.raises(ValueError, match="recipient"):
        mail_queue(to=[], letter=hello)


def test_each_recipient_reads_it_in_their_language() -> None:
    """Whoever chose one in theirs; others, and addresses that are nobody's, in the language that the caller names."""
    ada, grace, silent = person(), person(), person()
    person_change(user=ada.user, language="zh-hans")
    person_change(user=grace.user, language="en")
    to = [ada.email.upper(), grace.email, silent.email, "nobody@example.com"]
    tenant = make_tenant()
    for language, expected in (
        ("", {"zh-hans": to[:1], "en": to[1:]}),
        ("zh-hans", {"zh-hans": [to[0], to[2], to[3]], "en": [to[1]]}),
        ("tlh", {"zh-hans": to[:1], "en": to[1:]}),
    ):
        with tenant_context(tenant.id):
            mails = mail_queue(to=to, letter=hello, language=language, tenant_id=tenant.id)
        assert {mail.subject.rpartition(" ")[2]: mail.to for mail in mails} == expected


def test_the_language_of_a_tenants_mails_is_its_owners() -> None:
    tenant = make_tenant()
    with acting_as("operator"):
        assert tenant_language(tenant.id) == ""
        for role in (Role.OWNER, Role.VIEWER, Role.OWNER):
            membership_create(tenant=tenant, user=person().user, role=role)
        assert tenant_language(tenant.id) == ""
        for row in Membership.objects.filter(tenant=tenant).select_related("user"):
            language = "zh-hans" if row.role == Role.OWNER else "en"
            User.objects.filter(pk=row.user_id).update(language=language)
        assert tenant_language(tenant.id) == "zh-hans"
