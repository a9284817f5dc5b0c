from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    """What was sent of one object. Not atomic: the index is built beside running deliveries."""

    atomic = False
    dependencies = (("accounts", "0018_tenant_notes"),)
    operations = (
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AddIndex(
                    model_name="webhookdelivery", index=models.Index(fields=["subject"], name="webhooks_of_subject")
                )
            ],
            database_operations=[
                # One that a broken-off attempt left is invalid, and would stay so under IF NOT EXISTS.
                migrations.RunSQL(
                    "DROP INDEX CONCURRENTLY IF EXISTS webhooks_of_subject", reverse_sql=migrations.RunSQL.noop
                ),
                migrations.RunSQL(
                    "CREATE INDEX CONCURRENTLY webhooks_of_subject ON accounts_webhookdelivery (subject)",
                    reverse_sql="DROP INDEX CONCURRENTLY IF EXISTS webhooks_of_subject",
                ),
            ],
        ),
    )
