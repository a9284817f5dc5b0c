from __future__ import annotations

from django.db import migrations, models

FAVORITE = models.Index(fields=["tenant", "-id"], name="outputs_favorite", condition=models.Q(favorite=True))
RATED = models.Index(fields=["tenant", "rating", "-id"], name="outputs_rated", condition=models.Q(rating__isnull=False))


def _concurrently(name: str, definition: str) -> list[migrations.RunSQL]:
    """Builds an index anew: one that a broken-off attempt left is invalid, and would stay so under IF NOT EXISTS."""
    drop = f"DROP INDEX CONCURRENTLY IF EXISTS {name}"
    create = f"CREATE INDEX CONCURRENTLY {name} ON generations_output {definition}"
    return [migrations.RunSQL(drop, reverse_sql=migrations.RunSQL.noop), migrations.RunSQL(create, reverse_sql=drop)]


class Migration(migrations.Migration):
    """Indexes of outputs. Not atomic: they are built beside running jobs."""

    atomic = False
    dependencies = (("generations", "0020_finding"),)
    operations = (
        migrations.SeparateDatabaseAndState(
            state_operations=[migrations.AddIndex(model_name="output", index=FAVORITE)],
            database_operations=_concurrently("outputs_favorite", "(tenant_id, id DESC) WHERE favorite"),
        ),
        migrations.SeparateDatabaseAndState(
            state_operations=[migrations.AddIndex(model_name="output", index=RATED)],
            database_operations=_concurrently("outputs_rated", "(tenant_id, rating, id DESC) WHERE rating IS NOT NULL"),
        ),
    )
