from __future__ import annotations

from django.db import migrations, models
from django.db.models import F, Q
from django.db.models.fields.json import KT

INDEXES = (
    (
        models.Index(
            fields=["status", "id"], name="generations_of_status", condition=Q(status__in=["failed", "canceled"])
        ),
        "(status, id) WHERE status IN ('failed', 'canceled')",
    ),
    (
        models.Index(KT("error__code"), F("id"), name="generations_of_code", condition=Q(status="failed")),
        "((error ->> 'code'), id) WHERE status = 'failed'",
    ),
)


def _concurrently(index: models.Index, definition: str) -> migrations.SeparateDatabaseAndState:
    """Builds an index anew: one that a broken-off attempt left is invalid, and would stay so under IF NOT EXISTS."""
    drop = f"DROP INDEX CONCURRENTLY IF EXISTS {index.name}"
    create = f"CREATE INDEX CONCURRENTLY {index.name} ON generations_generation {definition}"
    return migrations.SeparateDatabaseAndState(
        state_operations=[migrations.AddIndex(model_name="generation", index=index)],
        database_operations=[
            migrations.RunSQL(drop, reverse_sql=migrations.RunSQL.noop),
            migrations.RunSQL(create, reverse_sql=drop),
        ],
    )


class Migration(migrations.Migration):
    """How the operator lists what failed or was canceled. Only such jobs write to them, as they end."""

    atomic = False
    dependencies = (("generations", "0030_activity_sums"),)
    operations = tuple(_concurrently(*index) for index in INDEXES)
