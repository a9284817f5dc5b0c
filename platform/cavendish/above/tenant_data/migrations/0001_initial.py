from __future__ import annotations

import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

import cavendish.db.ids
from cavendish.db.rls import composite_key, tenant_table, tenant_unique


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("accounts", "0008_closing"),
    ]

    operations = [
        migrations.CreateModel(
            name="Erasure",
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
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("waiting", "Waiting"),
                            ("running", "Running"),
                            ("done", "Done"),
                            ("canceled", "Canceled"),
                        ],
                        default="waiting",
                        max_length=8,
                    ),
                ),
                ("requested_by", models.CharField(blank=True, max_length=300)),
                ("step", models.CharField(blank=True, max_length=40)),
                ("erased", models.JSONField(default=dict, help_text="How much, by step.")),
                ("created_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("due_at", models.DateTimeField()),
                ("started_at", models.DateTimeField(null=True)),
                ("finished_at", models.DateTimeField(null=True)),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("status__in", ["waiting", "running"])),
                        fields=["due_at"],
                        name="erasures_open",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Export",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=cavendish.db.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("queued", "Queued"),
                            ("running", "Running"),
                            ("ready", "Ready"),
                            ("expired", "Expired"),
                        ],
                        default="queued",
                        max_length=8,
                    ),
                ),
                ("requested_by", models.CharField(blank=True, max_length=300)),
                ("section", models.CharField(blank=True, max_length=40)),
                ("cursor", models.CharField(blank=True, max_length=300)),
                ("parts", models.PositiveIntegerField(default=0)),
                ("bytes", models.BigIntegerField(default=0)),
                ("entries", models.BigIntegerField(default=0, help_text="Files in the archive.")),
                ("missing", models.JSONField(default=list, help_text="Objects that the store no longer has.")),
                ("lease_token", models.UUIDField(null=True)),
                ("lease_until", models.DateTimeField(null=True)),
                ("created_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("finished_at", models.DateTimeField(null=True)),
                ("expires_at", models.DateTimeField(null=True)),
                (
                    "tenant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.tenant"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ExportPart",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "export_id", "number", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("number", models.PositiveIntegerField()),
                ("storage_key", models.CharField(max_length=300)),
                ("bytes", models.BigIntegerField()),
                (
                    "export",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="closing.export",
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
                "abstract": False,
                "base_manager_name": "objects",
            },
        ),
        migrations.AddIndex(
            model_name="export",
            index=models.Index(
                condition=models.Q(("status__in", ["queued", "running"])), fields=["lease_until"], name="exports_open"
            ),
        ),
        migrations.AddIndex(
            model_name="export",
            index=models.Index(condition=models.Q(("status", "ready")), fields=["expires_at"], name="exports_expiring"),
        ),
        migrations.AddIndex(
            model_name="export",
            index=models.Index(fields=["tenant", "-id"], name="exports_listed"),
        ),
        tenant_table("closing_export", grants="SELECT, INSERT, UPDATE"),
        tenant_table("closing_exportpart", grants="SELECT, INSERT, DELETE"),
        tenant_table("closing_erasure", grants="SELECT"),
        tenant_unique("closing_export"),
        composite_key("closing_exportpart", "export_id", "closing_export"),
    ]
