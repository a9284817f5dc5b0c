from __future__ import annotations

from django.db import migrations, models

UNSUCCESSFUL = models.Index(
    fields=["finished_at"], name="generations_unsuccessful", condition=models.Q(status__in=["failed", "canceled"])
)
# Built anew: one that a broken-off attempt left is invalid, and would stay so under IF NOT EXISTS.
DROP = "DROP INDEX CONCURRENTLY IF EXISTS generations_unsuccessful"
CREATE = """CREATE INDEX CONCURRENTLY generations_unsuccessful ON generations_generation (finished_at)
            WHERE status IN ('failed', 'canceled')"""


class Migration(migrations.Migration):
    """Finds failed and canceled jobs by their end; those that succeed have an index already. Not atomic."""

    atomic = False
    dependencies = (("generations", "0024_activity"),)
    operations = (
        migrations.SeparateDatabaseAndState(
            state_operations=[migrations.AddIndex(model_name="generation", index=UNSUCCESSFUL)],
            database_operations=[
                migrations.RunSQL(DROP, reverse_sql=migrations.RunSQL.noop),
                migrations.RunSQL(CREATE, reverse_sql=DROP),
            ],
        ),
    )
