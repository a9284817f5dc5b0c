from __future__ import annotations

from pathlib import Path

import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

import cavendish.db.ids
from cavendish.db.rls import composite_key, shared_table, sql_file, tenant_table

SQL = Path(__file__).parent.parent / "sql"


class Migration(migrations.Migration):
    """A receipt for each top-up, in a series of its own; and rates for VAT in the currency in which it is owed."""

    dependencies = [
        ("accounts", "0024_payment_marks"),
        ("billing", "0033_given_back"),
    ]

    operations = [
        migrations.AlterField(
            model_name="numberseries",
            name="document",
            field=models.CharField(
                choices=[("invoices", "Invoices"), ("credit_notes", "Credit notes"), ("receipts", "Receipts")],
                max_length=16,
            ),
        ),
        migrations.CreateModel(
            name="ExchangeRate",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=cavendish.db.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("currency", models.CharField(max_length=3)),
                ("tax_currency", models.CharField(max_length=3)),
                ("rate", models.DecimalField(decimal_places=9, max_digits=20)),
                ("valid_from", models.DateField()),
                ("source", models.CharField(blank=True, help_text='For example "ECB".', max_length=100)),
                ("created_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("currency", "tax_currency", "valid_from"), name="exchange_rate_once"
                    ),
                    models.CheckConstraint(condition=models.Q(("rate__gt", 0)), name="exchange_rate_positive"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Receipt",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=cavendish.db.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("series", models.CharField(blank=True, help_text="Empty where numbers never restart.", max_length=40)),
                ("series_number", models.BigIntegerField()),
                ("number", models.CharField(max_length=64)),
                ("ledger_transaction_id", models.UUIDField(help_text="The top-up.", unique=True)),
                ("amount", models.DecimalField(decimal_places=9, max_digits=20)),
                ("currency", models.CharField(max_length=3)),
                (
                    "reference",
                    models.CharField(blank=True, help_text="Of the bank, or the provider's id.", max_length=200),
                ),
                ("received_at", models.DateTimeField(help_text="When the top-up was booked.")),
                ("issued_on", models.DateField()),
                ("issuer", models.JSONField()),
                ("customer", models.JSONField()),
                ("created_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                (
                    "legal_entity",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="billing.legalentity"
                    ),
                ),
                (
                    "tenant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.tenant"
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["tenant", "id"], name="receipts_of_tenant")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("legal_entity", "series", "series_number"), name="receipt_series_once"
                    ),
                    models.UniqueConstraint(fields=("legal_entity", "number"), name="receipt_number_once"),
                    models.CheckConstraint(condition=models.Q(("amount__gt", 0)), name="receipt_positive"),
                ],
            },
        ),
        shared_table("billing_exchangerate"),
        tenant_table("billing_receipt", grants="SELECT"),
        composite_key("billing_receipt", "ledger_transaction_id", "billing_ledgertransaction"),
        sql_file(SQL / "0034_receipts.sql"),
    ]
