"""The outbox of mails, as the operator. Texts are not read: they may hold an invitation's secret."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from django.db.models import Count, Min, Q, QuerySet
from django.utils import timezone

from cavendish.mail.models import Mail

DAY = timedelta(hours=24)


class MailState(StrEnum):
    """What a list of mails is limited to."""

    WAITING = "waiting"
    RETRYING = "retrying"  # of those that wait, the ones that failed before
    FAILED = "failed"
    SENT = "sent"


@dataclass(frozen=True)
class MailOutbox:
    """`retrying` of the `waiting` failed at least once. `oldest_at` is when the longest waiting one was written."""

    waiting: int
    retrying: int
    oldest_at: datetime | None
    failed: int
    sent_in_24h: int


def mail_outbox() -> MailOutbox:
    """Returns counts, each from an index: of what waits, what failed for good, what was sent in the last 24 hours."""
    queued = Mail.objects.filter(status=Mail.Status.QUEUED).aggregate(
        waiting=Count("id"), retrying=Count("id", filter=Q(attempts__gt=0)), oldest_at=Min("created_at")
    )
    sent = Mail.objects.filter(status=Mail.Status.SENT, ended_at__gt=timezone.now() - DAY)
    return MailOutbox(**queued, failed=Mail.objects.filter(status=Mail.Status.FAILED).count(), sent_in_24h=sent.count())


def mails() -> QuerySet[Mail]:
    """Returns mails without their text."""
    rows: QuerySet[Mail] = Mail.objects.defer("text", "html", "attachments")
    return rows


def mails_in(rows: QuerySet[Mail], state: MailState) -> QuerySet[Mail]:
    """Narrows mails to those of a state."""
    match state:
        case MailState.WAITING:
            return rows.filter(status=Mail.Status.QUEUED)
        case MailState.RETRYING:
            return rows.filter(status=Mail.Status.QUEUED, attempts__gt=0)
        case MailState.FAILED:
            return rows.filter(status=Mail.Status.FAILED)
        case MailState.SENT:
            return rows.filter(status=Mail.Status.SENT)


def mail_find(mail_id: UUID) -> Mail | None:
    """Returns a mail without its text, None where there is none."""
    return mails().filter(id=mail_id).first()
