"""Whether a tenant has accepted the use policy that is in force, without which no live job runs."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.utils import timezone


def policy_accepted(version: str, *, now: datetime | None = None) -> bool:
    """`version` is what an owner accepted last, "" for nothing. An older one counts while there is grace."""
    if version == settings.POLICY_VERSION:
        return True
    grace = settings.POLICY_GRACE_UNTIL
    return bool(version) and grace is not None and (now or timezone.now()).date() <= grace
