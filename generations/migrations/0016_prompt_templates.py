from __future__ import annotations

import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

import cavendish.db.ids
from cavendish.db.rls import composite_key, tenant_table, tenant_unique


class Migration(migrations.Migration):
    """Tenants' own prompt templates, with all versions of each."""

    dependencies = (("accounts", "0015_origins"), ("generations", "0015_share_links"))
    operations = (
        migrations.CreateModel(
            name="PromptTemplate",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=cavendish.db.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("livemode", models.BooleanField()),
                ("version", models.PositiveIntegerField(default=1, help_text="The newest.")),
                ("created_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                (
                    "tenant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.tenant"
                    ),
                ),
            ],
            options={"abstract": False, "base_manager_name": "objects"},
        ),
        migrations.CreateModel(
            name="PromptTemplateVersion",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "template", "version", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("version", models.PositiveIntegerField()),
                ("name", models.CharField(max_length=100)),
                ("description", models.CharField(blank=True, max_length=500)),
                ("prompt", models.TextField()),
                ("slots", models.JSONField(default=list)),
                (
                    "example",
                    models.JSONField(default=dict, help_text="A value for each slot that has one."),
                ),
                ("created_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                (
                    "template",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="generations.prompttemplate",
                    ),
                ),
                (
                    "tenant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.tenant"
                    ),
                ),
            ],
            options={"abstract": False, "base_manager_name": "objects"},
        ),
        tenant_table("generations_prompttemplate"),
        # A version never changes.
        tenant_table("generations_prompttemplateversion", grants="SELECT, INSERT, DELETE"),
        tenant_unique("generations_prompttemplate"),
        composite_key(
            "generations_prompttemplateversion",
            "template_id",
            "generations_prompttemplate",
            action="ON DELETE CASCADE",
        ),
    )
