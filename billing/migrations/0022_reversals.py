from __future__ import annotations

from django.db import migrations, models

INDEX = models.Index(
    condition=models.Q(("reverses_id__isnull", False)), fields=["reverses_id"], name="ledger_reversals"
)
DROP = "DROP INDEX CONCURRENTLY IF EXISTS ledger_reversals"
CREATE = """CREATE INDEX CONCURRENTLY ledger_reversals ON billing_ledgertransaction (reverses_id)
    WHERE reverses_id IS NOT NULL"""
KINDS = [
    ("top_up", "Top-up"), ("reversal", "Top-up reversed"), ("payout", "Paid out"), ("charge", "Charge"),
    ("adjustment", "Adjustment"), ("refund", "Refund"), ("credit", "Credit given"), ("expiry", "Credit expired"),
    ("invoice", "Invoice"), ("payment", "Payment"), ("credit_note", "Credit note"),
]  # fmt: skip


class Migration(migrations.Migration):
    """Money that goes out and is no sale: a top-up taken back, which names it, and money paid out."""

    atomic = False
    dependencies = (("billing", "0021_charges_listed"),)
    operations = (
        migrations.AlterField(
            model_name="ledgertransaction",
            name="kind",
            field=models.CharField(choices=KINDS, max_length=12),
        ),
        migrations.AddField(
            model_name="ledgertransaction",
            name="reverses_id",
            field=models.UUIDField(help_text="The top-up that a reversal takes back, or a part of.", null=True),
        ),
        migrations.SeparateDatabaseAndState(
            state_operations=[migrations.AddIndex(model_name="ledgertransaction", index=INDEX)],
            database_operations=[
                # One that a broken-off attempt left is invalid, and would stay so under IF NOT EXISTS.
                migrations.RunSQL(DROP, reverse_sql=migrations.RunSQL.noop),
                migrations.RunSQL(CREATE, reverse_sql=DROP),
            ],
        ),
    )
