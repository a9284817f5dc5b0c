from __future__ import annotations

import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

from cavendish.db.rls import tenant_table


class Migration(migrations.Migration):
    """POSTs with an Idempotency-Key: which request each was, and what it made."""

    dependencies = (("accounts", "0012_webhooks"),)
    operations = (
        migrations.CreateModel(
            name="IdempotencyKey",
            fields=[
                ("id", models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ("digest", models.BinaryField(help_text="SHA-256 of address and body.", max_length=32)),
                (
                    "state",
                    models.CharField(
                        choices=[("in_progress", "In Progress"), ("done", "Done")], default="in_progress", max_length=12
                    ),
                ),
                (
                    "token",
                    models.UUIDField(
                        help_text="Whose the key is while it is in progress; whoever takes over writes another."
                    ),
                ),
                ("leased_until", models.DateTimeField()),
                (
                    "made",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=64),
                        default=list,
                        help_text="Ids of what the request made.",
                        size=None,
                    ),
                ),
                ("answer", models.JSONField(null=True)),
                ("created_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("expires_at", models.DateTimeField()),
                (
                    "operator_key",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="accounts.operatorkey",
                    ),
                ),
                (
                    "tenant",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.tenant",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("tenant", None)) ^ models.Q(("operator_key", None)),
                        name="idempotency_key_of_one",
                    ),
                ],
                "indexes": [models.Index(fields=["expires_at"], name="idempotency_keys_expiring")],
            },
        ),
        tenant_table("accounts_idempotencykey"),
    )
