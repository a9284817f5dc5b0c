from __future__ import annotations

import django.db.models.functions.datetime
from django.db import migrations, models

import cavendish.db.ids
from cavendish.db.rls import operators_table


class Migration(migrations.Migration):
    initial = True

    dependencies = ()

    operations = (
        migrations.CreateModel(
            name="ReconcileRun",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=cavendish.db.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "trigger",
                    models.CharField(
                        choices=[("scheduler", "Scheduler"), ("command", "Command"), ("operator", "Operator")],
                        max_length=9,
                    ),
                ),
                ("actor", models.CharField(max_length=300)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("queued", "Queued"),
                            ("running", "Running"),
                            ("clean", "Clean"),
                            ("differences", "Differences"),
                            ("failed", "Failed"),
                        ],
                        default="queued",
                        max_length=11,
                    ),
                ),
                (
                    "whole",
                    models.BooleanField(help_text="Of all tenants, all time and everything that can be compared."),
                ),
                ("options", models.JSONField(default=dict, help_text="What it was limited to.")),
                ("checks", models.JSONField(default=list)),
                ("differing", models.BigIntegerField(default=0, help_text="Rows that differ, over all checks.")),
                ("error", models.CharField(blank=True, default="", max_length=300)),
                ("created_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("started_at", models.DateTimeField(null=True)),
                ("ended_at", models.DateTimeField(null=True)),
            ],
            options={
                "indexes": [models.Index(fields=["created_at"], name="reconcile_runs_by_time")],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(
                            ("status__in", ["queued", "running"]), ("trigger__in", ["scheduler", "operator"])
                        ),
                        fields=("whole",),
                        name="reconcile_run_at_a_time",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("status__in", ["queued", "running"]), ("ended_at__isnull", False), _connector="OR"
                        ),
                        name="reconcile_run_ends",
                    ),
                ],
            },
        ),
        operators_table("reconcile_reconcilerun"),
    )
