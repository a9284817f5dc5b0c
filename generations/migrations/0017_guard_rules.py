from __future__ import annotations

import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

import cavendish.db.ids
from cavendish.db.rls import composite_key, shared_table, tenant_table


class Migration(migrations.Migration):
    """Rules on requests: tenants' own and the operator's."""

    dependencies = (("accounts", "0015_origins"), ("generations", "0016_prompt_templates"))

    operations = (
        migrations.CreateModel(
            name="PlatformGuardRule",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=cavendish.db.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "revision",
                    models.UUIDField(
                        default=cavendish.db.ids.new_id,
                        editable=False,
                        help_text="Another one after each change, by which readings of rules are told.",
                    ),
                ),
                (
                    "type",
                    models.CharField(
                        choices=[
                            ("words", "Words"),
                            ("limits", "Limits"),
                            ("languages", "Languages"),
                            ("hook", "Hook"),
                        ],
                        max_length=12,
                    ),
                ),
                ("enabled", models.BooleanField(default=True)),
                ("description", models.CharField(blank=True, max_length=200)),
                ("livemode", models.BooleanField(help_text="The mode that it holds for; empty for both.", null=True)),
                (
                    "words",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.TextField(), blank=True, default=list, size=None
                    ),
                ),
                (
                    "languages",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=8), blank=True, default=list, size=None
                    ),
                ),
                ("max_image_size", models.CharField(blank=True, max_length=8)),
                (
                    "max_amount",
                    models.DecimalField(
                        decimal_places=9,
                        help_text="Of one request, in the tenant's currency.",
                        max_digits=20,
                        null=True,
                    ),
                ),
                ("url", models.TextField(blank=True)),
                (
                    "stages",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(
                            choices=[("before", "Before the hold"), ("after", "After the picture")], max_length=8
                        ),
                        blank=True,
                        default=list,
                        size=None,
                    ),
                ),
                ("timeout_seconds", models.FloatField(default=5)),
                (
                    "on_error",
                    models.CharField(
                        choices=[("refuse", "Refuse"), ("allow", "Allow")], default="refuse", max_length=8
                    ),
                ),
                ("secret", models.TextField(blank=True, help_text="Encrypted.")),
                ("previous_secret", models.TextField(blank=True, help_text="Encrypted; signs too until it ends.")),
                ("previous_expires_at", models.DateTimeField(null=True)),
                ("refusals", models.PositiveBigIntegerField(default=0)),
                ("created_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("updated_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="GuardRule",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=cavendish.db.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "revision",
                    models.UUIDField(
                        default=cavendish.db.ids.new_id,
                        editable=False,
                        help_text="Another one after each change, by which readings of rules are told.",
                    ),
                ),
                (
                    "type",
                    models.CharField(
                        choices=[
                            ("words", "Words"),
                            ("limits", "Limits"),
                            ("languages", "Languages"),
                            ("hook", "Hook"),
                        ],
                        max_length=12,
                    ),
                ),
                ("enabled", models.BooleanField(default=True)),
                ("description", models.CharField(blank=True, max_length=200)),
                ("livemode", models.BooleanField(help_text="The mode that it holds for; empty for both.", null=True)),
                (
                    "words",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.TextField(), blank=True, default=list, size=None
                    ),
                ),
                (
                    "languages",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=8), blank=True, default=list, size=None
                    ),
                ),
                ("max_image_size", models.CharField(blank=True, max_length=8)),
                (
                    "max_amount",
                    models.DecimalField(
                        decimal_places=9,
                        help_text="Of one request, in the tenant's currency.",
                        max_digits=20,
                        null=True,
                    ),
                ),
                ("url", models.TextField(blank=True)),
                (
                    "stages",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(
                            choices=[("before", "Before the hold"), ("after", "After the picture")], max_length=8
                        ),
                        blank=True,
                        default=list,
                        size=None,
                    ),
                ),
                ("timeout_seconds", models.FloatField(default=5)),
                (
                    "on_error",
                    models.CharField(
                        choices=[("refuse", "Refuse"), ("allow", "Allow")], default="refuse", max_length=8
                    ),
                ),
                ("secret", models.TextField(blank=True, help_text="Encrypted.")),
                ("previous_secret", models.TextField(blank=True, help_text="Encrypted; signs too until it ends.")),
                ("previous_expires_at", models.DateTimeField(null=True)),
                ("refusals", models.PositiveBigIntegerField(default=0)),
                ("created_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("updated_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                (
                    "set_by_operator",
                    models.BooleanField(default=False, help_text="Tenants cannot change or delete such a rule."),
                ),
                (
                    "api_key",
                    models.ForeignKey(
                        db_constraint=False,
                        help_text="Only its requests.",
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
                "abstract": False,
                "base_manager_name": "objects",
                "indexes": [
                    models.Index(
                        condition=models.Q(("enabled", True)), fields=["tenant", "id"], name="guard_rules_enabled"
                    )
                ],
            },
        ),
        tenant_table("generations_guardrule"),
        composite_key("generations_guardrule", "api_key_id", "accounts_apikey"),
        # What everybody is refused by is counted by whoever is refused.
        shared_table("generations_platformguardrule", app="SELECT, UPDATE (refusals)"),
    )
