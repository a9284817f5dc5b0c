"""What tenants need from billing. Billing lies above accounts, so it registers itself here when its app is ready."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol
from uuid import UUID

from accounts.actor import Actor
from accounts.models import Tenant

STANDARD_PLAN = "standard"


@dataclass(frozen=True)
class TenantTerms:
    """`plan` is the slug of the plan that applies now; both are None for a tenant without a plan."""

    plan: str | None = None
    currency: str | None = None


class TenantBilling(Protocol):
    """Each method runs in the caller's transaction, as the operator unless it says otherwise."""

    def tenant_open(self, *, tenant: Tenant, plan: str, opening_balance: str | Decimal, actor: Actor) -> None:
        """Opens the wallets, on the plan of that slug. Raises Problem 422 at `/plan` or `/opening_balance`."""

    def signed_up_open(self, *, tenant: Tenant) -> None:
        """Opens the wallets of a tenant that a person signed up, on the plan that SIGNUP_PLAN names."""

    def terms_of(self, tenant_ids: Sequence[UUID]) -> Mapping[UUID, TenantTerms]:
        """Returns plan and currency by tenant, in two queries. It also works in a tenant's own context."""

    def was_billed(self, tenant_id: UUID) -> bool:
        """Returns whether anything was ever dated by the tenant's time zone."""

    def key_has_budget(self, *, tenant_id: UUID, key_id: UUID) -> bool:
        """Returns whether the key has a budget of its own. Called in the tenant's context, or as the operator."""

    def plans(self) -> Sequence[tuple[str, str]]:
        """Returns slug and name of each plan that tenants can be put on."""


_billing: list[TenantBilling] = []


def billing_register(billing: TenantBilling) -> None:
    _billing[:] = [billing]


def billing() -> TenantBilling:
    """Returns the registered implementation. Raises IndexError before billing's app is ready."""
    return _billing[0]
