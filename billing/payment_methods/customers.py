"""By which name the provider knows a tenant. Calls the provider, so never inside a transaction."""

from __future__ import annotations

from uuid import UUID

from accounts.models import Tenant
from billing.invoices.mails import recipients
from billing.models import ProviderCustomer
from billing.providers import provider
from billing.providers.errors import OutcomeUnknown, PaymentRefused, ProviderAway, Refused
from billing.providers.writing import operator_reading, operator_writing
from cavendish.db import ids


def customer_ensure(tenant_id: UUID) -> str:
    """Returns the provider's id of the tenant, made with its first payment. Raises NoProvider, ProviderAway."""
    paying = provider()
    with operator_reading():
        known = ProviderCustomer.objects.filter(tenant_id=tenant_id, provider=paying.name).first()
        if known is not None:
            return str(known.reference)
        tenant = Tenant.objects.get(id=tenant_id)
        email = next(iter(recipients(tenant_id)), "")
    try:
        made = paying.customer_create(tenant_id=ids.encode(ids.TENANT, tenant_id), name=tenant.name, email=email)
    except OutcomeUnknown:
        raise ProviderAway from None
    except Refused as error:
        raise PaymentRefused("payment_provider_refused", error.message) from None
    with operator_writing():
        ProviderCustomer.objects.bulk_create(
            [ProviderCustomer(tenant_id=tenant_id, provider=paying.name, reference=made)], ignore_conflicts=True
        )
        row = ProviderCustomer.objects.get(tenant_id=tenant_id, provider=paying.name)
    return str(row.reference)
