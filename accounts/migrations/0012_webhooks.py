from __future__ import annotations

from pathlib import Path

import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

import cavendish.db.ids
from cavendish.db.rls import composite_key, sql_file, tenant_table, tenant_unique

SQL = Path(__file__).parent.parent / "sql"
Now = django.db.models.functions.datetime.Now


class Migration(migrations.Migration):
    """Endpoints, deliveries and attempts of webhooks, and the trigger on events that is their outbox."""

    dependencies = (("accounts", "0011_people_apart"), ("events", "0002_isolation"))

    operations = (
        migrations.CreateModel(
            name="WebhookEndpoint",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=cavendish.db.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("livemode", models.BooleanField()),
                (
                    "dialect",
                    models.CharField(
                        choices=[("native", "Native"), ("gemini", "Gemini")], default="native", max_length=8
                    ),
                ),
                ("url", models.TextField()),
                (
                    "events",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=64), help_text='Names, "invoice.*" or "*".', size=None
                    ),
                ),
                ("description", models.CharField(blank=True, max_length=200)),
                (
                    "status",
                    models.CharField(
                        choices=[("enabled", "Enabled"), ("disabled", "Disabled")], default="enabled", max_length=8
                    ),
                ),
                (
                    "disabled_reason",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("by_tenant", "Disabled by the tenant"),
                            ("gone", "The receiver answered 410"),
                            ("failing", "It failed for days"),
                        ],
                        max_length=16,
                    ),
                ),
                ("secret", models.TextField(help_text="Encrypted.")),
                ("previous_secret", models.TextField(blank=True, help_text="Encrypted; signs too until it ends.")),
                ("previous_expires_at", models.DateTimeField(blank=True, null=True)),
                (
                    "subject",
                    models.UUIDField(help_text="The only object whose events are sent; empty for all.", null=True),
                ),
                ("user_metadata", models.JSONField(help_text="Comes back with each of Gemini's events.", null=True)),
                (
                    "failing_since",
                    models.DateTimeField(help_text="The first failure after the last success.", null=True),
                ),
                ("warned_at", models.DateTimeField(help_text="When a mail warned that it fails.", null=True)),
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
                "indexes": [
                    models.Index(
                        condition=models.Q(("status", "enabled")), fields=["tenant", "subject"], name="webhooks_enabled"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="WebhookDelivery",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=cavendish.db.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("tenant_id", models.UUIDField()),
                ("endpoint_id", models.UUIDField()),
                (
                    "message_id",
                    models.CharField(
                        help_text="The event's id, the same at all endpoints and attempts.", max_length=64
                    ),
                ),
                ("event_type", models.CharField(help_text="The name that the receiver reads.", max_length=64)),
                ("source_type", models.CharField(help_text="The name in the event table.", max_length=64)),
                ("subject", models.UUIDField()),
                ("facts", models.JSONField(help_text="The event's data.")),
                ("event_at", models.DateTimeField()),
                ("body", models.TextField(blank=True)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("pending", "Pending"),
                            ("sending", "Sending"),
                            ("succeeded", "Succeeded"),
                            ("failed", "Failed"),
                        ],
                        default="pending",
                        max_length=12,
                    ),
                ),
                ("attempts", models.PositiveSmallIntegerField(default=0, help_text="Since it was created or resent.")),
                (
                    "due_at",
                    models.DateTimeField(
                        db_default=Now(), help_text="The next attempt; while it is sent, the lease's end."
                    ),
                ),
                ("lease_token", models.UUIDField(null=True)),
                ("http_status", models.PositiveSmallIntegerField(help_text="Of the last attempt.", null=True)),
                ("error", models.CharField(blank=True, help_text="Of the last attempt.", max_length=200)),
                ("created_at", models.DateTimeField(db_default=Now())),
                ("finished_at", models.DateTimeField(null=True)),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("status", "pending")),
                        fields=["endpoint_id", "due_at"],
                        name="webhooks_pending",
                    ),
                    models.Index(condition=models.Q(("status", "sending")), fields=["due_at"], name="webhooks_sending"),
                    models.Index(fields=["endpoint_id", "id"], name="webhooks_of_endpoint"),
                    models.Index(fields=["created_at"], name="webhooks_by_age"),
                ],
            },
        ),
        migrations.CreateModel(
            name="WebhookAttempt",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("tenant_id", models.UUIDField()),
                ("delivery_id", models.UUIDField()),
                ("at", models.DateTimeField(db_default=Now())),
                ("duration_ms", models.PositiveIntegerField()),
                ("url", models.TextField()),
                ("request_headers", models.JSONField(default=dict)),
                ("http_status", models.PositiveSmallIntegerField(null=True)),
                ("response_headers", models.JSONField(default=dict)),
                ("response_body", models.TextField(blank=True)),
                ("error", models.CharField(blank=True, max_length=200)),
            ],
            options={"indexes": [models.Index(fields=["delivery_id", "id"], name="attempts_of_delivery")]},
        ),
        tenant_unique("accounts_webhookendpoint"),
        tenant_unique("accounts_webhookdelivery"),
        composite_key(
            "accounts_webhookdelivery", "endpoint_id", "accounts_webhookendpoint", action="ON DELETE CASCADE"
        ),
        composite_key("accounts_webhookattempt", "delivery_id", "accounts_webhookdelivery", action="ON DELETE CASCADE"),
        tenant_table("accounts_webhookendpoint"),
        tenant_table("accounts_webhookdelivery"),
        tenant_table("accounts_webhookattempt", grants="SELECT, INSERT"),
        sql_file(SQL / "0012_webhooks.sql"),
    )
