from __future__ import annotations

from django.db import migrations, models

ONCE = models.UniqueConstraint(
    fields=["tenant", "livemode", "reference"],
    name="ledger_reference_once",
    condition=models.Q(kind="top_up") & ~models.Q(reference=""),
)
DROP = "DROP INDEX CONCURRENTLY IF EXISTS ledger_reference_once"
CREATE = """CREATE UNIQUE INDEX CONCURRENTLY ledger_reference_once
            ON billing_ledgertransaction (tenant_id, livemode, reference) WHERE kind = 'top_up' AND NOT reference = ''"""


class Migration(migrations.Migration):
    """A top-up may carry the bank's reference, which is booked once. Not atomic: the index is built concurrently."""

    atomic = False
    dependencies = (("billing", "0016_wallet_columns"),)
    operations = (
        migrations.AddField(
            model_name="ledgertransaction",
            name="reference",
            field=models.CharField(
                blank=True,
                db_default="",
                default="",
                help_text="Of the bank or the receipt: books a top-up once.",
                max_length=100,
            ),
        ),
        migrations.SeparateDatabaseAndState(
            state_operations=[migrations.AddConstraint(model_name="ledgertransaction", constraint=ONCE)],
            database_operations=[
                migrations.RunSQL(DROP, reverse_sql=migrations.RunSQL.noop),
                migrations.RunSQL(CREATE, reverse_sql=DROP),
            ],
        ),
    )
