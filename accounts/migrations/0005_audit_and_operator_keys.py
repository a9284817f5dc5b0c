from __future__ import annotations

from pathlib import Path

import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

import cavendish.db.ids
from cavendish.db.rls import shared_table, sql_file, tenant_table

SQL = Path(__file__).parent.parent / "sql"


class Migration(migrations.Migration):
    """Who did what, and keys of the operator's own."""

    dependencies = [
        ("accounts", "0004_limits"),
    ]

    operations = [
        migrations.CreateModel(
            name="OperatorKey",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=cavendish.db.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("name", models.CharField(max_length=100)),
                ("prefix", models.CharField(max_length=32, unique=True)),
                ("digest", models.BinaryField(max_length=32)),
                ("created_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("expires_at", models.DateTimeField(blank=True, null=True)),
                ("revoked_at", models.DateTimeField(blank=True, null=True)),
                ("last_used_at", models.DateTimeField(blank=True, null=True)),
                (
                    "created_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="AuditEvent",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=cavendish.db.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("actor_kind", models.CharField(max_length=12)),
                ("actor_id", models.UUIDField(null=True)),
                (
                    "actor_label",
                    models.CharField(blank=True, help_text="A key's prefix, a person's email.", max_length=254),
                ),
                ("address", models.GenericIPAddressField(null=True)),
                ("action", models.CharField(help_text='For example "api_key.revoked".', max_length=64)),
                ("target", models.CharField(max_length=32)),
                ("target_id", models.CharField(max_length=64)),
                ("before", models.JSONField(default=dict)),
                ("after", models.JSONField(default=dict)),
                ("at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                (
                    "tenant",
                    models.ForeignKey(
                        help_text="Empty for what concerns the platform.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.tenant",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["tenant", "id"], name="audit_of_tenant"),
                    models.Index(fields=["target_id", "id"], name="audit_of_target"),
                ],
            },
        ),
        tenant_table("accounts_auditevent", grants="SELECT, INSERT"),
        shared_table("accounts_operatorkey", app=""),
        sql_file(SQL / "0005_audit.sql"),
    ]
