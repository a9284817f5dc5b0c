"""Every event that receivers are promised happens, and becomes a delivery: natively and in Gemini's words."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from accounts.actor import SYSTEM, Actor
from accounts.keys.services import api_key_create, api_key_revoke, api_key_rotate, api_key_update
from accounts.members.services import membership_create, membership_remove, membership_role_change
from accounts.models import Role, Tenant, User, WebhookDelivery
from accounts.people.services import user_create
from accounts.webhooks.event_names import GEMINI, PUBLIC
from accounts.webhooks.services import webhook_endpoint_create
from billing.anomalies.services import anomalies_watch
from billing.dunning.services import dunning_run
from billing.invoices.overdue import invoices_overdue
from billing.models import Subscription
from billing.plans.services import plan_ensure, plan_version_add
from billing.usage.services import usage_platform_refresh
from billing.wallets.services import wallet_threshold_set, wallets_watch
from cavendish.db.router import acting_as
from generations.batches.services import batch_cancel
from generations.services import generation_cancel
from generations.upkeep.sweep import sweep
from tests.batches.helpers import expire, feed, run_all
from tests.billing.holds import make_budget, used
from tests.billing.invoices.helpers import billed_tenant, finalise, spend
from tests.billing.invoices.settling import pay, reverse
from tests.billing.providers.payers import payer_of, poll, stripe_set
from tests.billing.test_usage_api import used as roll_up
from tests.factories import make_batch, make_tenant, submit_generation
from tests.generations.conftest import quiet
from tests.generations.helpers import register

__all__ = ["quiet"]

pytestmark = pytest.mark.usefixtures("quiet")


def generations(tenant: Tenant) -> None:
    canceled = submit_generation(tenant)
    generation_cancel(tenant_id=tenant.id, generation_id=canceled, livemode=True)
    submit_generation(tenant)
    run_all(register())
    submit_generation(tenant, ends_in=0.001)
    time.sleep(0.01)
    sweep()


def batches(tenant: Tenant) -> None:
    make_batch(tenant, {"model": "nonsense", "input": "x"})
    make_batch(tenant, "a cat")
    for _ in range(2):  # a tenant's batches come one after the other
        feed()
    run_all(register())
    canceled = make_batch(tenant, "a dog")
    batch_cancel(tenant_id=tenant.id, batch_id=canceled.id, livemode=True, actor=SYSTEM)
    expire(make_batch(tenant, "a bird"))
    for _ in range(2):
        feed()


def budgets(tenant: Tenant) -> None:
    make_budget(tenant, 2, alerts=[50])
    used(tenant)


def payments(tenant: Tenant) -> None:
    with stripe_set() as stripe:
        who = payer_of(tenant)
        saved = who.save()
        who.top_up("20.00")
        stripe.dispute(stripe.one("payment_intent")["id"])
        poll()
        who.top_up("20.00", hosted=True)
        who.calls.patch("wallet/auto-top-up", {"enabled": True, "amount": "5.00", "threshold": "0.00"})
        who.calls.ask("DELETE", f"payment-methods/{saved}", status=204)
        who.save("pm_card_chargeCustomerFail")
        who.top_up("20.00")


def wallets(tenant: Tenant) -> None:
    payments(tenant)
    wallet_threshold_set(tenant_id=tenant.id, threshold=Decimal(1000), actor=SYSTEM)
    wallets_watch()


def invoices(tenant: Tenant) -> None:
    spend(tenant)
    invoice = finalise(tenant)
    assert invoice.finalised_at is not None
    late = invoice.finalised_at + timedelta(days=400)
    invoices_overdue(now=late)
    with acting_as("operator"):
        plan = plan_ensure(slug=f"p-{tenant.id.hex[-12:]}", name="Dunned")
        dunning = {"remind_after_days": [3], "suspend_after_days": 7}
        plan_version_add(plan=plan, values={"dunning": dunning}, effective_from=None, actor=SYSTEM)
        Subscription.objects.create(tenant=tenant, plan=plan)
    dunning_run(now=late)
    paid = pay(invoice, f"{invoice.amount_due}")
    dunning_run(now=late)
    reverse(paid)


def unusual_day(tenant: Tenant) -> None:
    today = timezone.now().date()
    for days in range(15):
        roll_up(tenant, f"{today - timedelta(days=days)}T00:00:00Z", 1, "1" if days else "100", api_key_id=tenant.id)
    usage_platform_refresh()
    anomalies_watch()


def keys(tenant: Tenant) -> None:
    key, _ = api_key_create(tenant_id=tenant.id, name="One", livemode=True)
    api_key_update(tenant_id=tenant.id, key_id=key.id, changed={"name": "Other"}, actor=SYSTEM)
    api_key_rotate(tenant_id=tenant.id, key_id=key.id, actor=SYSTEM)
    api_key_revoke(tenant_id=tenant.id, key_id=key.id, actor=SYSTEM)


def members(tenant: Tenant) -> None:
    def join(name: str, role: Role) -> User:
        with acting_as("operator"):
            user = user_create(email=f"{name}@{tenant.slug}.example.com", password="a-password-of-ours")
            membership_create(tenant=tenant, user=user, role=role)
        return user

    join("owner", Role.OWNER)
    first, second = join("first", Role.VIEWER), join("second", Role.VIEWER)
    membership_role_change(tenant_id=tenant.id, user_id=first.id, role=Role.DEVELOPER, actor=SYSTEM)
    membership_remove(tenant_id=tenant.id, user_id=first.id, actor=SYSTEM)
    leaving = Actor("person", second.id, second.email)
    membership_remove(tenant_id=tenant.id, user_id=second.id, actor=leaving)


HAPPENINGS: dict[str, Callable[[Tenant], None]] = {
    "generation": generations,
    "batch": batches,
    "budget": budgets,
    "payment": payments,
    "wallet": wallets,
    "invoice": invoices,
    "tenant": invoices,
    "usage": unusual_day,
    "key": keys,
    "member": members,
}


def test_every_noun_happens_here() -> None:
    assert set(HAPPENINGS) == {name.partition(".")[0] for name in PUBLIC}


@pytest.mark.parametrize("noun", HAPPENINGS)
def test_each_event_of_a_noun_becomes_a_delivery(noun: str) -> None:
    tenant = billed_tenant(balance=0, credit_limit=1000) if noun in {"invoice", "tenant"} else make_tenant()
    endpoints = {
        dialect: webhook_endpoint_create(
            tenant_id=tenant.id, livemode=True, url="https://203.0.114.1/hook", dialect=dialect
        )[0]
        for dialect in ("native", "gemini")
    }
    HAPPENINGS[noun](tenant)
    for dialect, names in (("native", PUBLIC), ("gemini", GEMINI)):
        promised = {name for source, name in names.items() if source.startswith(f"{noun}.")}
        with acting_as("operator"):
            rows = WebhookDelivery.objects.filter(endpoint_id=endpoints[dialect].id)
            assert promised - set(rows.values_list("event_type", flat=True)) == set(), dialect
