from __future__ import annotations

from django.db import migrations, models

ACTOR = models.Index(fields=["actor_id", "id"], name="audit_of_actor")
ACTION = models.Index(fields=["action", "id"], name="audit_of_action")
# Built anew: one that a broken-off attempt left is invalid, and would stay so under IF NOT EXISTS.
DROP = "DROP INDEX CONCURRENTLY IF EXISTS {}"
CREATE = "CREATE INDEX CONCURRENTLY {} ON accounts_auditevent ({})"


class Migration(migrations.Migration):
    """The operator searches the audit log of all tenants by who acted and by what was done. Not atomic."""

    atomic = False
    dependencies = (("accounts", "0019_webhooks_of_subject"),)
    operations = (
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AddIndex(model_name="auditevent", index=ACTOR),
                migrations.AddIndex(model_name="auditevent", index=ACTION),
            ],
            database_operations=[
                migrations.RunSQL(DROP.format("audit_of_actor"), reverse_sql=migrations.RunSQL.noop),
                migrations.RunSQL(
                    CREATE.format("audit_of_actor", "actor_id, id"), reverse_sql=DROP.format("audit_of_actor")
                ),
                migrations.RunSQL(DROP.format("audit_of_action"), reverse_sql=migrations.RunSQL.noop),
                migrations.RunSQL(
                    CREATE.format("audit_of_action", "action, id"), reverse_sql=DROP.format("audit_of_action")
                ),
            ],
        ),
    )
