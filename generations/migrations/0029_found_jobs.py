from __future__ import annotations

from django.contrib.postgres.indexes import HashIndex
from django.db import migrations, models
from django.db.models import Q

GENERATIONS = "generations_generation"
INDEXES = (
    (
        "generation",
        HashIndex(fields=["upstream_id"], name="generations_upstream", condition=~Q(upstream_id="")),
        f"{GENERATIONS} USING hash (upstream_id) WHERE NOT upstream_id = ''",
    ),
    (
        "generation",
        HashIndex(
            fields=["request_id"],
            name="generations_request",
            condition=~Q(request_id="") & ~Q(request_id__startswith="req_"),
        ),
        f"{GENERATIONS} USING hash (request_id) WHERE NOT request_id = '' AND NOT request_id LIKE 'req\\_%'",
    ),
    (
        "generation",
        HashIndex(fields=["trace_id"], name="generations_trace", condition=~Q(trace_id="")),
        f"{GENERATIONS} USING hash (trace_id) WHERE NOT trace_id = ''",
    ),
    (
        "batch",
        models.Index(fields=["request_id"], name="batches_request", condition=~Q(request_id="")),
        "generations_batch (request_id) WHERE NOT request_id = ''",
    ),
)


def _concurrently(model: str, index: models.Index, definition: str) -> migrations.SeparateDatabaseAndState:
    """Builds an index anew: one that a broken-off attempt left is invalid, and would stay so under IF NOT EXISTS."""
    drop = f"DROP INDEX CONCURRENTLY IF EXISTS {index.name}"
    create = f"CREATE INDEX CONCURRENTLY {index.name} ON {definition}"
    return migrations.SeparateDatabaseAndState(
        state_operations=[migrations.AddIndex(model_name=model, index=index)],
        database_operations=[
            migrations.RunSQL(drop, reverse_sql=migrations.RunSQL.noop),
            migrations.RunSQL(create, reverse_sql=drop),
        ],
    )


class Migration(migrations.Migration):
    """How the operator finds a job, and which job it ran again. Not atomic: indexes are built beside running jobs."""

    atomic = False
    dependencies = (("generations", "0028_worker_state"),)
    operations = (
        migrations.AddField(
            model_name="generation",
            name="run_again_of",
            field=models.UUIDField(help_text="The failed one that an operator ran again as this.", null=True),
        ),
        *(_concurrently(*index) for index in INDEXES),
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AddConstraint(
                    model_name="generation",
                    constraint=models.UniqueConstraint(
                        fields=["run_again_of"],
                        name="generation_run_again_once",
                        condition=Q(run_again_of__isnull=False),
                    ),
                )
            ],
            database_operations=[
                migrations.RunSQL(
                    "DROP INDEX CONCURRENTLY IF EXISTS generation_run_again_once", reverse_sql=migrations.RunSQL.noop
                ),
                migrations.RunSQL(
                    f"""CREATE UNIQUE INDEX CONCURRENTLY generation_run_again_once ON {GENERATIONS} (run_again_of)
                        WHERE run_again_of IS NOT NULL""",
                    reverse_sql="DROP INDEX CONCURRENTLY IF EXISTS generation_run_again_once",
                ),
            ],
        ),
    )
