from __future__ import annotations

import django.db.models.deletion
import django.db.models.expressions
import django.db.models.functions.datetime
from django.db import migrations, models

import cavendish.db.ids
from cavendish.db.rls import composite_key, tenant_table, tenant_unique


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0003_key_member"),
        ("generations", "0003_generation_member"),
    ]

    operations = [
        migrations.AddField(
            model_name="generation",
            name="batch_id",
            field=models.UUIDField(help_text="The batch it is an item of.", null=True),
        ),
        migrations.AddField(
            model_name="generation",
            name="batch_index",
            field=models.PositiveIntegerField(null=True),
        ),
        migrations.CreateModel(
            name="Batch",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=cavendish.db.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("api_key_id", models.UUIDField()),
                (
                    "member_id",
                    models.UUIDField(
                        help_text="The person for whom the key counted at acceptance; nobody: the tenant's.", null=True
                    ),
                ),
                ("livemode", models.BooleanField()),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("queued", "Queued"),
                            ("running", "Running"),
                            ("canceling", "Canceling"),
                            ("completed", "Completed"),
                            ("canceled", "Canceled"),
                            ("expired", "Expired"),
                        ],
                        default="queued",
                        max_length=12,
                    ),
                ),
                (
                    "dialect",
                    models.CharField(
                        choices=[("native", "Native"), ("gemini", "Gemini")],
                        help_text="What its items' requests are written in.",
                        max_length=8,
                    ),
                ),
                (
                    "model",
                    models.CharField(
                        blank=True, help_text="Of all its items; none where each names its own.", max_length=100
                    ),
                ),
                (
                    "allowed_models",
                    models.JSONField(help_text="What its key might use at acceptance; null for all.", null=True),
                ),
                ("name", models.CharField(blank=True, max_length=255)),
                ("metadata", models.JSONField(default=dict)),
                (
                    "input_key",
                    models.CharField(help_text="The object that its items' places refer to.", max_length=300),
                ),
                (
                    "input_file",
                    models.UUIDField(help_text="The tenant's file it was made from; none for inline items.", null=True),
                ),
                ("total", models.PositiveIntegerField()),
                ("fed", models.PositiveIntegerField(default=0, help_text="Items that no longer wait.")),
                ("succeeded", models.PositiveIntegerField(default=0)),
                ("failed", models.PositiveIntegerField(default=0)),
                ("canceled", models.PositiveIntegerField(default=0)),
                ("expired", models.PositiveIntegerField(default=0)),
                ("created_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("started_at", models.DateTimeField(null=True)),
                ("finished_at", models.DateTimeField(null=True)),
                ("expires_at", models.DateTimeField(help_text="What has not started by then never will.")),
                ("cancel_requested_at", models.DateTimeField(null=True)),
                (
                    "feed_after",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(),
                        help_text="No feeder looks at it before: a lease or a pause.",
                    ),
                ),
                (
                    "refused_at",
                    models.DateTimeField(help_text="Since when a budget or the wallet has had no room.", null=True),
                ),
                ("deleted_at", models.DateTimeField(null=True)),
                (
                    "tenant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.tenant"
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "batches",
            },
        ),
        migrations.CreateModel(
            name="BatchItem",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "batch", "index", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("index", models.PositiveIntegerField()),
                ("key", models.CharField(help_text="The tenant's name for it.", max_length=255)),
                ("metadata", models.JSONField(help_text="What a request of the Gemini API has beside it.", null=True)),
                ("start", models.BigIntegerField(help_text="Bytes into the batch's input.")),
                ("length", models.PositiveIntegerField()),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("waiting", "Waiting"),
                            ("in_progress", "In progress"),
                            ("succeeded", "Succeeded"),
                            ("failed", "Failed"),
                            ("canceled", "Canceled"),
                            ("expired", "Expired"),
                        ],
                        default="waiting",
                        max_length=12,
                    ),
                ),
                ("generation_id", models.UUIDField(null=True)),
                ("error", models.JSONField(null=True)),
                (
                    "batch",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="items",
                        to="generations.batch",
                    ),
                ),
                (
                    "tenant",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.tenant",
                    ),
                ),
            ],
        ),
        migrations.AddIndex(
            model_name="batch",
            index=models.Index(
                condition=models.Q(("status__in", ["queued", "running", "canceling"])),
                fields=["tenant", "id"],
                name="batches_active",
            ),
        ),
        migrations.AddIndex(
            model_name="batch",
            index=models.Index(
                condition=models.Q(("deleted_at__isnull", True)),
                fields=["tenant", "livemode", "-id"],
                name="batches_listed",
            ),
        ),
        migrations.AddConstraint(
            model_name="batch",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("fed__lte", models.F("total")),
                    (
                        "total__gte",
                        django.db.models.expressions.CombinedExpression(
                            django.db.models.expressions.CombinedExpression(
                                django.db.models.expressions.CombinedExpression(
                                    models.F("succeeded"), "+", models.F("failed")
                                ),
                                "+",
                                models.F("canceled"),
                            ),
                            "+",
                            models.F("expired"),
                        ),
                    ),
                ),
                name="batch_counts",
            ),
        ),
        migrations.AddIndex(
            model_name="batchitem",
            index=models.Index(fields=["batch", "status", "index"], name="items_by_status"),
        ),
        tenant_table("generations_batch", grants="SELECT, INSERT, UPDATE"),
        tenant_table("generations_batchitem"),
        tenant_unique("generations_batch"),
        composite_key("generations_batch", "api_key_id", "accounts_apikey"),
        composite_key("generations_batchitem", "batch_id", "generations_batch"),
        composite_key("generations_batchitem", "generation_id", "generations_generation"),
        # Old rows have none, and the table is large: new rows are checked at once, old ones without locking it.
        composite_key("generations_generation", "batch_id", "generations_batch", action="NOT VALID"),
    ]
