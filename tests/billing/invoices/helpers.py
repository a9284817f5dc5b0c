"""Months of the past with usage in them, settled by the product's own function, and what the books say of them."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import connections
from django.utils import timezone

from accounts.actor import SYSTEM
from accounts.models import Tenant
from billing.invoices.services import invoice_finalise, invoices_draft
from billing.models import BillingProfile, Invoice, InvoiceLine, LegalEntity
from billing.money import line_amount
from billing.reconcile import Scope, books_checks, snapshot
from billing.usage.upstream import Usage
from billing.wallets.services import wallet_top_up
from cavendish.db.ids import new_id
from cavendish.db.router import acting_as
from tests.factories import FLASH, key_of, make_tenant
from tests.generations.helpers import one, rows

OCTOBER = date(2026, 10, 1)
PRICES = {"text_input": "0.50", "image_output": "60", "thought_output": "3"}
# odd on purpose: three of them make a line that has to be rounded
USUAL = {"text_input": 31, "image_output": 1121}


def make_entity(**fields: Any) -> LegalEntity:
    """A company of its own, so that its numbers begin at one."""
    fields = {"name": "Cavendish Pictures GmbH", "address": "Hauptstraße 1\n10115 Berlin\nGermany", **fields}
    with acting_as("operator"):
        return LegalEntity.objects.create(**fields)


def billed_tenant(
    *, balance: Any = 100, credit_limit: Any = 0, entity: LegalEntity | None = None, **profile: Any
) -> Tenant:
    """A tenant with an entity that issues only its invoices. `profile`: fields of it, or `timezone`, `currency`."""
    settings = {"billing_timezone": profile.pop("timezone")} if "timezone" in profile else {}
    currency = profile.pop("currency", None)
    tenant = make_tenant(balance=0, **settings)
    with connections["owner"].cursor() as cursor:
        cursor.execute(
            """UPDATE billing_wallet SET credit_limit = %s, currency = coalesce(%s, currency)
               WHERE tenant_id = %s AND livemode""",
            [credit_limit, currency, tenant.id],
        )
    if Decimal(balance):
        top_up(tenant, Decimal(balance))
    profile_set(tenant, legal_entity_id=(entity or make_entity()).id, **profile)
    return tenant


def profile_set(tenant: Tenant, **fields: Any) -> None:
    with acting_as("operator"):
        BillingProfile.objects.update_or_create(tenant_id=tenant.id, defaults=fields)


def top_up(tenant: Tenant, amount: Decimal) -> None:
    with acting_as("operator"):
        wallet_top_up(tenant_id=tenant.id, amount=amount, reason="Test", actor=SYSTEM)


def spend(
    tenant: Tenant,
    month: date = OCTOBER,
    usage: Mapping[str, int] = USUAL,
    *,
    model: str = FLASH,
    size: str = "1K",
    livemode: bool = True,
    **sold: Any,
) -> UUID:
    """A job that was accepted in the middle of `month` and settles now: while the month is open it belongs to it.

    `sold`: `prices`, `units`, `tier` and `images` of it, see `charge_of`.
    """
    charge = charge_of(tenant, usage, model=model, size=size, livemode=livemode, **sold)
    generation_id = hold(tenant, month, Decimal(json.loads(charge)["amount"]), livemode=livemode)
    with connections["owner"].cursor() as cursor:
        cursor.execute("SELECT charge_settle(%s, %s, %s::jsonb)", [tenant.id, generation_id, charge])
    return generation_id


def charge_of(
    tenant: Tenant,
    usage: Mapping[str, int],
    *,
    model: str = FLASH,
    size: str = "1K",
    livemode: bool = True,
    prices: Mapping[str, str] = PRICES,
    units: Mapping[str, str] | None = None,
    tier: str = "standard",
    images: int = 1,
) -> str:
    """What `charge_settle` takes of a job, as JSON. `units`: of the prices that are not for a million tokens."""
    units = units or {}

    def billed(kind: str) -> int:
        return images if units.get(kind) == "per_image" else usage[kind]

    records: list[dict[str, Any]] = [
        {
            "kind": kind,
            "quantity": quantity,
            "pieces": images if unit == "per_image" else None,
            "unit": unit,
            "unit_price": price,
            "amount": str(line_amount(quantity=billed(kind), unit_price=Decimal(price), unit=unit)),
            "cost": "0",
        }
        for kind, quantity in usage.items()
        for unit in [units.get(kind, "per_1m_tokens")]
        for price in [prices[kind] if livemode else "0"]
    ]
    shown = {"kind", "unit", "unit_price", "amount"}
    lines = [
        {"quantity": billed(record["kind"]), **{name: value for name, value in record.items() if name in shown}}
        for record in records
    ]
    amount = sum((Decimal(record["amount"]) for record in records), Decimal(0))
    # as a settlement writes it: what the API shows of a charge has the whole shape
    whole = Usage(total=sum(usage.values()))
    for kind, quantity in usage.items():
        setattr(whole, {"search_query": "search_queries"}.get(kind, kind), quantity)
    return json.dumps(
        {
            "status": "charged", "reason": None, "amount": str(amount), "cost": "0", "absorbed": "0", "lines": lines,
            "usage": whole.as_json(), "flags": [], "attempt": 1, "api_key_id": str(key_of(tenant.id, livemode)),
            "model": model,
            "image_size": size, "images": images, "tokens": sum(usage.values()), "requests": 1, "tier": tier,
            "metadata": {}, "records": records,
        }
    )  # fmt: skip


def hold(tenant: Tenant, month: date, amount: Decimal, *, livemode: bool = True) -> UUID:
    """What is held for a job that was accepted in the middle of `month`."""
    generation_id = new_id()
    accepted = datetime(month.year, month.month, 15, 12, tzinfo=UTC)
    with connections["owner"].cursor() as cursor:
        cursor.execute(
            """INSERT INTO billing_hold (generation_id, tenant_id, livemode, status, amount, currency, images, tokens,
                                         prices, created_at)
               SELECT %s, tenant_id, %s, 'held', %s, currency, 1, 1, '{}', %s FROM billing_wallet
               WHERE tenant_id = %s AND livemode = %s""",
            [generation_id, livemode, amount, accepted, tenant.id, livemode],
        )
        cursor.execute(
            "UPDATE billing_wallet SET held = held + %s WHERE tenant_id = %s AND livemode = %s",
            [amount, tenant.id, livemode],
        )
    return generation_id


def correct(tenant: Tenant, amount: str, *, at: datetime, kind: str = "adjustment", reason: str = "Goodwill") -> UUID:
    """A correction of the ledger at a moment of the past; a positive amount is in the tenant's favour."""
    transaction_id = new_id()
    account = "adjustments" if kind == "adjustment" else "revenue"
    with connections["owner"].cursor() as cursor:
        cursor.execute(
            """WITH made AS (
                   INSERT INTO billing_ledgertransaction (id, tenant_id, livemode, kind, reason, actor, at)
                   VALUES (%s, %s, true, %s, %s, 'test', %s) RETURNING id, tenant_id),
               booked AS (
                   INSERT INTO billing_ledgerentry (tenant_id, transaction_id, account, livemode, amount, currency)
                   SELECT made.tenant_id, made.id, e.account, true, e.amount, 'USD'
                   FROM made, (VALUES ('wallet', %s::numeric), (%s, -%s::numeric)) AS e (account, amount))
               UPDATE billing_wallet SET balance = balance + %s WHERE tenant_id = %s AND livemode""",
            [transaction_id, tenant.id, kind, reason, at, amount, account, amount, amount, tenant.id],
        )
    return transaction_id


def draft(tenant: Tenant, month: date = OCTOBER, *, now: datetime | None = None) -> Invoice | None:
    with acting_as("operator"):
        invoices_draft(month=month, tenant_id=tenant.id, now=now)
        found: Invoice | None = Invoice.objects.filter(tenant=tenant, month=month).exclude(status="void").first()
        return found


def finalise(tenant: Tenant, month: date = OCTOBER) -> Invoice:
    """The tenant's invoice of that month, with its number."""
    drafted = draft(tenant, month)
    assert drafted is not None
    with acting_as("operator"):
        invoice_finalise(invoice_id=drafted.id)
    return fresh(drafted.id)


def fresh(invoice_id: UUID) -> Invoice:
    with acting_as("operator"):
        found: Invoice = Invoice.objects.get(id=invoice_id)
        return found


def lines(invoice: Invoice) -> list[InvoiceLine]:
    with acting_as("operator"):
        return list(InvoiceLine.objects.filter(invoice_id=invoice.id).order_by("number"))


def balances(tenant: Tenant) -> dict[str, Decimal]:
    """Sums of the ledger by account; the wallet's cached balance must be the same as its entries'."""
    found = {
        row["account"]: row["amount"]
        for row in rows(
            "owner",
            """SELECT account, sum(amount) AS amount FROM billing_ledgerentry
               WHERE tenant_id = %s AND livemode GROUP BY 1""",
            tenant.id,
        )
    }
    assert sum(found.values()) == 0
    cached = one("owner", "SELECT balance FROM billing_wallet WHERE tenant_id = %s AND livemode", tenant.id)
    assert found.get("wallet", 0) == cached
    return found


def differing(tenant: Tenant) -> set[str]:
    """The checks of the books that find something, but those of what the scheduler makes for all tenants."""
    with snapshot() as books:
        checks = [check for check in books_checks() if not check.name.startswith(("platform_", "partitions"))]
        return {check.name for check in checks if books.run(check, Scope(tenant.id), most=1).count}


def yesterday() -> date:
    """A day on which money may have come for an invoice of today, wherever the tenant is."""
    return timezone.now().date() - timedelta(days=1)


def running_month() -> date:
    """The first of the month that runs in UTC, which is the zone of tenants that name none."""
    return timezone.now().date().replace(day=1)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


SECOND = timedelta(seconds=1)


def unique(prefix: str) -> str:
    return f"{prefix}-{secrets.token_hex(4)}"


def events(subject: UUID) -> list[str]:
    """Types, oldest first."""
    found = rows("owner", "SELECT type FROM events_event WHERE subject = %s ORDER BY xid, id", subject)
    return [row["type"] for row in found]
