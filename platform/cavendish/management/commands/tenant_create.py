"""`manage.py tenant_create SLUG`: a tenant with a plan, a wallet and two keys, which are shown this once."""

from __future__ import annotations

import json
from decimal import Decimal, InvalidOperation
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from accounts.actor import SYSTEM
from accounts.models import Tenant
from accounts.services import api_key_create, tenant_create
from billing.errors import ValuesInvalid
from billing.services import plan_ensure, tenant_open, wallet_top_up
from cavendish.db.router import acting_as


def _amount(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:
        raise CommandError(f"{text!r} is no amount; write it like 100 or 12.50.") from None


class Command(BaseCommand):
    help = "Creates a tenant and prints its live and test API keys as JSON. The keys are not shown again."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug")
        parser.add_argument("--name", default="")
        parser.add_argument("--balance", default="0", help="what it has paid in, in the plan's currency")
        parser.add_argument("--concurrency", type=int, default=64, help="generations running at once")

    def handle(self, *args: Any, **options: Any) -> None:
        slug, balance = options["slug"], _amount(options["balance"])
        # One transaction: a tenant without keys could neither be used nor be made again.
        with acting_as("operator"), transaction.atomic(using="operator"):
            if Tenant.objects.filter(slug=slug).exists():
                raise CommandError(f"There is a tenant {slug!r} already.")
            tenant = tenant_create(slug=slug, name=options["name"] or slug, concurrency_limit=options["concurrency"])
            tenant_open(tenant=tenant, plan=plan_ensure(slug="standard", name="Standard"))
            if balance:
                try:
                    wallet_top_up(tenant_id=tenant.id, amount=balance, reason="Opening balance", actor=SYSTEM)
                except ValuesInvalid as error:
                    raise CommandError(f"Nothing was created: {error}") from None
            _, live = api_key_create(tenant_id=tenant.id, name="First live key", livemode=True)
            _, test = api_key_create(tenant_id=tenant.id, name="First test key", livemode=False)
        self.stdout.write(json.dumps({"slug": slug, "api_key": live, "test_api_key": test}))
