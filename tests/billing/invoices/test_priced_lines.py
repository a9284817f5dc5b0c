"""A line for each unit price and tier: quantity × price is its amount, and pictures sold by the piece count as such."""

from __future__ import annotations

import json
from decimal import Decimal
from importlib import import_module
from typing import Any
from uuid import UUID

from django.db import connections

from billing.invoices.labels import line_text, quantity_text, rate_text
from billing.invoices.pdf import invoice_content
from billing.invoices.representation import invoice_csv
from billing.invoices.selectors import invoice_detail, line_generations
from billing.models import Invoice, InvoiceLine
from cavendish.db.router import acting_as
from tests.billing.invoices.helpers import (
    OCTOBER,
    PRICES,
    billed_tenant,
    charge_of,
    correct,
    differing,
    draft,
    finalise,
    hold,
    lines,
    spend,
)
from tests.billing.invoices.helpers import at as moment
from tests.generations.helpers import rows

EACH: dict[str, Any] = {"units": {"image_output": "per_image", "search_query": "per_1k_queries"}}


def shown(found: list[InvoiceLine]) -> list[tuple[str, str, str, str]]:
    return [(line_text(line), quantity_text(line), rate_text(line), f"{line.amount:.2f}") for line in found]


def generations(line: InvoiceLine, invoice: Invoice) -> tuple[int, int, Decimal]:
    """How many jobs a line leads to, and what they sum to."""
    with acting_as("operator"):
        page, cursor = line_generations(line, invoice, after=None, limit=100)
    assert cursor is None
    return len(page), sum(row.quantity for row in page), sum((row.amount for row in page), Decimal(0))


def test_each_price_and_tier_has_a_line_that_can_be_checked() -> None:
    tenant = billed_tenant()
    for _ in range(4):
        spend(tenant, usage={"image_output": 2240}, prices={"image_output": "0.19"}, images=2, **EACH)
    spend(tenant, usage={"image_output": 1120}, prices={"image_output": "0.20"}, **EACH)
    spend(tenant, usage={"image_output": 1120}, prices={"image_output": "0.095"}, tier="batch", **EACH)
    prices = {"text_input": "0.50", "search_query": "14"}
    spend(tenant, usage={"search_query": 1, "text_input": 1}, prices=prices, images=0, **EACH)

    invoice = finalise(tenant)

    found = lines(invoice)
    assert shown(found) == [
        ("Text input", "1 token", "× 0.50 / 1M", "0.00"),
        ("Images", "8 images", "× 0.19", "1.52"),
        ("Images", "1 image", "× 0.20", "0.20"),
        ("Images, batch", "1 image", "× 0.095", "0.10"),
        ("Searches", "1 search", "× 14.00 / 1k", "0.01"),
    ]
    assert [generations(line, invoice) for line in found] == [
        (1, 1, Decimal("0.0000005")),
        (4, 8, Decimal("1.52")),
        (1, 1, Decimal("0.2")),
        (1, 1, Decimal("0.095")),
        (1, 1, Decimal("0.014")),
    ]
    [group] = invoice_content(invoice, found)["groups"]
    assert group["rows"][1] == ["Images", "8 images", "× 0.19", "1.52"]
    with acting_as("operator"):
        csv = b"".join(invoice_csv(invoice_detail(invoice))).decode().splitlines()
    assert "image_output,standard,8,8,per_image,0.19,1.520000000,1.52,USD" in csv[2]
    assert differing(tenant) == set()


def test_what_has_no_unit_price_has_its_amount_alone() -> None:
    """What a plan includes and what went beyond a hold is worth something else in each generation."""
    tenant = billed_tenant()
    for off in ("0.067260000", "0.01"):
        charge = json.loads(charge_of(tenant, {"image_output": 1121}))
        record = {"kind": "included", "quantity": 1, "pieces": None, "unit": "each", "unit_price": f"-{off}",
                  "amount": f"-{off}", "cost": "0"}  # fmt: skip
        charge["records"].append(record)
        charge["lines"].append({name: record[name] for name in ("kind", "quantity", "unit", "unit_price", "amount")})
        charge["amount"] = str(Decimal(charge["amount"]) - Decimal(off))
        generation = hold(tenant, OCTOBER, Decimal("0.07"))
        with connections["owner"].cursor() as cursor:
            cursor.execute("SELECT charge_settle(%s, %s, %s::jsonb)", [tenant.id, generation, json.dumps(charge)])

    invoice = finalise(tenant)

    assert shown(lines(invoice)) == [
        ("Images", "2,242 tokens", "× 60.00 / 1M", "0.13"),
        ("Included in the plan", "2 images", "", "-0.08"),
    ]
    assert generations(lines(invoice)[1], invoice) == (2, 2, Decimal("-0.07726"))
    assert differing(tenant) == set()


def test_a_result_of_the_release_before_does_not_say_its_pieces() -> None:
    tenant = billed_tenant()
    charge = json.loads(charge_of(tenant, {"image_output": 2240}, prices={"image_output": "0.19"}, images=2, **EACH))
    for record in charge["records"]:
        del record["pieces"]
    del charge["tier"]
    generation = hold(tenant, OCTOBER, Decimal(1))
    with connections["owner"].cursor() as cursor:
        cursor.execute("SELECT charge_settle(%s, %s, %s::jsonb)", [tenant.id, generation, json.dumps(charge)])
    assert shown(lines(finalise(tenant))) == [("Images", "2 images", "× 0.19", "0.38")]
    assert differing(tenant) == set()


def test_the_amount_is_quantity_by_price_where_records_were_rounded() -> None:
    """Ten records of 0.0000000005 are 10 × 0.000000001 exactly, and 0.000000005 by quantity and price."""
    tenant = billed_tenant()
    for _ in range(10):
        spend(tenant, usage={"text_input": 1}, prices={"text_input": "0.0005"})
    [line] = lines(finalise(tenant))
    assert (line.exact, line.quantity, line.unit_price) == (Decimal("0.00000001"), 10, Decimal("0.0005"))
    assert line.amount == 0
    assert differing(tenant) == set()


def test_a_correction_stands_on_the_draft_that_waits_and_not_on_the_next_month_too() -> None:
    tenant = billed_tenant()
    spend(tenant)
    spend(tenant, OCTOBER.replace(month=11))
    adjustment = correct(tenant, "-1.00", at=moment("2026-10-20"))
    october = draft(tenant)
    assert october is not None
    # November is over on a clock that is ahead, while October waits
    november = draft(tenant, OCTOBER.replace(month=11), now=moment("2026-12-02"))
    assert november is not None

    assert [line.ledger_transaction_id for line in lines(october)][-1] == adjustment
    assert {line.type for line in lines(november)} == {"usage"}


def rolled_up(tenant: UUID) -> list[dict[str, Any]]:
    order = "billing_date, hour, model, kind, tier, unit_price"
    return rows("owner", f"SELECT * FROM billing_usagerollup WHERE tenant_id = %s ORDER BY {order}", tenant)


def test_what_was_summed_before_prices_were_kept_is_split_by_them() -> None:
    tenant, other = billed_tenant(), billed_tenant()
    for price in ("0.19", "0.20"):
        spend(tenant, usage={"image_output": 1120}, prices={"image_output": price}, images=2, **EACH)
    spend(tenant)
    spend(other)
    before = rolled_up(tenant.id)
    merge = """
        WITH old AS (DELETE FROM billing_usagerollup WHERE tenant_id = %(tenant)s RETURNING *)
        INSERT INTO billing_usagerollup (tenant_id, billing_date, hour, livemode, model, api_key_id, member_id,
            image_size, kind, records, quantity, images, flagged, amount, cost)
        SELECT tenant_id, billing_date, hour, livemode, model, api_key_id, member_id, image_size, kind, sum(records),
            sum(quantity), sum(images), sum(flagged), sum(amount), sum(cost)
        FROM old GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9"""
    with connections["owner"].cursor() as cursor:
        for each in (tenant, other):
            cursor.execute(merge, {"tenant": each.id})
            # what a charge counts is found through its job
            cursor.execute(
                """INSERT INTO generations_generation (id, tenant_id, api_key_id, livemode, status, model, tier,
                       priority, metadata, store, image_size, aspect_ratio, estimated_bytes, attempts, failures,
                       upstream_id, upstream_key, upstream_host, request_id, deadline_at)
                   SELECT DISTINCT generation_id, tenant_id, api_key_id, livemode, 'succeeded', model, 'standard', 0,
                       '{}'::jsonb, true, image_size, '1:1', 0, 1, 0, '', '', '', '', now()
                   FROM billing_usagerecord WHERE tenant_id = %s""",
                [each.id],
            )
        cursor.execute("UPDATE billing_usagerecord SET pieces = NULL WHERE tenant_id = %s", [tenant.id])
        # books that differ are for reconcile to tell
        cursor.execute("UPDATE billing_usagerollup SET amount = amount + 1 WHERE tenant_id = %s", [other.id])
    untouched = rolled_up(other.id)
    assert len(rolled_up(tenant.id)) < len(before)

    migration = import_module("billing.migrations.0023_rollups_priced")
    with connections["owner"].schema_editor(atomic=False) as editor:
        migration.rollups_price(None, editor)

    assert rolled_up(tenant.id) == before
    assert rolled_up(other.id) == untouched
    assert differing(tenant) == set()
    assert differing(other) != set()
    assert PRICES["text_input"] == "0.50"
