"""Tenants charged through the payment provider: `python -m tests.bench.charging_inside <tenants> <port>`.

The port is that of the provider's stand-in. It runs against the platform whose data directory is in the environment,
and prints JSON: the seconds that topping all of them up took, and how many were.
"""

from __future__ import annotations

import json
import os
import secrets
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import django

COUNT, PORT = int(sys.argv[1]), sys.argv[2]
os.environ |= {
    "PAYMENTS": "stripe",
    "STRIPE_SECRET_KEY": "sk_test_of_ours",
    "STRIPE_WEBHOOK_SECRET": "whsec_of_ours",
    "STRIPE_API_BASE": f"http://127.0.0.1:{PORT}",
}
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cavendish.settings")
django.setup()

from django.db import connections

from accounts.actor import SYSTEM
from accounts.tenants.services import tenant_create
from billing.auto_top_ups.services import auto_top_up_update
from billing.models import ProviderPayment
from billing.payment_methods.services import payment_method_save
from billing.plans.services import plan_ensure, tenant_open
from billing.provider_payments.automatic import auto_top_ups_run
from cavendish.db.router import acting_as


def tenant(number: int) -> None:
    """One with a saved card, an empty wallet, and terms by which it is topped up."""
    with acting_as("operator"):
        name = f"charged-{number}-{secrets.token_hex(4)}"
        made = tenant_create(slug=name, name=name)
        tenant_open(tenant=made, plan=plan_ensure(slug="standard", name="Standard"))
    payment_method_save(tenant_id=made.id, token="pm_card_visa", actor=SYSTEM)
    auto_top_up_update(
        tenant_id=made.id, actor=SYSTEM, enabled=True, threshold=Decimal(5), amount=Decimal(20), monthly_limit=None
    )


def tenants(numbers: range) -> None:
    try:
        for number in numbers:
            tenant(number)
    finally:
        connections.close_all()


def main() -> None:
    with ThreadPoolExecutor(4) as lanes:
        list(lanes.map(tenants, [range(lane, COUNT, 4) for lane in range(4)]))
    began = time.perf_counter()
    while auto_top_ups_run():
        pass
    seconds = time.perf_counter() - began
    with acting_as("operator"):
        charged = ProviderPayment.objects.filter(status="succeeded", purpose="auto_top_up").count()
    sys.stdout.write(json.dumps({"seconds": seconds, "charged": charged}))


main()
