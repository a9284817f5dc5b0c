"""The JSON of a tenant."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings

from accounts.models import TenantNote
from accounts.policy.selectors import policy_accepted
from accounts.tenants.bodies import Settings
from accounts.tenants.selectors import TenantDetail
from cavendish.db import ids
from cavendish.http.times import moment

SETTINGS = tuple(Settings().fields)


def tenant_json(detail: TenantDetail) -> dict[str, Any]:
    """Returns the tenant as the API shows it. Every field is always present."""
    tenant = detail.tenant
    return {
        "id": ids.encode(ids.TENANT, tenant.id),
        "object": "tenant",
        "slug": tenant.slug,
        "status": tenant.status,
        "status_reason": tenant.status_reason or None,
        "payment_reminded_at": moment(tenant.payment_reminded_at),
        "payment_suspended_at": moment(tenant.payment_suspended_at),
        "created_at": moment(tenant.created_at),
        "plan": detail.terms.plan,
        "currency": detail.terms.currency,
        **{name: getattr(tenant, name) for name in SETTINGS},
        "storage_used_bytes": detail.stored,
        "billing_timezone_next": tenant.billing_timezone_next or None,
        "billing_timezone_from": moment(tenant.billing_timezone_from),
        "policy": {
            "version": settings.POLICY_VERSION,
            "url": settings.POLICY_URL or None,
            "accepted_version": tenant.policy_version or None,
            "accepted_at": moment(tenant.policy_accepted_at),
            "allows_live_jobs": policy_accepted(tenant.policy_version),
        },
        "test_day": {
            "requests": detail.today.requests if detail.today else 0,
            "bytes": detail.today.bytes if detail.today else 0,
            "resets_at": moment(_next_midnight()),
        },
    }


def _next_midnight() -> datetime:
    return (datetime.now(UTC) + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)


def tenant_note_json(note: TenantNote) -> dict[str, Any]:
    """Returns an operator's note about a tenant."""
    return {
        "id": ids.encode(ids.TENANT_NOTE, note.id),
        "object": "tenant_note",
        "tenant_id": ids.encode(ids.TENANT, note.tenant_id),
        "text": note.text,
        "author": note.author,
        "created_at": moment(note.created_at),
    }
