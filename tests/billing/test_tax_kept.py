"""A prepaid wallet keeps the tax of its next invoice back: whoever prepaid never owes it."""

from __future__ import annotations

import random
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest
from django.db import connections

from accounts.actor import SYSTEM
from accounts.models import Tenant
from billing.credits.services import credit_grant
from billing.errors import ChangeRefused
from billing.invoices.services import invoice_void
from billing.ledger.services import available, tax_kept, unheld
from billing.models import LegalEntity, Wallet
from billing.money import ZERO
from billing.parties.kept_tax import kept_tax_follow
from billing.parties.services import billing_profile_update, legal_entity_update
from billing.wallets.representation import wallet_json
from billing.wallets.services import wallet_adjust, wallet_credit_limit_set, wallet_pay_out
from cavendish.db.router import acting_as
from tests.billing.holds import Refused, end, take
from tests.billing.invoices.helpers import balances, billed_tenant, charge_of, differing, finalise, make_entity, top_up
from tests.generations.helpers import one, rows

PICTURE = {"text_input": 31, "image_output": 1120}
PRICE = Decimal("0.0672155")


def vat_tenant(*, balance: Any = 1, entity: LegalEntity | None = None, rate: Any = 19) -> Tenant:
    tenant = billed_tenant(balance=balance, entity=entity)
    rate_set(tenant, rate)
    return tenant


def rate_set(tenant: Tenant, rate: Any) -> None:
    with acting_as("operator"):
        billing_profile_update(tenant_id=tenant.id, actor=SYSTEM, tax_rate=Decimal(rate), tax_label="VAT")


def job(tenant: Tenant, usage: Mapping[str, int] = PICTURE, *, held: Any = PRICE, model: str = "a") -> None:
    """A job of October that is held as any other and settles; raises Refused."""
    generation = take(tenant, amount=held)
    rows("owner", "UPDATE billing_hold SET created_at = '2026-10-15 12:00Z' WHERE generation_id = %s", generation)
    with connections["owner"].cursor() as cursor:
        charge = charge_of(tenant, usage, model=model)
        cursor.execute("SELECT charge_settle(%s, %s, %s::jsonb)", [tenant.id, generation, charge])


def wallet(tenant: Tenant) -> Wallet:
    with acting_as("operator"):
        found: Wallet = Wallet.objects.get(tenant=tenant, livemode=True)
        return found


def kept(tenant: Tenant) -> Decimal:
    with acting_as("operator"):
        return tax_kept(wallet(tenant))


def free(tenant: Tenant) -> Decimal:
    with acting_as("operator"):
        return available(wallet(tenant))


def test_of_thirteen_pictures_twelve_fit_with_their_tax_and_nothing_is_due() -> None:
    tenant = vat_tenant(balance=1)
    for _picture in range(12):
        job(tenant)
    with pytest.raises(Refused) as caught:
        job(tenant)
    # 13 × 0.0672155 = 0.8738015 would fit without its tax
    assert caught.value.refusal | {"held": "0.000000000"} == caught.value.refusal
    assert caught.value.refusal["tax_kept"] == "0.166022285"
    assert kept(tenant) == Decimal("0.153251340")
    assert free(tenant) == 1 - 12 * PRICE - Decimal("0.153251340")
    assert differing(tenant) == set()

    invoice = finalise(tenant)
    assert (invoice.total, invoice.amount_due, invoice.status) == (Decimal("0.96"), ZERO, "paid")
    assert kept(tenant) == 0
    assert differing(tenant) == set()


def test_without_it_the_tenant_owes_its_tax() -> None:
    """The twin: what the wallet's rate is for."""
    tenant = vat_tenant(balance=1, entity=make_entity(keeps_tax_back=False))
    for _picture in range(13):
        job(tenant)
    assert (wallet(tenant).tax_rate, kept(tenant)) == (ZERO, ZERO)
    assert finalise(tenant).amount_due == Decimal("0.04")


def test_the_wallet_says_what_it_keeps_and_its_sum_is_what_is_available() -> None:
    tenant = vat_tenant(balance=10)
    job(tenant, {"image_output": 50_000}, held=3)  # 3.00
    take(tenant, amount=2)
    with acting_as("operator"):
        shown = wallet_json(tenant_id=tenant.id, livemode=True)
    assert {name: shown[name] for name in ("balance", "held", "tax_kept", "available")} == {
        "balance": "7.000000000", "held": "2.000000000", "tax_kept": "0.950000000", "available": "4.050000000"
    }  # fmt: skip


def test_what_a_hold_did_not_use_is_free_again_with_its_tax() -> None:
    tenant = vat_tenant(balance=10)
    generation = take(tenant, amount=5)
    assert free(tenant) == Decimal("4.05")
    end(tenant, generation, images=0)
    assert (kept(tenant), free(tenant)) == (ZERO, Decimal(10))


def test_credits_pay_their_part_before_the_tax() -> None:
    tenant = vat_tenant(balance=0)
    with acting_as("operator"):
        credit_grant(tenant_id=tenant.id, amount=Decimal(3), reason="Hello", expires_at=None, actor=SYSTEM)
    job(tenant, {"image_output": 50_000}, held=3)  # all of the credit, to the last cent
    assert (kept(tenant), wallet(tenant).untaxed) == (ZERO, ZERO)
    top_up(tenant, Decimal(10))
    with acting_as("operator"):
        credit_grant(tenant_id=tenant.id, amount=Decimal(1), reason="Again", expires_at=None, actor=SYSTEM)
    job(tenant, {"image_output": 50_000}, held=3)
    assert (wallet(tenant).untaxed, kept(tenant)) == (Decimal(2), Decimal("0.38"))
    assert differing(tenant) == set()


def test_corrections_change_what_is_kept() -> None:
    tenant = vat_tenant(balance=10)
    job(tenant, {"image_output": 50_000}, held=3)
    with acting_as("operator"):
        wallet_adjust(tenant_id=tenant.id, amount=Decimal(1), reason="Goodwill", actor=SYSTEM)
    assert kept(tenant) == Decimal("0.38")
    assert differing(tenant) == set()


def test_whoever_may_owe_keeps_nothing_back() -> None:
    tenant = vat_tenant(balance=1)
    job(tenant)
    with acting_as("operator"):
        wallet_credit_limit_set(tenant_id=tenant.id, credit_limit=Decimal(1), actor=SYSTEM)
    assert kept(tenant) == 0
    take(tenant, amount=Decimal("1.9"))


def test_tax_that_is_kept_is_not_paid_out() -> None:
    tenant = vat_tenant(balance=10)
    job(tenant, {"image_output": 50_000}, held=3)  # 7 are left, 0.57 of them for the tax
    with acting_as("operator"), pytest.raises(ChangeRefused):
        wallet_pay_out(tenant_id=tenant.id, amount=Decimal("6.44"), reason="Back", actor=SYSTEM)
    with acting_as("operator"):
        wallet_pay_out(tenant_id=tenant.id, amount=Decimal("6.43"), reason="Back", actor=SYSTEM)
    assert finalise(tenant).amount_due == 0


def test_a_rate_that_comes_later_counts_what_was_used_before() -> None:
    tenant = vat_tenant(balance=10, rate=0)
    job(tenant, {"image_output": 50_000}, held=3)
    assert kept(tenant) == 0
    rate_set(tenant, 10)
    assert kept(tenant) == Decimal("0.3")
    assert differing(tenant) == set()


def test_a_company_switches_it_for_all_its_tenants() -> None:
    entity = make_entity()
    tenant, other = vat_tenant(entity=entity), vat_tenant()
    with acting_as("operator"):
        legal_entity_update(legal_entity_id=entity.id, actor=SYSTEM, keeps_tax_back=False)
    assert (wallet(tenant).tax_rate, wallet(other).tax_rate) == (ZERO, Decimal(19))
    # what a process that died left is done by the scheduler
    rows("owner", "UPDATE billing_legalentity SET keeps_tax_back = true WHERE id = %s", entity.id)
    assert kept_tax_follow() >= 1
    assert wallet(tenant).tax_rate == 19


def test_a_void_invoice_keeps_its_tax_back_again() -> None:
    tenant = vat_tenant(balance=10)
    job(tenant, {"image_output": 50_000}, held=3)
    invoice = finalise(tenant)
    assert kept(tenant) == 0
    with acting_as("operator"):
        invoice_void(invoice_id=invoice.id, reason="Wrong address", actor=SYSTEM)
    assert kept(tenant) == Decimal("0.57")
    assert wallet(tenant).balance == 7
    assert differing(tenant) == set()


@pytest.mark.parametrize("seed", range(8))
def test_whatever_is_used_nothing_is_due_and_the_books_agree(seed: int) -> None:
    """Each line is rounded to cents, up as well as down; what that makes beyond the wallet is the operator's."""
    chance = random.Random(seed)
    rate = Decimal(chance.randint(10, 3000)) / 100
    tenant = vat_tenant(balance=1, rate=rate)
    for _job in range(chance.randint(1, 25)):
        text, image, model = chance.randint(1, 90_000), chance.randint(1, 4000), chance.choice("abcdefgh")
        usage = {"text_input": text, "image_output": image}
        price = text * Decimal("0.0000005") + image * Decimal("0.00006")
        try:
            job(tenant, usage, held=price, model=model)
        except Refused:
            continue
    # to the last digit: what is free is used, too
    left = free(tenant) / (1 + rate / 100)
    if pieces := int(left / Decimal("0.0000005")):
        job(tenant, {"text_input": pieces}, held=pieces * Decimal("0.0000005"))
    if not wallet(tenant).untaxed:
        return
    assert differing(tenant) == set()
    invoice = finalise(tenant)
    assert (invoice.amount_due, invoice.receivable, invoice.status) == (ZERO, ZERO, "paid")
    assert invoice.paid_from_balance == invoice.total
    assert balances(tenant)["wallet"] >= 0
    assert differing(tenant) == set()
    with acting_as("operator"):
        invoice_void(invoice_id=invoice.id, reason="Again", actor=SYSTEM)
        assert unheld(wallet(tenant)) == 1 - one(
            "owner", "SELECT sum(amount) FROM billing_charge WHERE tenant_id = %s", tenant.id
        )
    assert differing(tenant) == set()
