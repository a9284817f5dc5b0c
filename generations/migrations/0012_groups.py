from __future__ import annotations

from django.db import migrations, models

OF_GROUP = models.Index(
    fields=["group_id", "id"],
    name="generations_of_group",
    condition=models.Q(group_id__isnull=False),
)


class Migration(migrations.Migration):
    """Variants of one request. Not atomic: the index is built beside running jobs."""

    atomic = False
    dependencies = (("generations", "0011_durations"),)
    operations = (
        migrations.AddField(
            model_name="generation",
            name="group_id",
            field=models.UUIDField(null=True, help_text="What the variants of one request have in common."),
        ),
        migrations.SeparateDatabaseAndState(
            state_operations=[migrations.AddIndex(model_name="generation", index=OF_GROUP)],
            database_operations=[
                migrations.RunSQL(
                    "DROP INDEX CONCURRENTLY IF EXISTS generations_of_group", reverse_sql=migrations.RunSQL.noop
                ),
                migrations.RunSQL(
                    """CREATE INDEX CONCURRENTLY generations_of_group ON generations_generation (group_id, id)
                       WHERE group_id IS NOT NULL""",
                    reverse_sql="DROP INDEX CONCURRENTLY IF EXISTS generations_of_group",
                ),
            ],
        ),
    )
