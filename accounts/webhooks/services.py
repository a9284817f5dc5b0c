"""Writes of webhook endpoints, and what is sent again on demand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_noop

from accounts.actor import SYSTEM, Actor
from accounts.audit.services import audit_add, changes
from accounts.errors import DeliveryRunning, EndpointDisabled, TooManyEndpoints
from accounts.idempotency import note_created
from accounts.models import Tenant, WebhookDelivery, WebhookEndpoint
from accounts.people.secret_box import seal
from accounts.roles.authority import Authority, authority_of
from accounts.roles.permissions import Permission
from accounts.webhooks import signing
from accounts.webhooks.event_names import ALL, TEST
from accounts.webhooks.payloads import body_text
from cavendish.db import ids
from cavendish.db.call import call
from cavendish.db.tenancy import tenant_work
from cavendish.egress import EgressFailed, EgressRefused, Guard
from cavendish.http.problems import FieldError, invalid, not_found
from cavendish.http.times import moment

MAX_ENDPOINTS = 1000
"""Of one tenant; those of single jobs are not counted."""
OVERLAP = timedelta(hours=24)
"""How long the secret before a rotation signs too."""
RESOLVE_SECONDS = 2.0
KEEP = timedelta(days=30)
"""How long the log of deliveries is kept."""
EXPIRED_AT_ONCE = 1000
NOT_SENT = "The endpoint was disabled before it was sent."

Dialect = WebhookEndpoint.Dialect
Status = WebhookDelivery.Status


def webhook_endpoint_create(
    *,
    tenant_id: UUID,
    livemode: bool,
    url: str,
    events: Sequence[str] = (ALL,),
    description: str = "",
    dialect: str = Dialect.NATIVE,
    actor: Actor = SYSTEM,
) -> tuple[WebhookEndpoint, str]:
    """Creates an endpoint. Returns the row and the secret, which no later answer contains.

    Raises Problem 422 for a URL that is not sent to, TooManyEndpoints.
    """
    url_check(url)
    secret = signing.secret_new()
    with tenant_work(tenant_id):
        authority_of(actor, tenant_id).require(Permission.WEBHOOKS)
        # The tenant's row is locked, so that two who create at once do not both take the last place.
        Tenant.objects.select_for_update(no_key=True).get(id=tenant_id)
        if WebhookEndpoint.objects.filter(tenant_id=tenant_id, subject=None).count() >= MAX_ENDPOINTS:
            raise TooManyEndpoints(f"A tenant has at most {MAX_ENDPOINTS} webhook endpoints. Delete one first.")
        row: WebhookEndpoint = WebhookEndpoint.objects.create(
            tenant_id=tenant_id,
            livemode=livemode,
            dialect=dialect,
            url=url,
            events=list(dict.fromkeys(events)),
            description=description,
            secret=seal(secret),
        )
        row.refresh_from_db(fields=["created_at", "updated_at"])
        _audit(actor, "created", row, after={"url": url, "events": row.events, "livemode": livemode})
    return row, secret


def job_webhooks_add(
    *,
    tenant_id: UUID,
    livemode: bool,
    subject: UUID,
    urls: Sequence[str],
    events: Sequence[str] = (ALL,),
    dialect: str = Dialect.NATIVE,
    user_metadata: Any = None,
) -> None:
    """Adds the URLs that one job's events are sent to, in the caller's transaction. `url_check` comes before it.

    Without a URL `user_metadata` goes to the tenant's own webhooks.
    """
    WebhookEndpoint.objects.bulk_create(
        WebhookEndpoint(
            tenant_id=tenant_id,
            livemode=livemode,
            dialect=dialect,
            url=url,
            events=list(dict.fromkeys(events)),
            secret=seal(signing.secret_new()),
            subject=subject,
            user_metadata=user_metadata,
        )
        for url in urls or [""]
    )


def webhook_endpoint_update(
    *, tenant_id: UUID, endpoint_id: UUID, changed: Mapping[str, Any], actor: Actor
) -> WebhookEndpoint:
    """Changes `url`, `events`, `description` and `status`. Raises Problem 404 and 422.

    A disabled endpoint drops what waits for it; enabled again, it starts without the failures of before.
    """
    if "url" in changed:
        url_check(changed["url"])
    with tenant_work(tenant_id):
        authority = authority_of(actor, tenant_id)
        authority.require(Permission.WEBHOOKS)
        row = _locked(tenant_id, endpoint_id, authority)
        before = {name: getattr(row, name) for name in changed}
        for name, value in changed.items():
            setattr(row, name, list(dict.fromkeys(value)) if name == "events" else value)
        old, new = changes(before, {name: getattr(row, name) for name in changed})
        if new:
            row.updated_at = timezone.now()
            fields = [*new, "updated_at"]
            if "status" in new:
                row.disabled_reason = "" if row.status == row.Status.ENABLED else row.Reason.BY_TENANT
                row.failing_since = row.warned_at = None
                fields += ["disabled_reason", "failing_since", "warned_at"]
                if row.status == row.Status.DISABLED:
                    pending_drop(row)
            row.save(update_fields=fields)
            _audit(actor, "changed", row, before=old, after=new)
    return row


def webhook_endpoint_delete(*, tenant_id: UUID, endpoint_id: UUID, actor: Actor) -> None:
    """Deletes an endpoint with its log. What is being sent at this moment still arrives. Raises Problem 404."""
    with tenant_work(tenant_id):
        authority = authority_of(actor, tenant_id)
        authority.require(Permission.WEBHOOKS)
        row = _locked(tenant_id, endpoint_id, authority)
        _audit(actor, "deleted", row, before={"url": row.url, "events": row.events})
        WebhookEndpoint.objects.filter(tenant_id=tenant_id, id=endpoint_id).delete()


def webhook_endpoint_rotate(
    *, tenant_id: UUID, endpoint_id: UUID, actor: Actor, overlap: timedelta = OVERLAP
) -> tuple[WebhookEndpoint, str]:
    """Gives the endpoint a new secret. Returns the row and the secret.

    For `overlap` each request has a signature of both; the secret before an earlier rotation ends now.
    """
    secret = signing.secret_new()
    with tenant_work(tenant_id):
        authority = authority_of(actor, tenant_id)
        authority.require(Permission.WEBHOOKS)
        row = _locked(tenant_id, endpoint_id, authority)
        row.previous_secret = row.secret if overlap else ""
        row.previous_expires_at = timezone.now() + overlap if overlap else None
        row.secret, row.updated_at = seal(secret), timezone.now()
        row.save(update_fields=["secret", "previous_secret", "previous_expires_at", "updated_at"])
        _audit(actor, "rotated", row, after={"previous_expires_at": row.previous_expires_at})
    return row, secret


def webhook_test_send(*, tenant_id: UUID, endpoint_id: UUID, actor: Actor) -> WebhookDelivery:
    """Queues a test event for one endpoint. Returns its delivery. Raises EndpointDisabled."""
    with tenant_work(tenant_id):
        authority = authority_of(actor, tenant_id)
        authority.require(Permission.WEBHOOKS)
        row = _locked(tenant_id, endpoint_id, authority)
        _require_enabled(row)
        now = timezone.now()
        public = ids.encode(ids.WEBHOOK_ENDPOINT, row.id)
        data = {"id": public, "object": "webhook_endpoint", "livemode": row.livemode}
        delivery: WebhookDelivery = WebhookDelivery.objects.create(
            tenant_id=tenant_id,
            endpoint_id=row.id,
            message_id=f"evt_{uuid4().hex}",
            event_type=TEST,
            source_type=TEST,
            subject=row.id,
            facts={},
            event_at=now,
            body=body_text(TEST, moment(now), data),
        )
        delivery.refresh_from_db()
        note_created(delivery.id)
    return delivery


def webhook_delivery_resend(*, tenant_id: UUID, endpoint_id: UUID, delivery_id: UUID, actor: Actor) -> WebhookDelivery:
    """Sends a delivery once more, with all attempts anew and the same event id, whatever became of it.

    Raises Problem 404, EndpointDisabled, DeliveryRunning while it is being sent.
    """
    with tenant_work(tenant_id):
        authority = authority_of(actor, tenant_id)
        authority.require(Permission.WEBHOOKS)
        row = _locked(tenant_id, endpoint_id, authority)
        _require_enabled(row)
        rows = WebhookDelivery.objects.filter(tenant_id=tenant_id, endpoint_id=row.id, id=delivery_id)
        if not rows.exclude(status=Status.SENDING).update(**_ANEW):
            if rows.exists():
                raise DeliveryRunning("This delivery is being sent. Wait for its end.", retry_after=20)
            raise not_found()
        delivery: WebhookDelivery = rows.get()
        note_created(delivery.id)
        if actor.is_operator:
            _audit(actor, "resent", row, after={"delivery": ids.encode(ids.WEBHOOK_DELIVERY, delivery.id)})
    return delivery


def webhook_deliveries_resend(
    *,
    tenant_id: UUID,
    endpoint_id: UUID,
    actor: Actor,
    status: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> int:
    """Sends an endpoint's deliveries of a range once more: those that failed, or with `status` None the others too.

    One that failed and waits for its next attempt, hours away, counts as failed: its receiver may be well again.
    `since` and `until` are of their creation, `until` excluded. Returns how many. Raises EndpointDisabled.
    """
    with tenant_work(tenant_id):
        authority = authority_of(actor, tenant_id)
        authority.require(Permission.WEBHOOKS)
        row = _locked(tenant_id, endpoint_id, authority)
        _require_enabled(row)
        chosen = Q(status__in=[status] if status else [Status.FAILED, Status.SUCCEEDED])
        if status != Status.SUCCEEDED:
            chosen |= Q(status=Status.PENDING, attempts__gt=0)
        rows = WebhookDelivery.objects.filter(chosen, tenant_id=tenant_id, endpoint_id=row.id)
        if since is not None:
            rows = rows.filter(created_at__gte=since)
        if until is not None:
            rows = rows.filter(created_at__lt=until)
        count = int(rows.update(**_ANEW))
        if actor.is_operator and count:
            _audit(actor, "resent", row, after={"deliveries": count, "since": since, "until": until})
    return count


def webhook_deliveries_expire() -> int:
    """Erases the log of what is older than KEEP, for the scheduler; returns how many deliveries."""
    return int(call("webhook_deliveries_expire", KEEP, EXPIRED_AT_ONCE, using="system"))


def url_check(url: str, pointer: str = "/url") -> None:
    """Raises Problem 422 for a URL that is never sent to. A name that does not resolve yet is no error."""
    try:
        Guard.configured().check(url, timeout=RESOLVE_SECONDS)
    except EgressFailed:
        return
    except EgressRefused as error:
        reason = error.reason.replace("fetched", "sent to")
        raise invalid([FieldError(pointer, "url_refused", reason)]) from None


def pending_drop(endpoint: WebhookEndpoint) -> int:
    """Ends what waits for a disabled endpoint, in the caller's transaction; it can be resent. Returns how many."""
    rows = WebhookDelivery.objects.filter(tenant_id=endpoint.tenant_id, endpoint_id=endpoint.id, status=Status.PENDING)
    return int(rows.update(status=Status.FAILED, error=NOT_SENT, finished_at=timezone.now()))


_ANEW: dict[str, Any] = {
    "status": Status.PENDING, "attempts": 0, "due_at": Now(), "finished_at": None, "lease_token": None,
}  # fmt: skip


def _require_enabled(row: WebhookEndpoint) -> None:
    if row.status != row.Status.ENABLED:
        raise EndpointDisabled(gettext_noop("The endpoint is disabled. Enable it first."))


def _locked(tenant_id: UUID, endpoint_id: UUID, authority: Authority) -> WebhookEndpoint:
    rows = WebhookEndpoint.objects.select_for_update(no_key=True).filter(tenant_id=tenant_id, id=endpoint_id)
    if authority.key is not None:
        rows = rows.filter(livemode=authority.key.livemode)
    row: WebhookEndpoint | None = rows.filter(subject=None).first()
    if row is None:
        raise not_found()
    return row


def _audit(
    actor: Actor,
    done: str,
    row: WebhookEndpoint,
    *,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    audit_add(
        actor=actor,
        action=f"webhook_endpoint.{done}",
        tenant_id=row.tenant_id,
        target="webhook_endpoint",
        target_id=row.id,
        before=before,
        after=after,
    )
