"""Whom the audit log's filter names."""

from __future__ import annotations

from uuid import UUID

from accounts.models import ApiKey, OperatorKey, User
from cavendish.db import ids


def actor_ids(text: str) -> list[UUID]:
    """Returns whom a text names: by id, by email or by a key's prefix."""
    text = text.strip()
    for prefix in (ids.USER, ids.API_KEY, ids.OPERATOR_KEY):
        if (actor_id := ids.decode(prefix, text.lower())) is not None:
            return [actor_id]
    if "@" in text:
        return list(User.objects.filter(email=text.lower()).values_list("id", flat=True))
    found = list(ApiKey.objects.filter(prefix=text).values_list("id", flat=True))
    return [*found, *OperatorKey.objects.filter(prefix=text).values_list("id", flat=True)]
