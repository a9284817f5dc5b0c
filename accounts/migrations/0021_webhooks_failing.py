from __future__ import annotations

from django.db import migrations, models

FAILING = models.Index(
    fields=["failing_since"], name="webhooks_failing", condition=models.Q(failing_since__isnull=False)
)
# Built anew: one that a broken-off attempt left is invalid, and would stay so under IF NOT EXISTS.
DROP = "DROP INDEX CONCURRENTLY IF EXISTS webhooks_failing"
CREATE = """CREATE INDEX CONCURRENTLY webhooks_failing ON accounts_webhookendpoint (failing_since)
            WHERE failing_since IS NOT NULL"""


class Migration(migrations.Migration):
    """Finds the few endpoints that fail among those of all jobs, for the operator's page. Not atomic."""

    atomic = False
    dependencies = (("accounts", "0020_audit_search"),)
    operations = (
        migrations.SeparateDatabaseAndState(
            state_operations=[migrations.AddIndex(model_name="webhookendpoint", index=FAILING)],
            database_operations=[
                migrations.RunSQL(DROP, reverse_sql=migrations.RunSQL.noop),
                migrations.RunSQL(CREATE, reverse_sql=DROP),
            ],
        ),
    )
