"""Whatever months were like, their invoices add up to the cent, none is below zero, and the books agree (I5)."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connections
from django.utils import timezone

from accounts.actor import SYSTEM
from accounts.models import Tenant
from billing.charges.services import charge_refund
from billing.credits.services import credit_grant, credits_expire
from billing.errors import BillingRefused
from billing.invoices.services import invoice_void, invoices_draft, invoices_finalise
from billing.models import Charge, Credit
from billing.payments.services import payment_record
from billing.wallets.services import wallet_adjust, wallet_credit_limit_set, wallet_top_up
from cavendish.db.router import acting_as
from tests.billing.invoices.helpers import PRICES, at, billed_tenant, correct, differing, make_entity, spend
from tests.factories import FLASH, PRO
from tests.generations.helpers import rows

TENANTS = 8
STEPS = 8
"""Operations on a tenant in each month."""
KINDS = ("text_input", "thought_output", "image_output")

ADDS_UP = """
    SELECT i.id, i.month,
        i.net = l.net AND i.exact = l.exact AND i.exact >= 0 AS lines,
        i.net >= 0 AND (i.exact > 0 OR i.net = 0) AS net,
        i.net = round(i.net, i.digits) AND i.tax = round(i.tax, i.digits) AS coins,
        i.total = i.net + i.tax AND i.total = i.paid_from_balance + i.amount_due AS total,
        i.paid_from_balance >= 0 AND i.amount_due >= i.receivable AND i.receivable >= 0 AS due,
        abs(i.net - i.exact) <= l.lines * 0.5 * 10 ^ -i.digits AS near,
        l.roundings = 0 OR (i.net = 0 AND l.roundings = 1) AS rounding,
        l.unsold = 0 AS sold,
        i.failure = '' AND i.failed_at IS NULL AS made
    FROM billing_invoice i
    CROSS JOIN LATERAL (SELECT coalesce(sum(n.exact), 0) AS exact, coalesce(sum(n.amount), 0) AS net, count(*) AS lines,
                               count(*) FILTER (WHERE n.type = 'rounding') AS roundings,
                               -- quantity × unit price is the amount to the cent, and but for the ninth place of each
                               -- record the exact amount too
                               count(*) FILTER (WHERE n.type = 'usage' AND (
                                   n.unit_price IS NULL
                                   OR n.amount <> round(n.quantity * n.unit_price / 1000000, i.digits)
                                   OR abs(n.exact - n.quantity * n.unit_price / 1000000)
                                       > n.records * 0.0000000005)) AS unsold
                        FROM billing_invoiceline n WHERE n.invoice_id = i.id) l
    WHERE i.tenant_id = %s AND i.status <> 'void'
"""


class Chance:
    """Operations on one tenant in a month, drawn by chance. What the services refuse is a part of it."""

    def __init__(self, draw: random.Random) -> None:
        self.draw = draw
        self.given: date | None = None
        prepaid = draw.random() < 0.5
        self.tenant = billed_tenant(
            balance=self.amount(0, 0.3) if prepaid else 0,
            credit_limit=0 if prepaid else draw.choice((1, 1000)),
            currency=draw.choice((None, None, "JPY", "KWD")),
            tax_rate=draw.choice((None, Decimal(19), Decimal("7.7"))),
            tax_label="VAT",
            entity=make_entity(),
        )
        self.operations: list[Callable[[date], Any]] = [
            self.usage, self.usage, self.usage, self.usage, self.grant, self.grant, self.plan_credit, self.correction,
            self.correction, self.refund, self.adjust, self.limit, self.expire, self.top_up,
        ]  # fmt: skip

    def amount(self, low: float, high: float) -> Decimal:
        return Decimal(f"{self.draw.uniform(low, high):.{self.draw.choice((0, 2, 9))}f}")

    def month(self, month: date) -> None:
        for _ in range(STEPS):
            with suppress(BillingRefused):
                self.draw.choice(self.operations)(month)

    def money(self, service: Callable[..., Any], **values: Any) -> None:
        with acting_as("operator"):
            service(tenant_id=self.tenant.id, actor=SYSTEM, **values)

    @property
    def wallet(self) -> dict[str, Any]:
        statement = """SELECT balance + credit_limit - held AS room, balance + credit_limit AS whole, currency
                       FROM billing_wallet WHERE tenant_id = %s AND livemode"""
        (wallet,) = rows("owner", statement, self.tenant.id)
        return wallet

    def usage(self, month: date) -> None:
        """Jobs worth parts of a coin, so that each line is rounded; several models and sizes make several lines."""
        for _ in range(self.draw.randrange(1, 5)):
            usage = {kind: self.draw.randrange(1, 400) for kind in self.draw.sample(KINDS, self.draw.randrange(1, 4))}
            if self.wallet["room"] > Decimal("0.05"):
                spend(
                    self.tenant,
                    month,
                    usage=usage,
                    model=self.draw.choice((PRO, FLASH)),
                    size=self.draw.choice(("512", "1K", "2K", "4K")),
                    prices={kind: self.draw.choice((price, "7.123456789")) for kind, price in PRICES.items()},
                    tier=self.draw.choice(("standard", "standard", "batch")),
                )

    def grant(self, month: date) -> None:
        self.money(credit_grant, amount=self.amount(0, 0.2), expires_at=None, reason="x")

    def plan_credit(self, month: date) -> None:
        if self.given == month:
            return
        self.given = month
        until = timezone.now() + timedelta(days=30)
        self.money(credit_grant, amount=self.amount(0, 0.2), expires_at=until, reason="x", month=month)

    def correction(self, month: date) -> None:
        """An adjustment or a refund of that month, in the tenant's favour or not."""
        amount = Decimal(f"{self.draw.uniform(-0.03, 0.05):.{self.draw.choice((3, 9))}f}")
        if self.wallet["currency"] == "USD" and amount + self.wallet["room"] >= 0:
            kind = self.draw.choice(("adjustment", "refund")) if amount > 0 else "adjustment"
            correct(self.tenant, str(amount), at=at(f"{month:%Y-%m}-{self.draw.randrange(1, 28):02}"), kind=kind)

    def refund(self, month: date) -> None:
        with acting_as("operator"):
            charged = Charge.objects.filter(tenant_id=self.tenant.id, amount__gt=0).order_by("generation_id")
            generations = list(charged.values_list("generation_id", flat=True))
        if generations:
            amount = self.draw.choice((None, self.amount(0, 0.01)))
            self.money(charge_refund, generation_id=self.draw.choice(generations), amount=amount, reason="x")

    def adjust(self, month: date) -> None:
        self.money(wallet_adjust, amount=self.amount(-0.1, 0.1), reason="x")

    def limit(self, month: date) -> None:
        """Down to what is owed with credits counted, so that paid money may lie below it."""
        self.money(credit_grant, amount=Decimal("0.07"), expires_at=None, reason="x")
        self.money(wallet_credit_limit_set, credit_limit=self.draw.choice((Decimal(0), Decimal(1))))

    def expire(self, month: date) -> None:
        with acting_as("operator"):
            past = timezone.now() - timedelta(seconds=1)
            Credit.objects.filter(tenant_id=self.tenant.id, remaining__gt=0).update(expires_at=past)
        credits_expire()

    def top_up(self, month: date) -> None:
        self.money(wallet_top_up, amount=self.amount(0, 0.5), reason="x")

    def settle(self) -> None:
        """What is due of some invoices; some others are taken back and drafted again."""
        statement = "SELECT id, amount_due, status FROM billing_invoice WHERE tenant_id = %s AND number IS NOT NULL"
        for invoice in rows("owner", statement + " AND status <> 'void' ORDER BY id", self.tenant.id):
            chance = self.draw.random()
            with acting_as("operator"), suppress(BillingRefused):
                if invoice["status"] == "finalised" and chance < 0.5:
                    payment_record(
                        invoice_id=invoice["id"],
                        amount=invoice["amount_due"],
                        received_on=date(2026, 11, 1),
                        reference="x",
                        actor=SYSTEM,
                    )
                elif chance > 0.9:
                    invoice_void(invoice_id=invoice["id"], reason="x", actor=SYSTEM)


def adds_up(tenant: Tenant) -> int:
    """The number of the tenant's invoices, each of which adds up."""
    found = rows("owner", ADDS_UP, tenant.id)
    assert all(all(value for name, value in row.items() if name not in ("id", "month")) for row in found), found
    return len(found)


SOLD = "model, image_size, kind, tier, unit, trim_scale(unit_price)"


def lines_sold(tenant: Tenant) -> list[dict[str, Any]]:
    """What the tenant's invoices say was sold, month by month, to the last digit."""
    found = f"""SELECT i.month, {SOLD} AS price, l.records, l.quantity, l.images, l.exact
        FROM billing_invoiceline l JOIN billing_invoice i ON i.id = l.invoice_id
        WHERE i.tenant_id = %s AND l.type = 'usage' AND i.status <> 'void' ORDER BY 1, 2, 3, 4, 5, 6, 7"""
    return rows("owner", found, tenant.id)


def records_sold(tenant: Tenant) -> list[dict[str, Any]]:
    found = f"""SELECT date_trunc('month', billing_date)::date AS month, {SOLD} AS price, count(*) AS records,
            sum(quantity) AS quantity, sum(images) AS images, sum(amount) AS exact
        FROM billing_usagerecord WHERE tenant_id = %s GROUP BY 1, 2, 3, 4, 5, 6, 7 ORDER BY 1, 2, 3, 4, 5, 6, 7"""
    return rows("owner", found, tenant.id)


def count(statement: str, month: date, tenants: Sequence[Tenant]) -> int:
    values: dict[str, Any] = {"month": month, "tenants": [tenant.id for tenant in tenants]}
    with connections["owner"].cursor() as cursor:
        cursor.execute(statement, values)
        (found,) = cursor.fetchone()
    return int(found)


USED = """SELECT count(DISTINCT tenant_id) FROM billing_usagerollup
    WHERE billing_date >= %(month)s AND billing_date < %(month)s + interval '1 month' AND livemode AND kind <> 'request'
        AND tenant_id = ANY (%(tenants)s)"""
DRAFTED = """SELECT count(*) FROM billing_invoice i
    WHERE month = %(month)s AND status = 'draft' AND replaces_id IS NULL AND tenant_id = ANY (%(tenants)s)"""


@pytest.mark.parametrize(
    ("seed", "months"), [(1, (date(2025, 7, 1), date(2025, 8, 1))), (3, (date(2025, 9, 1), date(2025, 10, 1)))]
)
def test_random_months_have_invoices_that_add_up(seed: int, months: Sequence[date]) -> None:
    draw = random.Random(seed)
    chances = [Chance(draw) for _ in range(TENANTS)]
    tenants = [chance.tenant for chance in chances]
    for month in months:
        for chance in chances:
            chance.month(month)
    for chance in chances[::2]:
        chance.limit(months[-1])
    for month in months:
        with acting_as("operator"):
            invoices_draft(month=month)
            drafted = count(DRAFTED, month, tenants)
            assert drafted >= count(USED, month, tenants) > TENANTS / 2
            for tenant in tenants:
                adds_up(tenant)
            assert invoices_finalise(month=month) >= drafted
            assert count(DRAFTED, month, tenants) == 0
        for chance in chances:
            adds_up(chance.tenant)
            chance.settle()
    for chance in chances:
        adds_up(chance.tenant)
        assert differing(chance.tenant) == set()
        assert lines_sold(chance.tenant) == records_sold(chance.tenant)
    kinds = "SELECT DISTINCT type FROM billing_invoiceline WHERE tenant_id = ANY (%s)"
    shown = {row["type"] for row in rows("owner", kinds, [chance.tenant.id for chance in chances])}
    assert shown >= {"usage", "credit", "rounding"}
    assert shown & {"adjustment", "refund"}
