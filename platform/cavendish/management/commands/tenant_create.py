"""`manage.py tenant_create SLUG`: creates a tenant with a plan, a wallet and two API keys."""

from __future__ import annotations

import json
from decimal import Decimal, InvalidOperation
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from accounts.actor import SYSTEM
from accounts.keys.services import api_key_create
from accounts.models import Tenant
from accounts.policy.services import policy_accept
from accounts.tenants.services import tenant_open
from cavendish.db.router import acting_as
from cavendish.http.problems import Problem


def _amount(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:
        raise CommandError(f"{text!r} is not an amount; use a number such as 100 or 12.50.") from None


class Command(BaseCommand):
    help = "Creates a tenant and prints its live and test API keys as JSON. The keys are not shown again."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug")
        parser.add_argument("--name", default="")
        parser.add_argument("--balance", default="0", help="opening balance, in the plan's currency")
        parser.add_argument("--concurrency", type=int, default=64, help="how many generations may run at once")
        parser.add_argument("--owner", default="", metavar="EMAIL", help="email address that is invited as owner")
        parser.add_argument(
            "--policy-accepted-by",
            default="",
            metavar="NAME",
            help="who accepted the use policy for the tenant; without it, the live key works once an owner accepts it",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        slug, balance = options["slug"], _amount(options["balance"])
        # One transaction: a tenant without keys could neither be used nor created again.
        with acting_as("operator"), transaction.atomic(using="operator"):
            if Tenant.objects.filter(slug=slug).exists():
                raise CommandError(f"A tenant with the slug {slug!r} already exists.")
            try:
                tenant = tenant_open(
                    slug=slug,
                    name=options["name"] or slug,
                    concurrency_limit=options["concurrency"],
                    opening_balance=balance,
                    owner_email=options["owner"],
                    actor=SYSTEM,
                )
            except Problem as error:
                raise CommandError(f"Nothing was created: {error.detail}") from None
            if name := options["policy_accepted_by"]:
                version = settings.POLICY_VERSION
                policy_accept(tenant_id=tenant.id, version=version, accepted_by=name, actor=SYSTEM)
            _, live = api_key_create(tenant_id=tenant.id, name="First live key", livemode=True)
            _, test = api_key_create(tenant_id=tenant.id, name="First test key", livemode=False)
        self.stdout.write(json.dumps({"slug": slug, "api_key": live, "test_api_key": test}))
