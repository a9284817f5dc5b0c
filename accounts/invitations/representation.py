"""The JSON of an invitation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db.models import Q
from django.utils import timezone

from accounts.audit.representation import creator_json
from accounts.models import Invitation
from cavendish.db import ids
from cavendish.http.times import moment

STATUSES: dict[str, Callable[[], Q]] = {
    "open": lambda: Q(accepted_at=None, revoked_at=None, expires_at__gt=timezone.now()),
    "accepted": lambda: Q(accepted_at__isnull=False),
    "revoked": lambda: Q(accepted_at=None, revoked_at__isnull=False),
    "expired": lambda: Q(accepted_at=None, revoked_at=None, expires_at__lte=timezone.now()),
}
"""The conditions of the invitations that have a status now."""


def invitation_json(invitation: Invitation) -> dict[str, Any]:
    """Returns the invitation as the API shows it. Every field is always present."""
    return {
        "id": ids.encode(ids.INVITATION, invitation.id),
        "object": "invitation",
        "email": invitation.email,
        "role": invitation.role,
        "status": _status(invitation),
        "created_at": moment(invitation.created_at),
        "created_by": creator_json(invitation.created_by_id, invitation.created_by_key_id),
        "sent_at": moment(invitation.sent_at),
        "expires_at": moment(invitation.expires_at),
        "accepted_at": moment(invitation.accepted_at),
        "revoked_at": moment(invitation.revoked_at),
    }


def _status(invitation: Invitation) -> str:
    if invitation.accepted_at is not None:
        return "accepted"
    if invitation.revoked_at is not None:
        return "revoked"
    return "expired" if invitation.expires_at <= timezone.now() else "open"
