"""Writes of API keys."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from django.db import transaction

from accounts import keys
from accounts.models import ApiKey, Scope, User
from cavendish.db.router import current_alias


def api_key_create(
    *,
    tenant_id: UUID,
    name: str,
    livemode: bool,
    scopes: Sequence[str] = tuple(Scope.values),
    created_by: User | None = None,
) -> tuple[ApiKey, str]:
    """The row and the secret, which is nowhere else from then on."""
    new = keys.generate(livemode=livemode)
    with transaction.atomic(using=current_alias()):
        row = ApiKey.objects.create(
            tenant_id=tenant_id,
            name=name,
            livemode=livemode,
            scopes=list(scopes),
            prefix=new.prefix,
            digest=new.digest,
            created_by=created_by,
        )
    return row, new.secret
