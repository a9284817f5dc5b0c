"""Writes of tenants. Operators act through `acting_as("operator")`; the app role cannot create tenants."""

from __future__ import annotations

from django.db import transaction

from accounts.models import Tenant
from cavendish.db.router import current_alias


def tenant_create(*, slug: str, name: str, **settings: object) -> Tenant:
    """A tenant with its settings; money and plan are billing's (`billing.services.tenant_open`)."""
    with transaction.atomic(using=current_alias()):
        return Tenant.objects.create(slug=slug, name=name, **settings)
