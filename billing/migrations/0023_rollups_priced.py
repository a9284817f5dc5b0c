from __future__ import annotations

from pathlib import Path
from typing import Any

from django.db import migrations, models, transaction

from cavendish.db.patience import patiently

SQL = Path(__file__).parent.parent / "sql"
ROLLUP_KEY = (
    "tenant_id", "billing_date", "hour", "livemode", "model", "api_key_id", "member_id", "image_size", "kind", "tier",
    "unit", "unit_price",
)  # fmt: skip


def price(**options: Any) -> models.DecimalField[Any, Any]:
    return models.DecimalField(max_digits=20, decimal_places=9, **options)


def rollup_key_exchange(apps: Any, editor: Any) -> None:
    """In one transaction: the other key, and the settlement that knows it (see 0005).

    The old settlement names the old key, so none may be under way: it would wait for the roll-ups and then find no such
    key. All that settles locks its generation before it calls the settlement, so who waits there calls the other one.
    """
    editor.execute("SET LOCAL check_function_bodies = off")
    editor.execute(
        patiently(
            "generations_generation, billing_usagerollup",
            """ALTER TABLE billing_usagerollup DROP CONSTRAINT billing_usagerollup_pkey,
               ADD CONSTRAINT billing_usagerollup_pkey PRIMARY KEY USING INDEX billing_usagerollup_by_price""",
        )
    )
    for name in ("usage_sums", "charge_settle"):
        editor.execute((SQL / "functions" / f"{name}.sql").read_text(), params=None)


def rollups_price(apps: Any, editor: Any) -> None:
    """Splits what was summed before, tenant by tenant and month by month, the newest first: those are still open."""
    statements = (SQL / "0023_rollups_priced.sql").read_text().split(";\n")
    with editor.connection.cursor() as cursor:
        cursor.execute(
            """SELECT DISTINCT tenant_id, date_trunc('month', billing_date)::date AS month FROM billing_usagerollup
               WHERE tier = '' ORDER BY month DESC, tenant_id"""
        )
        for tenant, month in cursor.fetchall():
            with transaction.atomic(using=editor.connection.alias):
                for statement in statements:
                    if statement.strip():
                        cursor.execute(statement, {"tenant": tenant, "month": month})


class Migration(migrations.Migration):
    """Roll-ups and invoice lines by tier and unit price, and how many pieces a price per picture billed."""

    atomic = False
    dependencies = (("billing", "0022_reversals"), ("generations", "0001_initial"))
    operations = (
        migrations.AddField(
            "usagerecord",
            "tier",
            models.CharField(
                max_length=16, db_default="standard", help_text="Of its job: batch for an item of a batch."
            ),
        ),
        migrations.AddField(
            "usagerecord",
            "pieces",
            models.PositiveIntegerField(null=True, help_text="What `per_image` bills; elsewhere it bills `quantity`."),
        ),
        migrations.AlterField(
            "usagerecord",
            "unit",
            models.CharField(max_length=16, db_default="", help_text="Of the price."),
        ),
        migrations.AlterField(
            "usagerecord",
            "quantity",
            models.BigIntegerField(help_text="Tokens; queries of searches; pictures of what a plan includes."),
        ),
        migrations.AddField(
            "usagerollup",
            "tier",
            models.CharField(max_length=16, db_default="", help_text="Empty: from before tiers were kept."),
        ),
        migrations.AddField("usagerollup", "unit", models.CharField(max_length=16, blank=True, db_default="")),
        migrations.AddField("usagerollup", "unit_price", price(db_default=0)),
        migrations.AddField(
            "usagerollup",
            "billed",
            models.BigIntegerField(db_default=0, help_text="Pieces or tokens of the unit."),
        ),
        migrations.AddField("invoiceline", "tier", models.CharField(max_length=16, blank=True, db_default="")),
        migrations.AddField(
            "invoiceline",
            "unit",
            models.CharField(
                max_length=16, blank=True, db_default="", help_text="Of the unit price; empty without one."
            ),
        ),
        migrations.AddField("invoiceline", "unit_price", price(null=True)),
        migrations.AlterField(
            "invoiceline",
            "quantity",
            models.BigIntegerField(default=0, help_text="In pieces or tokens of the unit."),
        ),
        migrations.RunSQL(
            "DROP INDEX CONCURRENTLY IF EXISTS billing_usagerollup_by_price", reverse_sql=migrations.RunSQL.noop
        ),
        migrations.RunSQL(
            """CREATE UNIQUE INDEX CONCURRENTLY billing_usagerollup_by_price ON billing_usagerollup
               (tenant_id, billing_date, hour, livemode, model, api_key_id, member_id, image_size, kind, tier, unit,
                unit_price)""",
            reverse_sql=migrations.RunSQL.noop,
        ),
        migrations.RunPython(rollup_key_exchange, migrations.RunPython.noop, atomic=True),
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AlterField(
                    "usagerollup",
                    "pk",
                    models.CompositePrimaryKey(
                        *ROLLUP_KEY, blank=True, editable=False, primary_key=True, serialize=False
                    ),
                )
            ]
        ),
        migrations.RunPython(rollups_price, migrations.RunPython.noop),
    )
