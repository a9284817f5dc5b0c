"""Payment providers behind one interface: who takes tenants' money, as a module each (docs/payments.md).

`provider()` is the one that PAYMENTS names. What it answers is written down by `billing/provider_payments`, which knows
none of them by name.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module

from django.conf import settings

from billing.providers.errors import NoProvider
from billing.providers.interface import Provider

MODULES = {"stripe": "billing.providers.stripe"}
"""Each module has `provider_open()`, which returns its Provider from the settings. A module is loaded when it is used:
Stripe's library takes 35 MB of memory."""


def provider_name() -> str:
    """Returns the name of the provider; empty where there is none."""
    return settings.PAYMENTS if settings.PAYMENTS in MODULES else ""


def provider() -> Provider:
    """Returns the provider that is set. Raises NoProvider where none is."""
    name = provider_name()
    if not name:
        raise NoProvider
    return _opened(name)


@cache
def _opened(name: str) -> Provider:
    opened: Provider = import_module(MODULES[name]).provider_open()
    return opened


def provider_forget() -> None:
    """Lets the settings be read anew."""
    _opened.cache_clear()


__all__ = ["Provider", "provider", "provider_forget", "provider_name"]
