from __future__ import annotations

import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

import cavendish.db.ids
from cavendish.db.rls import composite_key, tenant_table

OWN_SETTINGS = (
    "name", "output_retention_days", "input_retention_days", "test_keys_enabled", "policy_version", "policy_accepted_at",
)  # fmt: skip


class Migration(migrations.Migration):
    """Invitations, rotation of keys, limits of test keys, and what a tenant may set itself."""

    dependencies = [
        ("accounts", "0006_people"),
    ]

    operations = [
        migrations.AddField(
            model_name="apikey",
            name="previous_digest",
            field=models.BinaryField(max_length=32, null=True),
        ),
        migrations.AddField(
            model_name="apikey",
            name="previous_expires_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="apikey",
            name="previous_prefix",
            field=models.CharField(blank=True, max_length=32, null=True, unique=True),
        ),
        migrations.AddField(
            model_name="tenant",
            name="allowed_sizes",
            field=models.JSONField(blank=True, help_text="Image sizes; empty means all.", null=True),
        ),
        migrations.AddField(
            model_name="tenant",
            name="billing_timezone_from",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="tenant",
            name="billing_timezone_next",
            field=models.CharField(blank=True, db_default="", max_length=64),
        ),
        migrations.AddField(
            model_name="tenant",
            name="test_daily_bytes",
            field=models.PositiveBigIntegerField(
                blank=True,
                db_default=10737418240,
                help_text="Bytes that test keys store a day (UTC): inputs, uploads and outputs; empty means no limit.",
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="tenant",
            name="test_daily_requests",
            field=models.PositiveIntegerField(
                blank=True,
                db_default=10000,
                help_text="Generations of test keys a day (UTC); empty means no limit.",
                null=True,
            ),
        ),
        migrations.AlterField(
            model_name="apikey",
            name="scopes",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(
                    choices=[
                        ("generate", "Generate"),
                        ("read", "Read"),
                        ("files", "Files"),
                        ("billing", "Billing"),
                        ("keys", "Keys"),
                        ("webhooks", "Webhooks"),
                        ("members", "Members"),
                        ("settings", "Settings"),
                        ("audit", "Audit"),
                    ],
                    max_length=16,
                ),
                default=list,
                size=None,
            ),
        ),
        migrations.AlterField(
            model_name="tenant",
            name="input_retention_days",
            field=models.PositiveIntegerField(
                blank=True, help_text="Pictures and videos that came as input; empty means kept.", null=True
            ),
        ),
        migrations.AlterField(
            model_name="tenant",
            name="output_retention_days",
            field=models.PositiveIntegerField(
                blank=True,
                help_text="After its end a generation is erased, all but its cost; empty means kept.",
                null=True,
            ),
        ),
        migrations.CreateModel(
            name="SandboxDay",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "tenant_id", "day", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("day", models.DateField()),
                ("requests", models.PositiveIntegerField(db_default=0)),
                ("bytes", models.PositiveBigIntegerField(db_default=0)),
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
            },
        ),
        migrations.CreateModel(
            name="Invitation",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=cavendish.db.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("email", models.EmailField(help_text="In lower case.", max_length=254)),
                (
                    "role",
                    models.CharField(
                        choices=[
                            ("owner", "Owner"),
                            ("admin", "Admin"),
                            ("developer", "Developer"),
                            ("billing", "Billing"),
                            ("viewer", "Viewer"),
                        ],
                        max_length=16,
                    ),
                ),
                ("digest", models.BinaryField(max_length=32, unique=True)),
                ("created_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("sent_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("expires_at", models.DateTimeField()),
                ("accepted_at", models.DateTimeField(null=True)),
                ("revoked_at", models.DateTimeField(null=True)),
                (
                    "accepted_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "created_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "created_by_key",
                    models.ForeignKey(
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.apikey",
                    ),
                ),
                (
                    "tenant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.tenant"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("accepted_at", None), ("revoked_at", None)),
                        fields=("tenant", "email"),
                        name="invitation_open_once",
                    )
                ],
            },
        ),
        # Two days was what uploads of Google's SDKs got; from now on it is what the tenant asks of all its inputs.
        migrations.RunSQL(
            "UPDATE accounts_tenant SET input_retention_days = NULL WHERE input_retention_days = 2",
            reverse_sql="UPDATE accounts_tenant SET input_retention_days = 2 WHERE input_retention_days IS NULL",
        ),
        tenant_table("accounts_invitation", grants="SELECT, INSERT, UPDATE"),
        tenant_table("accounts_sandboxday", grants="SELECT, INSERT, UPDATE"),
        composite_key("accounts_invitation", "created_by_key_id", "accounts_apikey"),
        # Column by column: everything else of its row is the operator's to say.
        migrations.RunSQL(
            f"GRANT UPDATE ({', '.join(OWN_SETTINGS)}) ON accounts_tenant TO cavendish_app",
            reverse_sql=f"REVOKE UPDATE ({', '.join(OWN_SETTINGS)}) ON accounts_tenant FROM cavendish_app",
        ),
    ]
