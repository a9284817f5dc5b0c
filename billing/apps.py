from __future__ import annotations

from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class BillingConfig(AppConfig):
    name = "billing"

    def ready(self) -> None:
        from accounts.signals import tenant_signed_up

        post_migrate.connect(_ship_prices, sender=self)
        tenant_signed_up.connect(_open_wallet)


def _ship_prices(using: str, **kwargs: Any) -> None:
    """New releases bring new models: their upstream prices belong in the book before the first request."""
    from billing.prices.services import prices_ship
    from cavendish.db.router import acting_as

    with acting_as(using):
        prices_ship()


def _open_wallet(tenant: Any, **kwargs: Any) -> None:
    """Whoever signs up gets the operator's plan for it."""
    from django.conf import settings

    from billing.plans.services import plan_ensure, tenant_open

    slug = settings.SIGNUP_PLAN
    tenant_open(tenant=tenant, plan=plan_ensure(slug=slug, name=slug.replace("-", " ").capitalize()))
