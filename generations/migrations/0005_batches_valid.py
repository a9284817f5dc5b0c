from __future__ import annotations

from django.db import migrations
from django.db.migrations.operations.special import RunSQL


class Migration(migrations.Migration):
    """Checks old generations against the key to batches, in a transaction of its own: writers go on meanwhile."""

    dependencies = (("generations", "0004_batches"),)
    operations = (
        RunSQL(
            "ALTER TABLE generations_generation VALIDATE CONSTRAINT generations_generation_batch_id_tenant_fk",
            reverse_sql=RunSQL.noop,
        ),
    )
