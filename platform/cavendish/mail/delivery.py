"""Sending one mail: a short transaction to claim it, the server with none open, a short one to note how it went."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.core.mail import EmailMultiAlternatives
from django.db import connections

from cavendish.storage import objects

logger = logging.getLogger(__name__)


def mail_deliver(*, mail_id: UUID) -> bool:
    """Sends one mail. False when somebody else has it, it was sent, or it is not due. After a failed try comes another.

    The claim pushes `due_at` into the future first, so two workers never send one mail at once; a worker that dies
    between sending and saying so sends it a second time, which is the lesser evil.
    """
    with connections["system"].cursor() as cursor:
        cursor.execute("SELECT mail_claim(%s)::text", [mail_id])
        row = cursor.fetchone()
    if row is None or row[0] is None:
        return False
    mail: dict[str, Any] = json.loads(row[0])
    error = ""
    try:
        _send(mail)
    except Exception as failure:
        # The message may repeat addresses or the server's answer, so only its class is kept.
        error = type(failure).__name__
        logger.warning("Mail %s was not sent: %s", mail_id, error)
    with connections["system"].cursor() as cursor:
        cursor.execute("SELECT mail_finish(%s, %s)", [mail_id, error])
    return not error


def _send(mail: Mapping[str, Any]) -> None:
    message = EmailMultiAlternatives(mail["subject"], mail["text"], to=mail["to"])
    if mail["html"]:
        message.attach_alternative(mail["html"], "text/html")
    for attachment in mail["attachments"]:
        content = b"".join(objects().read(attachment["storage_key"]))
        message.attach(attachment["name"], content, attachment["mime_type"])
    message.send()
