"""The actor that sends mails."""

from __future__ import annotations

from uuid import UUID

import dramatiq

from cavendish.mail.delivery import mail_deliver


# The broker never repeats it: the row counts the attempts and says when the next is due, and the scheduler enqueues it.
# The time limit is above EMAIL_TIMEOUT for each step of a slow server's dialogue.
@dramatiq.actor(queue_name="mail", max_retries=0, min_backoff=1_000, max_backoff=1_000, time_limit=120_000)
def mail_send(mail_id: str) -> None:
    mail_deliver(mail_id=UUID(mail_id))
