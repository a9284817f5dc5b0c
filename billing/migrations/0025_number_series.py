from __future__ import annotations

from typing import Any

import django.db.models.deletion
from django.db import migrations, models

from cavendish.db.rls import shared_table

HELP = "Empty where numbers never restart."


def series_unique(table: str, model: str, name: str, old: str) -> list[migrations.operations.base.Operation]:
    """Numbers are unique within their series. The index is built beside running invoices; the old one goes in the end."""
    return [
        migrations.RunSQL(f"DROP INDEX CONCURRENTLY IF EXISTS {name}", reverse_sql=migrations.RunSQL.noop),
        migrations.RunSQL(
            f"CREATE UNIQUE INDEX CONCURRENTLY {name} ON {table} (legal_entity_id, series, series_number)",
            reverse_sql=migrations.RunSQL.noop,
        ),
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.RemoveConstraint(model, old),
                migrations.AddConstraint(
                    model,
                    models.UniqueConstraint(fields=["legal_entity", "series", "series_number"], name=name),
                ),
            ],
            database_operations=[
                migrations.RunSQL(
                    f"""SET lock_timeout = '30s';
                    ALTER TABLE {table} ADD CONSTRAINT {name} UNIQUE USING INDEX {name}, DROP CONSTRAINT {old};
                    RESET lock_timeout""",
                    reverse_sql=migrations.RunSQL.noop,
                )
            ],
        ),
    ]


def text(**options: Any) -> models.CharField[Any, Any]:
    return models.CharField(max_length=40, blank=True, **options)


class Migration(migrations.Migration):
    """Dates of issue in the company's time zone, and counters that may restart with the prefix."""

    atomic = False
    dependencies = (("billing", "0024_seals"),)
    operations = (
        migrations.AddField(
            "legalentity",
            "timezone",
            models.CharField(max_length=64, default="UTC", db_default="UTC", help_text="Of the dates of issue."),
        ),
        migrations.AddField(
            "legalentity",
            "numbers_restart",
            models.BooleanField(
                default=False, db_default=False, help_text="Numbers begin at 1 again where {year} or {month} changes."
            ),
        ),
        migrations.AddField("invoice", "series", text(db_default="", help_text=HELP)),
        migrations.AddField("creditnote", "series", text(db_default="", help_text=HELP)),
        migrations.AlterField(
            "invoice",
            "issued_on",
            models.DateField(null=True, help_text="In the time zone of the legal entity."),
        ),
        migrations.CreateModel(
            "NumberSeries",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                (
                    "legal_entity",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="billing.legalentity",
                    ),
                ),
                (
                    "document",
                    models.CharField(
                        choices=[("invoices", "Invoices"), ("credit_notes", "Credit notes")], max_length=16
                    ),
                ),
                ("series", text()),
                ("issued", models.BigIntegerField()),
                ("last_on", models.DateField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=["legal_entity", "document", "series"], name="number_series_once")
                ]
            },
        ),
        shared_table("billing_numberseries", app=""),
        *series_unique("billing_invoice", "invoice", "invoice_number_of_series", "invoice_number_once"),
        *series_unique("billing_creditnote", "creditnote", "credit_note_number_of_series", "credit_note_number_once"),
    )
