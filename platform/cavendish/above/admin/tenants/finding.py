"""The tenant of an address."""

from __future__ import annotations

from django.http import Http404

from accounts.models import Tenant
from cavendish.db import ids


def tenant_of(text: str) -> Tenant:
    """Returns the tenant of a public id or a slug. Raises Http404."""
    tenant_id = ids.decode(ids.TENANT, text)
    found = Tenant.objects.filter(id=tenant_id) if tenant_id is not None else Tenant.objects.filter(slug=text)
    row: Tenant | None = found.first()
    if row is None:
        raise Http404
    return row
