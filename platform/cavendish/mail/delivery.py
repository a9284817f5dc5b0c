"""Sending one mail: a short transaction claims it, the server is called with none open, another records the result."""

from __future__ import annotations

import logging
from uuid import UUID

from django.core.mail import EmailMultiAlternatives

from cavendish.db.call import call
from cavendish.mail.contracts import ClaimedMail
from cavendish.storage import objects

logger = logging.getLogger(__name__)


def mail_deliver(*, mail_id: UUID) -> bool:
    """Sends one mail. Returns False when it failed, was sent, is not due or is claimed by another worker.

    A failed mail is tried again later. The claim moves `due_at` into the future, so two workers never send one mail at
    once. If a worker dies between sending and recording it, the mail is sent twice, which is better than never.
    """
    mail: ClaimedMail | None = call("mail_claim", mail_id, using="system")
    if mail is None:
        return False
    error = ""
    try:
        _send(mail)
    except Exception as failure:
        # The message may repeat addresses or the server's answer, so only its class is kept.
        error = type(failure).__name__
        logger.warning("Mail %s was not sent: %s", mail_id, error)
    call("mail_finish", mail_id, error, using="system")
    return not error


def _send(mail: ClaimedMail) -> None:
    message = EmailMultiAlternatives(mail["subject"], mail["text"], to=mail["to"])
    if mail["html"]:
        message.attach_alternative(mail["html"], "text/html")
    for attachment in mail["attachments"]:
        content = b"".join(objects().read(attachment["storage_key"]))
        message.attach(attachment["name"], content, attachment["mime_type"])
    message.send()
