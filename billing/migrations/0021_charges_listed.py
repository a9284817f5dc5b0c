from __future__ import annotations

from django.db import migrations, models
from django.db.models import Q

DROP = "DROP INDEX CONCURRENTLY IF EXISTS charges_flagged_listed"
CREATE = """CREATE INDEX CONCURRENTLY charges_flagged_listed ON billing_charge (generation_id)
    WHERE NOT (flags = '[]'::jsonb)"""


class Migration(migrations.Migration):
    """How the operator lists flagged charges, in the order of the list of all. Only a charge with flags writes to it."""

    atomic = False
    dependencies = (("billing", "0020_invoice_failures"),)
    operations = (
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AddIndex(
                    model_name="charge",
                    index=models.Index(fields=["generation_id"], name="charges_flagged_listed", condition=~Q(flags=[])),
                )
            ],
            database_operations=[
                # One that a broken-off attempt left is invalid, and would stay so under IF NOT EXISTS.
                migrations.RunSQL(DROP, reverse_sql=migrations.RunSQL.noop),
                migrations.RunSQL(CREATE, reverse_sql=DROP),
            ],
        ),
    )
