from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models

from cavendish.db.rls import tenant_table


class Migration(migrations.Migration):
    """A quota per tenant and what it uses of it, which triggers of the tables of stored things keep."""

    dependencies = (("accounts", "0013_idempotency"),)
    operations = (
        migrations.AddField(
            model_name="tenant",
            name="storage_quota_bytes",
            field=models.PositiveBigIntegerField(
                blank=True,
                null=True,
                help_text="Bytes stored at once: inputs, uploads and outputs of both modes; empty means "
                "STORAGE_QUOTA_BYTES, 0 no limit.",
            ),
        ),
        migrations.CreateModel(
            name="StorageUse",
            fields=[
                (
                    "tenant",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="accounts.tenant",
                    ),
                ),
                ("bytes", models.BigIntegerField(default=0)),
            ],
            options={"base_manager_name": "objects"},
        ),
        tenant_table("accounts_storageuse", grants="SELECT"),
    )
