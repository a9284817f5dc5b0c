"""Plans with their versions, who issues invoices, and to whom they go."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from accounts.actor import SYSTEM
from billing.models import BillingProfile, LegalEntity, Plan, PlanVersion, Price, Subscription
from billing.money import unit_price_rounded
from billing.parties.services import legal_entity_create
from billing.prices.services import catalog_prices_sync
from cavendish.above.demo.history import History
from cavendish.above.demo.people import TenantRows
from cavendish.above.demo.profiles import PLANS

BATCH_FACTOR = Decimal("1.12")
ENTITY = {
    "name": "Cavendish Images GmbH",
    "address": "Fruchthof 3\n20097 Hamburg\nGermany",
    "postal_address": {"line1": "Fruchthof 3", "postal_code": "20097", "city": "Hamburg", "country": "DE"},
    "tax_id": "DE299999999",
    "email": "billing@cavendish.example.com",
    "phone": "+49 40 5550100",
    "iban": "DE02120300000000202051",
    "bic": "BYLADEM1001",
    "footer": "Amtsgericht Hamburg, HRB 99999",
    "invoice_prefix": "INV-{year}-",
    "credit_note_prefix": "CN-{year}-",
    "number_digits": 4,
}


def plans_create(now: datetime, history: History) -> dict[str, Plan]:
    """Returns the demo's plans by slug, with the catalog's prices in the price book."""
    catalog_prices_sync()
    plans = {}
    for profile in PLANS:
        plan, _ = Plan.objects.get_or_create(slug=profile.slug, defaults={"name": profile.name})
        plan.versions.all().delete()
        first = now - timedelta(days=profile.markups[0][0])
        Plan.objects.filter(pk=plan.pk).update(created_at=first)
        history.add(first, None, "plan.created", "plan", plan.id, after={"slug": plan.slug, "name": plan.name})
        for place, (age, markup) in enumerate(profile.markups):
            begins = (now - timedelta(days=age)).replace(hour=0, minute=0, second=0, microsecond=0)
            PlanVersion.objects.create(
                plan=plan,
                effective_from=begins,
                markup_percent=Decimal(markup),
                allowed_models=list(profile.allowed_models) if profile.allowed_models else None,
                created_at=begins - timedelta(days=7),
            )
            if place:
                history.add(begins - timedelta(days=7), None, "plan.terms_added", "plan", plan.id,
                            before={"markup_percent": str(profile.markups[place - 1][1])},
                            after={"markup_percent": str(markup), "effective_from": begins.isoformat()})  # fmt: skip
        _batch_prices_create(plan, first)
        plans[profile.slug] = plan
    return plans


def _batch_prices_create(plan: Plan, begins: datetime) -> None:
    """Sells batches at little more than they cost here, where they run upstream as every job does.

    The upstream's half price with the plan's mark-up would be below that.
    """
    Price.objects.filter(plan=plan).delete()
    Price.objects.bulk_create(
        Price(
            plan=plan,
            model=row.model,
            kind=row.kind,
            tier="batch",
            unit=row.unit,
            unit_price=unit_price_rounded(row.unit_price * BATCH_FACTOR),
            effective_from=begins,
        )
        for row in Price.objects.filter(plan=None, tier="standard")
    )


def subscriptions_create(tenants: list[TenantRows], plans: dict[str, Plan]) -> None:
    Subscription.objects.bulk_create(
        Subscription(
            tenant=tenant.row,
            plan=plans[tenant.profile.plan],
            starts_at=tenant.row.created_at,
            begun_at=tenant.row.created_at,
            actor="system",
        )
        for tenant in tenants
    )


def parties_create(tenants: list[TenantRows]) -> None:
    """Creates who issues invoices, unless somebody does already, and the tenants' billing profiles."""
    if not LegalEntity.objects.filter(is_default=True).exists():
        legal_entity_create(actor=SYSTEM, **ENTITY)
    BillingProfile.objects.bulk_create(
        BillingProfile(
            tenant=tenant.row,
            name=tenant.profile.name,
            address=tenant.profile.address,
            postal_address=tenant.profile.postal_address,
            buyer_reference=tenant.profile.slug.upper() if tenant.profile.is_invoiced else "",
            emails=[f"books@{tenant.profile.domain}"] if tenant.profile.is_invoiced else [],
            tax_rate=tenant.profile.tax_rate,
            tax_label=tenant.profile.tax_label,
            payment_terms_days=tenant.profile.terms_days,
            send_by_email=False,
        )
        for tenant in tenants
    )
