"""Holds of a tenant without generations: taken and ended by the SQL functions alone, as the app role."""

from __future__ import annotations

import json
from collections.abc import Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from accounts.actor import SYSTEM
from accounts.models import Tenant
from billing.budgets.services import budget_create
from billing.models import Budget
from cavendish.db.ids import new_id
from cavendish.db.router import acting_as
from cavendish.db.tenancy import tenant_context
from tests.factories import key_of
from tests.generations.helpers import rows

TAKE = "SELECT {}(%s, %s, true, %s, %s, %s, 'USD', %s, %s, '{{}}'::jsonb)::text"


class Refused(Exception):
    """Rolls the tenant context's transaction back, as the services do."""

    def __init__(self, refusal: dict[str, Any]) -> None:
        super().__init__(refusal["code"])
        self.refusal = refusal


def take(
    tenant: Tenant,
    *,
    amount: Decimal | int | str = 0,
    images: int = 1,
    tokens: int = 1000,
    key_id: UUID | None = None,
    member_id: UUID | None = None,
    function: str = "hold_reserve",
) -> UUID:
    """A hold; raises Refused."""
    generation = new_id()
    key_id = key_id or key_of(tenant.id, True)
    with tenant_context(tenant.id), connection.cursor() as cursor:
        cursor.execute(
            TAKE.format(function), [tenant.id, generation, key_id, member_id, Decimal(amount), images, tokens]
        )
        row = cursor.fetchone()
        if row and row[0]:
            raise Refused(json.loads(row[0]))
    return generation


def end(
    tenant: Tenant, generation: UUID, *, amount: Decimal | int | str = 0, images: int = 1, tokens: int = 1000
) -> bool:
    """Settles it; with no images at all it is released."""
    status, requests = ("settled", 1) if images else ("released", 0)
    with tenant_context(tenant.id), connection.cursor() as cursor:
        cursor.execute(
            "SELECT hold_settle(%s, %s, %s, %s, %s, %s, %s)",
            [tenant.id, generation, status, Decimal(amount), images, tokens, requests],
        )
        row = cursor.fetchone()
    return bool(row and row[0])


def used(tenant: Tenant, *, count: int = 1, **options: Any) -> None:
    """So many jobs that were held and settled."""
    for _ in range(count):
        end(tenant, take(tenant, **options))


def make_budget(tenant: Tenant, limit: Decimal | int | str, **fields: Any) -> Budget:
    """An operator's budget of the whole tenant, monthly and in pictures unless `fields` say otherwise."""
    whole = {
        "scope": "tenant",
        "scope_id": tenant.id,
        "period": "month",
        "metric": "images",
        "livemode": True,
        **fields,
    }
    with acting_as("operator"):
        return budget_create(tenant_id=tenant.id, actor=SYSTEM, limit=Decimal(limit), **whole)


def periods(budget: Budget) -> list[dict[str, Any]]:
    """Oldest first."""
    return rows("owner", "SELECT * FROM billing_budgetperiod WHERE budget_id = %s ORDER BY id", budget.id)


def use(budget: Budget) -> tuple[int, int]:
    """(used, held) of the period that was opened last."""
    last = periods(budget)[-1]
    return int(last["used"]), int(last["held"])


def differences(tenant: Tenant) -> list[dict[str, Any]]:
    """Periods that say something else than the holds do."""
    return rows(
        "owner",
        """SELECT b.period, b.metric, b.scope, p.starts_at, p.resets_at, p.used, p.held, u.used AS counted,
                  u.held AS open
           FROM billing_budget b JOIN billing_budgetperiod p ON p.budget_id = b.id
           CROSS JOIN LATERAL budget_use(b, p.starts_at, p.resets_at) u
           WHERE b.tenant_id = %s AND b.deleted_at IS NULL AND (p.used, p.held) <> (u.used, u.held)""",
        tenant.id,
    )


def days_pass(tenant: Tenant, days: int = 1) -> None:
    """Moves all that happened into the past, which is the same as moving the clock. For days of 24 hours."""
    earlier = f"- interval '{days} days' WHERE tenant_id = '{tenant.id}'"
    with transaction.atomic(using="owner"):
        rows("owner", "SELECT budgets_lock(%s, true)", tenant.id)
        rows("owner", f"UPDATE billing_budget SET created_at = created_at {earlier}")
        rows("owner", f"UPDATE billing_hold SET created_at = created_at {earlier}")
        rows("owner", f"UPDATE billing_hold SET ended_at = ended_at {earlier}")
        rows("owner", f"UPDATE billing_budgetperiod SET resets_at = resets_at {earlier}")
        found = rows("owner", "SELECT id FROM billing_budgetperiod WHERE tenant_id = %s ORDER BY starts_at", tenant.id)
        # one after the other: two days must not have one beginning even for a moment
        for period in found:
            rows("owner", f"UPDATE billing_budgetperiod SET starts_at = starts_at {earlier} AND id = %s", period["id"])


def keys_of(tenants: Sequence[Tenant]) -> None:
    """Makes the factory's key of each once, before threads ask for it at the same moment."""
    for tenant in tenants:
        key_of(tenant.id, True)
