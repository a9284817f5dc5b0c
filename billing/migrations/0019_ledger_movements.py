from __future__ import annotations

from django.db import migrations, models

INDEX = models.Index(
    fields=["kind", "id"], name="ledger_movements", condition=models.Q(("kind", "charge"), _negated=True)
)
DROP = "DROP INDEX CONCURRENTLY IF EXISTS ledger_movements"


class Migration(migrations.Migration):
    """Finds the few movements of a kind among millions of charges. Not atomic: it is built beside running jobs."""

    atomic = False
    dependencies = (("billing", "0018_found_references"),)
    operations = (
        migrations.SeparateDatabaseAndState(
            state_operations=[migrations.AddIndex(model_name="ledgertransaction", index=INDEX)],
            database_operations=[
                # one that a broken-off attempt left is invalid
                migrations.RunSQL(DROP, reverse_sql=migrations.RunSQL.noop),
                migrations.RunSQL(
                    """CREATE INDEX CONCURRENTLY ledger_movements ON billing_ledgertransaction (kind, id)
                       WHERE NOT kind = 'charge'""",
                    reverse_sql=DROP,
                ),
            ],
        ),
    )
