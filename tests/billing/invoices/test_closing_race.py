"""A job that settles while its month is being closed is on the invoice or in the next month, never between the two."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from decimal import Decimal

import psycopg
from django.db import connections

from accounts.models import Tenant
from billing.invoices.services import invoice_finalise
from billing.models import Invoice
from cavendish.db.pool import conninfo
from cavendish.db.router import acting_as
from tests.billing.invoices.helpers import billed_tenant, charge_of, draft, fresh, hold, spend
from tests.generations.helpers import one
from tests.races import function_without, until, waited_for

IMAGE = {"image_output": 1121}
AMOUNT = Decimal("0.06726")


def drafted() -> tuple[Tenant, Invoice]:
    tenant = billed_tenant()
    spend(tenant, usage=IMAGE)
    made = draft(tenant)
    assert made is not None
    return tenant, made


def in_thread(work: Callable[[], object]) -> threading.Thread:
    def run() -> None:
        try:
            work()
        finally:
            connections.close_all()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def waits_for_lock(tenant_thread: threading.Thread) -> None:
    """Until somebody waits for a lock, which must be within the seconds that a busy machine may take."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline and tenant_thread.is_alive():
        if one("owner", "SELECT count(*) FROM pg_locks WHERE NOT granted"):
            return
        time.sleep(0.01)
    raise AssertionError("nobody waited")


def finalise(invoice: Invoice) -> None:
    with acting_as("operator"):
        invoice_finalise(invoice_id=invoice.id)


def settled(connection: psycopg.Connection, tenant: Tenant) -> str:
    """Settles one more job of October in the connection's open transaction; its billing date."""
    generation = hold(tenant, date(2026, 10, 1), AMOUNT)
    connection.execute("SELECT charge_settle(%s, %s, %s::jsonb)", [tenant.id, generation, charge_of(tenant, IMAGE)])
    [row] = connection.execute("SELECT billing_date FROM billing_charge WHERE generation_id = %s", [generation])
    return str(row[0])


def test_closing_waits_for_a_job_that_settles_and_takes_it_in() -> None:
    tenant, invoice = drafted()
    with psycopg.connect(conninfo("owner")) as settling:
        assert settled(settling, tenant) == "2026-10-31"
        closing = in_thread(lambda: finalise(invoice))
        waits_for_lock(closing)
        settling.commit()
    closing.join(timeout=30)
    assert fresh(invoice.id).exact == 2 * AMOUNT


def test_a_job_that_settles_while_its_month_is_closed_goes_into_the_next() -> None:
    tenant, invoice = drafted()
    dates: list[str] = []

    def settle() -> None:
        with psycopg.connect(conninfo("owner")) as settling:
            dates.append(settled(settling, tenant))

    with psycopg.connect(conninfo("owner")) as closing:
        closing.execute(
            "UPDATE billing_billingperiod SET closed_at = now() WHERE tenant_id = %s AND month = '2026-10-01'",
            [tenant.id],
        )
        waiting = in_thread(settle)
        waits_for_lock(waiting)
        closing.commit()
    waiting.join(timeout=30)
    finalise(invoice)
    assert fresh(invoice.id).exact == AMOUNT
    assert dates == [str(one("owner", "SELECT (now() AT TIME ZONE 'UTC')::date"))]


def test_without_the_share_lock_a_job_would_be_lost_between_them() -> None:
    """The twin: a job that has read its month as open, and has yet to come to the wallet, is not waited for."""
    tenant, invoice = drafted()
    generation = hold(tenant, date(2026, 10, 1), AMOUNT)
    values = [tenant.id, generation, charge_of(tenant, IMAGE)]
    rolled = """SELECT sum(amount) FROM billing_usagerollup
                WHERE tenant_id = %s AND kind = 'image_output' AND billing_date = '2026-10-31'"""
    with (
        function_without("charge_settle", ("FOR SHARE;", ";")),
        psycopg.connect(conninfo("owner")) as holder,
        psycopg.connect(conninfo("owner")) as settling,
        ThreadPoolExecutor(1) as threads,
    ):
        holder.execute("SELECT 1 FROM billing_hold WHERE generation_id = %s FOR UPDATE", [generation])
        settlement = threads.submit(settling.execute, "SELECT charge_settle(%s, %s, %s::jsonb)", values)
        until(lambda: waited_for(holder))
        finalise(invoice)
        holder.commit()
        settlement.result(timeout=30)
        assert settling.execute(rolled, [tenant.id]).fetchone() == (2 * AMOUNT,)
        settling.rollback()  # it is seen now, and need not stay in the books of the run
    assert fresh(invoice.id).exact == AMOUNT
