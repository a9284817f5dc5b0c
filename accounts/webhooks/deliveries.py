"""One attempt: what is sent, and what its outcome means. Short transactions; the request itself is made outside."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone

from accounts.members.languages import tenant_language
from accounts.models import Membership, Role, Tenant, WebhookAttempt, WebhookDelivery, WebhookEndpoint, WebhookSecret
from accounts.webhooks import schedule, signing
from accounts.webhooks.mails import disabled_letter, failing_letter
from accounts.webhooks.payloads import body_build
from accounts.webhooks.services import pending_drop
from accounts.webhooks.signing_secret import signing_secret_of
from cavendish.db import ids
from cavendish.db.call import call, call_rows
from cavendish.db.router import acting_as, current_alias
from cavendish.db.storable import storable
from cavendish.db.tenancy import tenant_context
from cavendish.egress.posting import Posted
from cavendish.mail.letters import Letter
from cavendish.mail.services import mail_queue
from cavendish.telemetry.tracing import tracing_is_on

logger = logging.getLogger(__name__)

LEASE = timedelta(seconds=90)
PER_ENDPOINT, PER_TENANT = 4, 256
"""Attempts at once."""
BACKLOG_COUNTED = 10_000
MAX_RESPONSE_BYTES = 4096
MAX_HEADERS, MAX_HEADER_CHARS = 40, 500
RECIPIENTS = (Role.OWNER, Role.ADMIN, Role.DEVELOPER)

Status = WebhookDelivery.Status


@dataclass(frozen=True)
class Claim:
    """A delivery that this process holds for LEASE. `attempts` counts this one."""

    id: UUID
    tenant_id: UUID
    endpoint_id: UUID
    lease_token: UUID
    attempts: int


@dataclass(frozen=True)
class Prepared:
    """What one attempt sends."""

    url: str
    headers: dict[str, str]
    body: bytes
    is_failing: bool
    """Whether the endpoint was known to fail when this was prepared."""
    traceparent: str = ""
    """The span that accepted the job which it is about, where somebody traces."""


@dataclass(frozen=True)
class Outcome:
    """What came back: an answer, or `error`, which can be shown to the tenant. `seconds` is the duration."""

    seconds: float
    error: str = ""
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    @classmethod
    def of(cls, posted: Posted) -> Outcome:
        error = ""
        if 300 <= posted.status < 400:
            error = "The receiver redirects, which is not followed."
        elif not 200 <= posted.status < 300:
            error = f"The receiver answered {posted.status}."
        return cls(posted.seconds, error, posted.status, posted.headers, posted.body)


def deliveries_claim(limit: int) -> list[Claim]:
    """Leases up to so many deliveries that are due, tenants in turn."""
    return [Claim(**row) for row in call_rows("webhook_claim", limit, PER_ENDPOINT, PER_TENANT, LEASE, using="system")]


def deliveries_due() -> tuple[int, float]:
    """Returns how many deliveries are due and not taken, up to BACKLOG_COUNTED, and how long the oldest has been."""
    (row,) = call_rows("webhook_backlog", BACKLOG_COUNTED, using="system")
    return int(row["due"]), float(row["oldest"])


def delivery_prepare(claim: Claim) -> Prepared | None:
    """Returns what to send. None where there is nothing to send: the endpoint or the subject is gone, or not for it."""
    with tenant_context(claim.tenant_id):
        rows = WebhookDelivery.objects.filter(
            tenant_id=claim.tenant_id, id=claim.id, lease_token=claim.lease_token, status=Status.SENDING
        )
        delivery: WebhookDelivery | None = rows.first()
        if delivery is None:
            return None
        endpoint = WebhookEndpoint.objects.get(tenant_id=claim.tenant_id, id=claim.endpoint_id)
        if not delivery.body:
            body = body_build(delivery, endpoint)
            if body is None:
                rows.delete()
                return None
            delivery.body = body
            rows.update(body=body)
        signers = [endpoint] if endpoint.subject is None else _signers_of_jobs(endpoint)
        parent = (call("generation_traceparent", delivery.subject) or "") if tracing_is_on() else ""
    now = timezone.now()
    keys = [key for signer in signers for key in _keys(signer, now)]
    content = delivery.body.encode()
    headers = signing.request_headers(message_id=delivery.message_id, at=now, body=content, keys=keys)
    return Prepared(endpoint.url, headers, content, endpoint.failing_since is not None, parent)


def _signers_of_jobs(endpoint: WebhookEndpoint) -> list[WebhookSecret | WebhookEndpoint]:
    """Returns whose secrets sign for a URL of a single job: the tenant's own, and that of the newest endpoint, if any.

    Both of its mode, the endpoint of its dialect first: whoever has set one up verifies all with that.
    """
    own = signing_secret_of(endpoint.tenant_id, livemode=endpoint.livemode)
    rows = WebhookEndpoint.objects.filter(tenant_id=endpoint.tenant_id, livemode=endpoint.livemode, subject=None)
    newest = rows.filter(dialect=endpoint.dialect).order_by("-id").first() or rows.order_by("-id").first()
    return [own] if newest is None else [own, newest]


def _keys(signer: WebhookSecret | WebhookEndpoint, now: datetime) -> list[str]:
    return signing.keys_unseal(
        secret=signer.secret,
        previous=signer.previous_secret,
        previous_expires_at=signer.previous_expires_at,
        at=now,
    )


def delivery_record(claim: Claim, prepared: Prepared, outcome: Outcome) -> str | None:
    """Writes the attempt into the log and says what follows: the end, another attempt, an endpoint that is disabled.

    Returns "succeeded", "retried" or "failed"; None where the attempt counts no more.
    """
    now = timezone.now()
    gone = outcome.status == 410
    delay = None
    if outcome.error and not gone:
        asked = schedule.retry_after_seconds(outcome.headers.get("retry-after"), now)
        delay = schedule.delay_after(claim.attempts, asked)
    changed: dict[str, Any] = {"lease_token": None, "http_status": outcome.status, "error": outcome.error[:200]}
    if delay is not None:
        # By PostgreSQL's clock, which says what is due, however this machine's own goes.
        changed |= {"status": Status.PENDING, "due_at": Now() + timedelta(seconds=delay)}
    else:
        changed |= {"status": Status.FAILED if outcome.error else Status.SUCCEEDED, "finished_at": now}
    with tenant_context(claim.tenant_id):
        rows = WebhookDelivery.objects.filter(tenant_id=claim.tenant_id, id=claim.id)
        if not rows.filter(lease_token=claim.lease_token, status=Status.SENDING).update(**changed):
            return None  # deleted meanwhile, or sent by another whose lease came after ours
        WebhookAttempt.objects.create(
            tenant_id=claim.tenant_id,
            delivery_id=claim.id,
            duration_ms=int(outcome.seconds * 1000),
            url=prepared.url,
            request_headers=prepared.headers,
            http_status=outcome.status,
            response_headers=_shown(outcome.headers),
            response_body=storable(outcome.body.decode("utf-8", "replace")),
            error=outcome.error[:200],
        )
    if outcome.error or prepared.is_failing:
        _note(claim, failed=bool(outcome.error), gone=gone)
    return "retried" if delay is not None else str(changed["status"])


def _note(claim: Claim, *, failed: bool, gone: bool) -> None:
    """Notes at the endpoint that it fails or works again, apart from the delivery so that no two rows are locked."""
    with tenant_context(claim.tenant_id):
        rows = WebhookEndpoint.objects.filter(tenant_id=claim.tenant_id, id=claim.endpoint_id)
        if not failed:
            rows.exclude(failing_since=None).update(failing_since=None, warned_at=None)
            return
        rows.filter(failing_since=None).update(failing_since=timezone.now())
        endpoint: WebhookEndpoint | None = rows.filter(status=WebhookEndpoint.Status.ENABLED).first()
    if endpoint is None:
        return
    now = timezone.now()
    since = endpoint.failing_since or now
    if gone:
        endpoint_disable(endpoint, WebhookEndpoint.Reason.GONE)
    elif endpoint.subject is None and now - since >= schedule.WARN_AFTER and endpoint.warned_at is None:
        _warn(endpoint)
    elif (
        now - since >= schedule.DISABLE_AFTER
        and endpoint.warned_at is not None
        and now - endpoint.warned_at >= schedule.WARNING
    ):
        endpoint_disable(endpoint, WebhookEndpoint.Reason.FAILING)


def endpoint_disable(endpoint: WebhookEndpoint, reason: str) -> bool:
    """Disables an endpoint, ends what waits for it and mails it. Returns False where somebody else was first."""
    with acting_as("operator"), transaction.atomic(using=current_alias()):
        rows = WebhookEndpoint.objects.filter(id=endpoint.id, status=WebhookEndpoint.Status.ENABLED)
        if not rows.update(status=WebhookEndpoint.Status.DISABLED, disabled_reason=reason, updated_at=timezone.now()):
            return False
        pending_drop(endpoint)
        if endpoint.subject is None:
            _mail(endpoint, partial(disabled_letter, is_gone=reason == WebhookEndpoint.Reason.GONE))
    return True


def _warn(endpoint: WebhookEndpoint) -> None:
    with acting_as("operator"), transaction.atomic(using=current_alias()):
        if WebhookEndpoint.objects.filter(id=endpoint.id, warned_at=None).update(warned_at=timezone.now()):
            _mail(endpoint, failing_letter)


def _mail(endpoint: WebhookEndpoint, letter: Callable[..., Letter]) -> None:
    people = Membership.objects.filter(tenant_id=endpoint.tenant_id, role__in=RECIPIENTS, user__is_active=True)
    to = list(people.order_by("id").values_list("user__email", flat=True))
    if not to:
        return
    made = partial(
        letter,
        tenant=Tenant.objects.get(id=endpoint.tenant_id).name,
        url=endpoint.url,
        endpoint=ids.encode(ids.WEBHOOK_ENDPOINT, endpoint.id),
        since=endpoint.failing_since,
    )
    mail_queue(to=to, letter=made, language=tenant_language(endpoint.tenant_id), tenant_id=endpoint.tenant_id)


def _shown(headers: Mapping[str, str]) -> dict[str, str]:
    return {
        storable(name[:100]): storable(value[:MAX_HEADER_CHARS]) for name, value in list(headers.items())[:MAX_HEADERS]
    }
