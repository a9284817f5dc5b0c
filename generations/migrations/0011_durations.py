from __future__ import annotations

from django.db import migrations, models

LATEST = models.Index(
    fields=["model", "image_size", "-finished_at"],
    include=["started_at"],
    name="generations_latest",
    condition=models.Q(status="succeeded"),
)


class Migration(migrations.Migration):
    """For `generation_seconds`. Not atomic: the index is built beside running jobs."""

    atomic = False
    dependencies = (("generations", "0010_deadlines"),)
    operations = (
        migrations.SeparateDatabaseAndState(
            state_operations=[migrations.AddIndex(model_name="generation", index=LATEST)],
            database_operations=[
                # One that a broken-off attempt left is invalid, and would stay so under IF NOT EXISTS.
                migrations.RunSQL(
                    "DROP INDEX CONCURRENTLY IF EXISTS generations_latest", reverse_sql=migrations.RunSQL.noop
                ),
                migrations.RunSQL(
                    """CREATE INDEX CONCURRENTLY generations_latest ON generations_generation
                       (model, image_size, finished_at DESC) INCLUDE (started_at) WHERE status = 'succeeded'""",
                    reverse_sql="DROP INDEX CONCURRENTLY IF EXISTS generations_latest",
                ),
            ],
        ),
    )
