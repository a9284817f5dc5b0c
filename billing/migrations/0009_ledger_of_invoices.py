from __future__ import annotations

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    """Indexes on the ledger, which may hold millions of rows: made beside its writers."""

    atomic = False
    dependencies = (("billing", "0008_invoice_walls"),)
    operations = (
        AddIndexConcurrently(
            "ledgertransaction",
            models.Index(
                fields=["tenant", "at"],
                name="ledger_corrections",
                condition=models.Q(kind__in=["adjustment", "refund"]),
            ),
        ),
        AddIndexConcurrently(
            "ledgertransaction",
            models.Index(fields=["invoice_id"], name="ledger_of_invoice", condition=models.Q(invoice_id__isnull=False)),
        ),
    )
