from __future__ import annotations

from django.db import migrations, models
from django.db.models import Q

TOP_UPS = models.Index(fields=["reference"], name="ledger_references", condition=~Q(reference=""))
PAYMENTS = models.Index(fields=["reference"], name="payments_references")


def _concurrently(model: str, index: models.Index, definition: str) -> migrations.SeparateDatabaseAndState:
    """Builds an index anew: one that a broken-off attempt left is invalid, and would stay so under IF NOT EXISTS."""
    drop = f"DROP INDEX CONCURRENTLY IF EXISTS {index.name}"
    return migrations.SeparateDatabaseAndState(
        state_operations=[migrations.AddIndex(model_name=model, index=index)],
        database_operations=[
            migrations.RunSQL(drop, reverse_sql=migrations.RunSQL.noop),
            migrations.RunSQL(f"CREATE INDEX CONCURRENTLY {index.name} ON {definition}", reverse_sql=drop),
        ],
    )


class Migration(migrations.Migration):
    """How the operator finds what came in by its reference. Not atomic: indexes are built beside running jobs."""

    atomic = False
    dependencies = (("billing", "0017_reference"),)
    operations = (
        _concurrently("ledgertransaction", TOP_UPS, "billing_ledgertransaction (reference) WHERE NOT reference = ''"),
        _concurrently("payment", PAYMENTS, "billing_payment (reference)"),
    )
