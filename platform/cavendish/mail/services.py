"""Writes of mails. They are queued in the transaction that causes them, and sent by an actor after it (delivery.py)."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from uuid import UUID

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import transaction
from django.utils.translation import override

from cavendish.db.call import call_values
from cavendish.db.router import current_alias
from cavendish.mail.letters import Letter
from cavendish.mail.models import Mail
from cavendish.mail.tasks import mail_send

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Attachment:
    """A stored object that is attached to a mail. `storage_key` must exist when the mail is sent."""

    name: str
    mime_type: str
    storage_key: str


def mail_queue(
    *,
    to: Sequence[str],
    letter: Callable[[], Letter],
    language: str = "",
    tenant_id: UUID | None = None,
    attachments: Sequence[Attachment] = (),
) -> list[Mail]:
    """Queues a mail in the caller's transaction: one for each language of its recipients. It is sent after the commit,
    and retried for a day.

    `letter` is called with the language active. Who keeps a language in their account gets it in that one; everybody
    else, and an address that is nobody's, in `language`, without one in the platform's. In a tenant's context
    `tenant_id` is that tenant; without one the caller acts as the operator. Raises ValueError where `to` is empty.
    """
    if not to:
        raise ValueError("A mail needs a recipient.")
    mails = []
    for spoken, recipients in _by_language(to, language).items():
        with override(spoken):
            content = letter()
            text, html = content.render()
        mail: Mail = Mail.objects.create(
            tenant_id=tenant_id,
            to=recipients,
            subject=" ".join(content.subject.split())[:200],
            text=text,
            html=html,
            attachments=[asdict(attachment) for attachment in attachments],
        )
        transaction.on_commit(partial(mail_enqueue, mail.id), using=current_alias())
        mails.append(mail)
    return mails


def _by_language(to: Sequence[str], language: str) -> dict[str, list[str]]:
    """Returns the recipients in their order by the language that they get a mail in."""
    known = dict(settings.LANGUAGES)
    people = get_user_model().objects.filter(email__in={address.lower() for address in to}, language__in=known)
    chosen: dict[str, str] = dict(people.values_list("email", "language"))
    fallback = language if language in known else settings.LANGUAGE_CODE
    grouped: dict[str, list[str]] = {}
    for address in to:
        grouped.setdefault(chosen.get(address.lower(), fallback), []).append(address)
    return grouped


def mail_enqueue(mail_id: UUID) -> None:
    """Sends the message for a mail. A broker that is away is no error: the scheduler enqueues what is due."""
    try:
        mail_send.send(str(mail_id))
    except Exception as error:
        logger.warning("The broker did not accept a mail's message: %s", type(error).__name__)


def mails_due() -> int:
    """Enqueues mails that are due and were not sent at once, for the scheduler. Returns how many."""
    due = call_values("mails_due", 100, using="system")
    for mail_id in due:
        mail_enqueue(mail_id)
    return len(due)
