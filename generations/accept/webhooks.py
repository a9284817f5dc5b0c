"""The webhooks of single jobs: their URLs are checked before anything is stored, and added with the job."""

from __future__ import annotations

from uuid import UUID

from accounts.webhooks.services import job_webhooks_add, url_check
from generations.request import JobWebhooks


def job_webhooks_check(webhooks: JobWebhooks | None) -> None:
    """Raises Problem 422 for a URL that is never sent to. It resolves names: call it outside of a transaction."""
    if webhooks is not None:
        for url, pointer in zip(webhooks.urls, webhooks.pointers, strict=True):
            url_check(url, pointer)


def job_webhooks_store(webhooks: JobWebhooks | None, *, tenant_id: UUID, livemode: bool, subject: UUID) -> None:
    """Adds them in the caller's transaction, that of the job."""
    if webhooks is not None:
        job_webhooks_add(
            tenant_id=tenant_id,
            livemode=livemode,
            subject=subject,
            urls=webhooks.urls,
            events=webhooks.events,
            dialect=webhooks.dialect,
            user_metadata=webhooks.user_metadata,
        )
