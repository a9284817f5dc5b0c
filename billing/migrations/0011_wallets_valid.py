from __future__ import annotations

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    """What 0010 leaves for a table with millions of rows: made beside its writers."""

    atomic = False
    dependencies = (("billing", "0010_wallets"),)
    operations = (
        AddIndexConcurrently(
            "ledgerentry",
            models.Index(fields=["credit"], name="entries_of_credit", condition=models.Q(credit__isnull=False)),
        ),
        migrations.RunSQL(
            "ALTER TABLE billing_ledgerentry VALIDATE CONSTRAINT billing_ledgerentry_credit_id_tenant_fk",
            reverse_sql=migrations.RunSQL.noop,
        ),
    )
