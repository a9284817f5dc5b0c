from __future__ import annotations

from django.db import migrations, models

NEXT = models.Index(fields=["previous_id"], name="generations_next", condition=models.Q(previous_id__isnull=False))
OF_BATCH = models.Index(
    fields=["batch_id", "id"], name="generations_of_batch", condition=models.Q(batch_id__isnull=False)
)


def _concurrently(name: str, columns: str, condition: str) -> list[migrations.RunSQL]:
    """Builds an index anew: one that a broken-off attempt left is invalid, and would stay so under IF NOT EXISTS."""
    drop = f"DROP INDEX CONCURRENTLY IF EXISTS {name}"
    create = f"CREATE INDEX CONCURRENTLY {name} ON generations_generation ({columns}) WHERE {condition}"
    return [migrations.RunSQL(drop, reverse_sql=migrations.RunSQL.noop), migrations.RunSQL(create, reverse_sql=drop)]


class Migration(migrations.Migration):
    """Indexes of the list's filters. Not atomic: they are built beside running jobs."""

    atomic = False
    dependencies = (("generations", "0014_storage_counted"),)
    operations = (
        migrations.SeparateDatabaseAndState(
            state_operations=[migrations.AddIndex(model_name="generation", index=NEXT)],
            database_operations=_concurrently("generations_next", "previous_id", "previous_id IS NOT NULL"),
        ),
        migrations.SeparateDatabaseAndState(
            state_operations=[migrations.AddIndex(model_name="generation", index=OF_BATCH)],
            database_operations=_concurrently("generations_of_batch", "batch_id, id", "batch_id IS NOT NULL"),
        ),
    )
