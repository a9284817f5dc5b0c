from __future__ import annotations

from django.db import migrations, models
from django.db.models import Q

DROP = "DROP INDEX CONCURRENTLY IF EXISTS webhooks_failed"
CREATE = """CREATE INDEX CONCURRENTLY webhooks_failed ON accounts_webhookdelivery (endpoint_id, id)
    WHERE status = 'failed'"""


class Migration(migrations.Migration):
    """How the operator counts and lists deliveries that failed for good. Only such a delivery writes to it."""

    atomic = False
    dependencies = (("accounts", "0021_webhooks_failing"),)
    operations = (
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AddIndex(
                    model_name="webhookdelivery",
                    index=models.Index(
                        fields=["endpoint_id", "id"], name="webhooks_failed", condition=Q(status="failed")
                    ),
                )
            ],
            database_operations=[
                # One that a broken-off attempt left is invalid, and would stay so under IF NOT EXISTS.
                migrations.RunSQL(DROP, reverse_sql=migrations.RunSQL.noop),
                migrations.RunSQL(CREATE, reverse_sql=DROP),
            ],
        ),
    )
