from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.billing.providers.payers import stripe_set
from tests.billing.providers.stripe_server import StripeServer


@pytest.fixture
def stripe(django_db_setup: None) -> Iterator[StripeServer]:
    """The payment provider of this test: a stand-in for Stripe over HTTP."""
    with stripe_set() as server:
        yield server
