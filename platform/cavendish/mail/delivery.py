"""Sending one mail: a short transaction to claim it, the server with none open, a short one to note how it went."""

from __future__ import annotations

import logging
from uuid import UUID

from django.core.mail import EmailMultiAlternatives

from cavendish.db.call import call
from cavendish.mail.contracts import ClaimedMail
from cavendish.storage import objects

logger = logging.getLogger(__name__)


def mail_deliver(*, mail_id: UUID) -> bool:
    """Sends one mail. False when somebody else has it, it was sent, or it is not due. After a failed try comes another.

    The claim pushes `due_at` into the future first, so two workers never send one mail at once; a worker that dies
    between sending and saying so sends it a second time, which is the lesser evil.
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
