from __future__ import annotations

from pathlib import Path

from django.db import migrations, models
from django.db.models import F, Q

from cavendish.db.rls import composite_key, sql_file, tenant_unique

SQL = Path(__file__).parent.parent / "sql"
KINDS = [
    ("top_up", "Top-up"), ("reversal", "Reversed"), ("payout", "Paid out"), ("charge", "Charge"),
    ("adjustment", "Adjustment"), ("refund", "Refund"), ("credit", "Credit given"), ("expiry", "Credit expired"),
    ("invoice", "Invoice"), ("payment", "Payment"), ("settlement", "Paid from the balance"),
    ("credit_note", "Credit note"),
]  # fmt: skip


class Migration(migrations.Migration):
    """Invoices are paid from the balance too, payments are taken back, and what is overpaid goes into the balance."""

    dependencies = (("billing", "0031_plan_fees"),)
    operations = (
        migrations.AlterField(
            model_name="ledgertransaction",
            name="kind",
            field=models.CharField(choices=KINDS, max_length=12),
        ),
        migrations.AddField(
            model_name="payment",
            name="overpaid",
            field=models.DecimalField(db_default=0, decimal_places=9, default=0, max_digits=20),
        ),
        migrations.AddField(
            model_name="payment",
            name="overpayment_id",
            field=models.UUIDField(help_text="The ledger's transaction with what was overpaid.", null=True),
        ),
        migrations.AddField(
            model_name="payment",
            name="reverses_id",
            field=models.UUIDField(help_text="The payment that this takes back.", null=True),
        ),
        migrations.AddField(
            model_name="payment",
            name="reason",
            field=models.CharField(blank=True, db_default="", default="", help_text="Of a reversal.", max_length=300),
        ),
        # A payment that was taken back may be booked again under its reference: the service looks, under the lock.
        migrations.RemoveConstraint(model_name="payment", name="payment_once"),
        migrations.RemoveConstraint(model_name="payment", name="payment_positive"),
        migrations.AddConstraint(
            model_name="payment",
            constraint=models.UniqueConstraint(
                condition=Q(reverses_id__isnull=False), fields=("reverses_id",), name="payment_reversed_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="payment",
            constraint=models.CheckConstraint(
                condition=Q(reverses_id__isnull=True, amount__gte=0, overpaid__gte=0, amount__gt=-F("overpaid"))
                | Q(reverses_id__isnull=False, amount__lte=0, overpaid=0),
                name="payment_or_reversal",
            ),
        ),
        tenant_unique("billing_payment"),
        composite_key("billing_payment", "reverses_id", "billing_payment"),
        composite_key("billing_payment", "overpayment_id", "billing_ledgertransaction"),
        sql_file(SQL / "0032_settling.sql"),
    )
