"""Writes of mails. They are queued in the transaction that causes them, and sent by an actor after it (delivery.py)."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.template import TemplateDoesNotExist
from django.template.loader import render_to_string

from cavendish.db.call import call_values
from cavendish.db.router import current_alias
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
    subject: str,
    template: str,
    context: Mapping[str, Any],
    tenant_id: UUID | None = None,
    attachments: Sequence[Attachment] = (),
) -> Mail:
    """Queues a mail in the caller's transaction. It is sent after the commit, and retried for a day.

    `template` is a name like "accounts/mail/invitation": `.txt` must exist, `.html` may. In a tenant's context
    `tenant_id` is that tenant; without one the caller acts as the operator. Raises ValueError where `to` is empty.
    """
    if not to:
        raise ValueError("A mail needs a recipient.")
    context = {"base_url": settings.BASE_URL, **context}
    mail: Mail = Mail.objects.create(
        tenant_id=tenant_id,
        to=list(to),
        subject=" ".join(subject.split())[:200],
        text=render_to_string(f"{template}.txt", context),
        html=_html(template, context),
        attachments=[asdict(attachment) for attachment in attachments],
    )
    transaction.on_commit(lambda: mail_enqueue(mail.id), using=current_alias())
    return mail


def _html(template: str, context: Mapping[str, Any]) -> str:
    try:
        return render_to_string(f"{template}.html", context)
    except TemplateDoesNotExist:
        return ""


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
