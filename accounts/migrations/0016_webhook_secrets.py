from __future__ import annotations

from pathlib import Path

import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

import cavendish.db.ids
from cavendish.db.rls import sql_file, tenant_table

SQL = Path(__file__).parent.parent / "sql"
Now = django.db.models.functions.datetime.Now


class Migration(migrations.Migration):
    """What signs for URLs of single jobs; and the trigger passes over events that an endpoint's dialect has no name for."""

    dependencies = (("accounts", "0015_origins"),)
    operations = (
        migrations.CreateModel(
            name="WebhookSecret",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=cavendish.db.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("livemode", models.BooleanField()),
                ("secret", models.TextField(help_text="Encrypted.")),
                ("previous_secret", models.TextField(blank=True, help_text="Encrypted; signs too until it ends.")),
                ("previous_expires_at", models.DateTimeField(blank=True, null=True)),
                ("created_at", models.DateTimeField(db_default=Now())),
                ("updated_at", models.DateTimeField(db_default=Now())),
                (
                    "tenant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.tenant"
                    ),
                ),
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
                "constraints": [models.UniqueConstraint(fields=("tenant", "livemode"), name="webhook_secret_of_mode")],
            },
        ),
        tenant_table("accounts_webhooksecret", grants="SELECT, INSERT, UPDATE"),
        sql_file(SQL / "0016_webhooks.sql"),
    )
