from __future__ import annotations

from django.db import migrations, models

FAILED = models.Index(condition=models.Q(("status", "failed")), fields=["id"], name="mails_failed")
SENT = models.Index(condition=models.Q(("status", "sent")), fields=["ended_at"], name="mails_sent")
# Built anew: one that a broken-off attempt left is invalid, and would stay so under IF NOT EXISTS.
DROP = "DROP INDEX CONCURRENTLY IF EXISTS {}"


class Migration(migrations.Migration):
    """The operator's page lists mails that failed and counts those of the last day. Not atomic."""

    atomic = False
    dependencies = (("mail", "0001_initial"),)
    operations = (
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AddIndex(model_name="mail", index=FAILED),
                migrations.AddIndex(model_name="mail", index=SENT),
            ],
            database_operations=[
                migrations.RunSQL(DROP.format("mails_failed"), reverse_sql=migrations.RunSQL.noop),
                migrations.RunSQL(
                    "CREATE INDEX CONCURRENTLY mails_failed ON mail_mail (id) WHERE status = 'failed'",
                    reverse_sql=DROP.format("mails_failed"),
                ),
                migrations.RunSQL(DROP.format("mails_sent"), reverse_sql=migrations.RunSQL.noop),
                migrations.RunSQL(
                    "CREATE INDEX CONCURRENTLY mails_sent ON mail_mail (ended_at) WHERE status = 'sent'",
                    reverse_sql=DROP.format("mails_sent"),
                ),
            ],
        ),
    )
