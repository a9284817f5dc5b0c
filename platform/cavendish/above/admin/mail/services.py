"""What operators do about mails."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction
from django.utils import timezone

from accounts.actor import Actor
from accounts.audit.services import audit_add
from cavendish.db.router import current_alias
from cavendish.http.problems import conflict, not_found
from cavendish.mail.models import Mail
from cavendish.mail.services import mail_enqueue


def mail_retry(*, mail_id: UUID, actor: Actor) -> None:
    """Tries a waiting mail now instead of when it is due again.

    Raises Problem 404, and 409 `mail_ended` for one that was sent or given up after a day: its text is erased, so it is
    sent again from where it came, as an invitation or an invoice.
    """
    with transaction.atomic(using=current_alias()):
        rows = Mail.objects.filter(id=mail_id)
        mail = rows.defer("text", "html", "attachments").first()
        if mail is None:
            raise not_found()
        if not rows.filter(status=Mail.Status.QUEUED).update(due_at=timezone.now()):
            raise conflict("mail_ended", "This mail has ended and its text is erased. Send it again from its source.")
        audit_add(
            actor=actor,
            action="mail.retried",
            tenant_id=None,
            target="mail",
            target_id=mail_id,
            before={"attempts": mail.attempts, "error": mail.error, "due_at": mail.due_at},
        )
        transaction.on_commit(lambda: mail_enqueue(mail_id), using=current_alias())
