"""Webhook endpoints and the log of what was sent to them lately; one is off, since its receiver answers 410."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import md5

from accounts.models import WebhookAttempt, WebhookDelivery, WebhookEndpoint
from accounts.people.secret_box import seal
from accounts.webhooks import signing
from cavendish.above.demo.history import History, actor_of
from cavendish.above.demo.jobs import Job
from cavendish.above.demo.people import TenantRows
from cavendish.above.seeding.rows import uuid7
from cavendish.db import ids


@dataclass(frozen=True)
class EndpointProfile:
    """`status` is what its receiver answers, `off` so many days ago it was disabled and why."""

    slug: str
    path: str
    events: tuple[str, ...]
    status: int = 200
    off: tuple[int, str] | None = None
    description: str = ""


ENDPOINTS = (
    EndpointProfile("acme", "cavendish", ("generation.*",), description="Storefront"),
    EndpointProfile("globex", "hooks/pictures", ("generation.succeeded", "invoice.*")),
    EndpointProfile("yunshang", "notify", ("generation.succeeded", "generation.failed")),
    EndpointProfile("lumen", "batches", ("batch.*",), description="Batches only"),
    EndpointProfile("northwind", "orders", ("generation.*",), off=(12, "by_tenant")),
    EndpointProfile("oakline", "render-done", ("generation.*",), status=410, off=(3, "gone")),
)
SENT = ("generation.succeeded", "generation.failed", "generation.canceled")
LOGGED = 40
"""Deliveries of an endpoint that are in its log."""


def webhooks_create(
    tenants: Sequence[TenantRows], kept: Sequence[Job], *, history: History, rng: random.Random
) -> None:
    by_slug = {tenant.profile.slug: tenant for tenant in tenants}
    for profile in ENDPOINTS:
        tenant = by_slug.get(profile.slug)
        if tenant is None:
            continue
        at = history.now - timedelta(days=61)
        off = history.now - timedelta(days=profile.off[0]) if profile.off else None
        url = f"https://{tenant.profile.domain}/{profile.path}"
        endpoint = WebhookEndpoint.objects.create(
            id=uuid7(at, rng),
            tenant=tenant.row,
            livemode=True,
            url=url,
            events=list(profile.events),
            description=profile.description,
            status="disabled" if off else "enabled",
            disabled_reason=profile.off[1] if profile.off else "",
            secret=seal(signing.secret_new()),
            failing_since=off if profile.status >= 300 else None,
            created_at=at,
            updated_at=off or at,
        )
        history.add(at, tenant.id, "webhook_endpoint.created", "webhook_endpoint", endpoint.id,
                    actor=actor_of(tenant.owner), after={"url": url, "events": list(profile.events)})  # fmt: skip
        jobs = [job for job in kept if job.tenant is tenant and job.livemode]
        wanted = [job for job in jobs if _wants(profile, f"generation.{job.status}")][-LOGGED:]
        _deliveries(endpoint, profile, wanted, off, rng)


def _wants(profile: EndpointProfile, type: str) -> bool:
    return type in SENT and (type in profile.events or "generation.*" in profile.events)


def _deliveries(
    endpoint: WebhookEndpoint,
    profile: EndpointProfile,
    jobs: Sequence[Job],
    off: datetime | None,
    rng: random.Random,
) -> None:
    deliveries, attempts = [], []
    for job in jobs:
        at = job.finished_at if off is None else off - timedelta(minutes=rng.random() * 600)
        type = f"generation.{job.status}"
        answers = [profile.status]
        if profile.status == 200 and rng.random() < 0.06:
            answers = [503, 200] if rng.random() < 0.7 else [500, 500, 200]
        body = {"type": type, "timestamp": at.isoformat(), "data": {"id": ids.encode(ids.GENERATION, job.id)}}
        last = answers[-1]
        delivery = WebhookDelivery(
            id=uuid7(at, rng),
            tenant_id=endpoint.tenant_id,
            endpoint_id=endpoint.id,
            message_id=f"evt_{md5(job.id.bytes, usedforsecurity=False).hexdigest()}",
            event_type=type,
            source_type=type,
            subject=job.id,
            facts={"old": "running", "new": job.status},
            event_at=at,
            body=json.dumps(body),
            status="succeeded" if last < 300 else "failed",
            attempts=len(answers),
            due_at=at,
            http_status=last,
            error="" if last < 300 else f"The receiver answered {last}.",
            created_at=at,
            finished_at=at + timedelta(seconds=12 * len(answers)),
        )
        deliveries.append(delivery)
        attempts += [
            WebhookAttempt(
                tenant_id=endpoint.tenant_id,
                delivery_id=delivery.id,
                at=at + timedelta(seconds=0.2 + 8 * place),
                duration_ms=int(30 + rng.random() * 400),
                url=endpoint.url,
                request_headers={"content-type": "application/json", "webhook-id": delivery.message_id},
                http_status=answer,
                response_headers={"content-type": "text/plain"},
                response_body="ok" if answer < 300 else "",
                error="" if answer < 300 else f"The receiver answered {answer}.",
            )
            for place, answer in enumerate(answers)
        ]
    WebhookDelivery.objects.bulk_create(deliveries, batch_size=500)
    WebhookAttempt.objects.bulk_create(attempts, batch_size=500)
