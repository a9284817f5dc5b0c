"""Stripe, through its own library. Needs STRIPE_SECRET_KEY and STRIPE_WEBHOOK_SECRET."""

from __future__ import annotations

from django.conf import settings

from billing.providers.stripe.provider import StripeProvider


def provider_open() -> StripeProvider:
    """Returns Stripe as the settings name it."""
    return StripeProvider(
        secret_key=settings.STRIPE_SECRET_KEY,
        api_base=settings.STRIPE_API_BASE,
        webhook_secrets=settings.STRIPE_WEBHOOK_SECRET,
    )


__all__ = ["provider_open"]
