"""The secret that signs requests to URLs of single jobs: the tenant's, one of each mode, without any endpoint."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from django.utils import timezone

from accounts.actor import Actor
from accounts.audit.services import audit_add
from accounts.models import WebhookSecret
from accounts.people.secret_box import seal
from accounts.roles.authority import authority_of
from accounts.roles.permissions import Permission
from accounts.webhooks import signing
from accounts.webhooks.services import OVERLAP
from cavendish.db.tenancy import tenant_work


def signing_secret_read(*, tenant_id: UUID, livemode: bool, actor: Actor) -> WebhookSecret:
    """Returns the row, made with a new secret where there was none."""
    with tenant_work(tenant_id):
        authority_of(actor, tenant_id).require(Permission.WEBHOOKS)
        return signing_secret_of(tenant_id, livemode=livemode)


def signing_secret_of(tenant_id: UUID, *, livemode: bool) -> WebhookSecret:
    """Returns the row, made where there was none. Call it in the tenant's context."""
    fresh = {"secret": seal(signing.secret_new())}
    row: WebhookSecret
    row, is_new = WebhookSecret.objects.get_or_create(tenant_id=tenant_id, livemode=livemode, defaults=fresh)
    if is_new:
        row.refresh_from_db(fields=["created_at", "updated_at"])
    return row


def signing_secret_rotate(
    *, tenant_id: UUID, livemode: bool, actor: Actor, overlap: timedelta = OVERLAP
) -> WebhookSecret:
    """Gives the tenant a new secret. For `overlap` each request has a signature of the one before too."""
    with tenant_work(tenant_id):
        authority_of(actor, tenant_id).require(Permission.WEBHOOKS)
        signing_secret_of(tenant_id, livemode=livemode)
        row: WebhookSecret = WebhookSecret.objects.select_for_update(no_key=True).get(
            tenant_id=tenant_id, livemode=livemode
        )
        now = timezone.now()
        row.previous_secret, row.previous_expires_at = row.secret, now + overlap
        row.secret, row.updated_at = seal(signing.secret_new()), now
        row.save(update_fields=["secret", "previous_secret", "previous_expires_at", "updated_at"])
        audit_add(
            actor=actor,
            action="webhook_signing_secret.rotated",
            tenant_id=tenant_id,
            target="webhook_signing_secret",
            target_id=row.id,
            after={"livemode": livemode, "previous_expires_at": row.previous_expires_at},
        )
    return row
