"""`manage.py demo`: creates an operator and two tenants to try the platform with. A second run prints the same ones."""

from __future__ import annotations

import json
import os
import secrets
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from accounts.actor import SYSTEM, Actor
from accounts.keys.services import api_key_create
from accounts.members.services import membership_create
from accounts.models import OperatorRole, Role, Tenant
from accounts.operators.services import operator_create, operator_key_create
from accounts.people.services import user_create
from accounts.tenants.services import tenant_create
from billing.plans.services import plan_ensure, tenant_open
from billing.wallets.services import wallet_top_up
from cavendish.db.router import acting_as

FILE = "demo.json"
BALANCE = Decimal(100_000)
NAMES = (("acme", "Acme Studio"), ("globex", "Globex Media"))


class Command(BaseCommand):
    help = "Creates an operator and two demo tenants, once, and prints their logins and keys as JSON."

    def handle(self, *args: Any, **options: Any) -> None:
        path = Path(settings.DATA_DIR) / FILE
        with acting_as("operator"):
            if path.exists() and Tenant.objects.filter(slug=NAMES[0][0]).exists():
                demo = _kept(path)
            else:
                demo = _create()
                _write(path, demo)
        self.stdout.write(json.dumps(demo))


def _kept(path: Path) -> Any:
    try:
        return json.loads(path.read_text())
    except (OSError, ValueError):
        raise CommandError(
            f"{path} is damaged. It has the logins and keys of the demo: restore it from a backup, or remove it, and "
            "others are made."
        ) from None


def _create() -> dict[str, Any]:
    """Returns fresh logins and keys. Slugs get a suffix where an earlier run's tenants exist without their file."""
    suffix = f"-{secrets.token_hex(3)}" if Tenant.objects.filter(slug=NAMES[0][0]).exists() else ""
    operator = {"email": f"operator{suffix}@example.com", "password": secrets.token_urlsafe(15)}
    operator_create(email=operator["email"], password=operator["password"], name="Operator", role=OperatorRole.FULL)
    _, operator["api_key"] = operator_key_create(name="Demo operator key", role=OperatorRole.FULL)
    plan = plan_ensure(slug="standard", name="Standard")
    tenants = []
    for slug, name in NAMES:
        tenant = tenant_create(
            slug=slug + suffix,
            name=name,
            concurrency_limit=1000,
            queue_limit=1000,
            policy_version=settings.POLICY_VERSION,
            policy_accepted_at=timezone.now(),
        )
        tenant_open(tenant=tenant, plan=plan)
        wallet_top_up(tenant_id=tenant.id, amount=BALANCE, reason="Demo balance", actor=SYSTEM)
        person = {"email": f"owner@{slug}{suffix}.example.com", "password": secrets.token_urlsafe(15)}
        owner = user_create(email=person["email"], password=person["password"], name=f"{name} Owner")
        membership_create(tenant=tenant, user=owner, role=Role.OWNER)
        by = Actor("person", owner.id, owner.email)
        _, live = api_key_create(tenant_id=tenant.id, name="Demo live key", livemode=True, actor=by)
        _, test = api_key_create(tenant_id=tenant.id, name="Demo test key", livemode=False, actor=by)
        tenants.append({"slug": tenant.slug, "api_key": live, "test_api_key": test, **person})
    return {"operator": operator, "tenants": tenants}


def _write(path: Path, demo: dict[str, Any]) -> None:
    part = path.with_suffix(".part")
    with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as target:  # noqa: PTH123
        json.dump(demo, target, indent=2)
    part.rename(path)
