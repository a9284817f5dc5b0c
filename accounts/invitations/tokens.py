"""An invitation's secret, and what its holder may know before they belong to the tenant.

The link in the mail contains 256 random bits; the database stores their SHA-256.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.utils import timezone

from cavendish.db.call import call_row

_SHAPE = re.compile(r"cvd_invite_[0-9A-Za-z_-]{43}")


@dataclass(frozen=True)
class InvitationSummary:
    """`created_by_name` is empty for an invitation by a key or the operator."""

    id: UUID
    tenant_id: UUID
    tenant_name: str
    tenant_status: str
    email: str
    role: str
    created_by_name: str
    expires_at: datetime
    accepted_at: datetime | None
    revoked_at: datetime | None

    @property
    def is_open(self) -> bool:
        return self.accepted_at is None and self.revoked_at is None and self.expires_at > timezone.now()


def token_create() -> str:
    return f"cvd_invite_{secrets.token_urlsafe(32)}"


def token_digest(token: str) -> bytes | None:
    """Returns the SHA-256 of an invitation's secret, or None for a text that cannot be one; costs no query."""
    return hashlib.sha256(token.encode()).digest() if _SHAPE.fullmatch(token) else None


def invitation_url(token: str) -> str:
    """Returns the address of the page that offers the invitation (cavendish.above.console)."""
    return f"{settings.BASE_URL}/invitations/{token}"


def invitation_find(token: str) -> InvitationSummary | None:
    """Returns the invitation with that secret, open or not, or None; one query that needs no tenant context."""
    digest = token_digest(token)
    if digest is None:
        return None
    row = call_row("invitation_find", digest, using="default")
    return InvitationSummary(**row) if row else None
