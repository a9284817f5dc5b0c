from __future__ import annotations

from django.db import migrations, models

NAMED_ONCE = models.UniqueConstraint(
    condition=models.Q(("deleted_at__isnull", True), ("resource_name__isnull", False)),
    fields=("tenant", "livemode", "resource_name"),
    name="file_named_once",
)


class Migration(migrations.Migration):
    """Names that clients of Google's Files API choose. Not atomic: the index is built beside running uploads."""

    atomic = False
    dependencies = (("generations", "0005_batches_valid"),)
    operations = (
        migrations.AddField(
            model_name="file",
            name="resource_name",
            field=models.CharField(
                blank=True,
                help_text="What a client of Google's Files API called it, without files/.",
                max_length=40,
                null=True,
            ),
        ),
        migrations.SeparateDatabaseAndState(
            state_operations=[migrations.AddConstraint(model_name="file", constraint=NAMED_ONCE)],
            database_operations=[
                migrations.RunSQL(
                    """CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS file_named_once
                       ON generations_file (tenant_id, livemode, resource_name)
                       WHERE deleted_at IS NULL AND resource_name IS NOT NULL""",
                    reverse_sql="DROP INDEX CONCURRENTLY IF EXISTS file_named_once",
                )
            ],
        ),
    )
