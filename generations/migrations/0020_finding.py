from __future__ import annotations

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

import cavendish.db.ids
from cavendish.db.rls import composite_key, tenant_table, tenant_unique


class Migration(migrations.Migration):
    """What generations and outputs are found by: words, tags, collections, favorites, ratings.

    Columns with a constant default and new tables: nothing is rewritten, and old processes run beside it. The scheduler
    fills in the words of what there is (`generations.upkeep.terms`).
    """

    dependencies = (("accounts", "0015_origins"), ("generations", "0019_derivatives"))
    operations = (
        migrations.AddField("output", "favorite", models.BooleanField(db_default=False, default=False)),
        migrations.AddField(
            "output", "rating", models.PositiveSmallIntegerField(help_text="1 to 5; empty: not rated.", null=True)
        ),
        migrations.CreateModel(
            name="GenerationTerms",
            fields=[
                (
                    "generation",
                    models.OneToOneField(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="generations.generation",
                    ),
                ),
                (
                    "terms",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(), null=True, size=None
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
            options={
                "indexes": [
                    django.contrib.postgres.indexes.GinIndex(
                        fields=["terms"], gin_pending_list_limit=512, name="generations_by_term"
                    ),
                    models.Index(
                        condition=models.Q(("terms__isnull", True)), fields=["generation"], name="terms_to_fill"
                    ),
                ],
            },
        ),
        tenant_table("generations_generationterms", grants="SELECT, INSERT, UPDATE"),
        composite_key("generations_generationterms", "generation_id", "generations_generation"),
        migrations.CreateModel(
            name="GenerationTag",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=cavendish.db.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("tag", models.CharField(max_length=50)),
                ("folded", models.CharField(max_length=200)),
                (
                    "generation",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="generations.generation",
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
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("tenant", "folded", "generation"), name="generation_tagged_once")
                ],
            },
        ),
        tenant_table("generations_generationtag", grants="SELECT, INSERT, DELETE"),
        composite_key("generations_generationtag", "generation_id", "generations_generation"),
        migrations.CreateModel(
            name="Collection",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=cavendish.db.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("livemode", models.BooleanField()),
                ("name", models.CharField(max_length=100)),
                ("description", models.CharField(blank=True, max_length=500)),
                ("created_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("updated_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                (
                    "tenant",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.tenant",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["tenant", "livemode", "-id"], name="collections_listed")],
            },
        ),
        tenant_table("generations_collection"),
        tenant_unique("generations_collection"),
        migrations.CreateModel(
            name="CollectionOutput",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "collection", "output", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("added_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                (
                    "collection",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="generations.collection",
                    ),
                ),
                (
                    "output",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="generations.output",
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
            options={"abstract": False, "base_manager_name": "objects"},
        ),
        tenant_table("generations_collectionoutput", grants="SELECT, INSERT, DELETE"),
        composite_key(
            "generations_collectionoutput", "collection_id", "generations_collection", action="ON DELETE CASCADE"
        ),
        composite_key("generations_collectionoutput", "output_id", "generations_output", action="ON DELETE CASCADE"),
    )
