from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models
from django.db.models.functions import Now

import cavendish.db.ids
from cavendish.db.rls import composite_key, tenant_table


def _id() -> models.UUIDField[object, object]:
    return models.UUIDField(default=cavendish.db.ids.new_id, editable=False, primary_key=True, serialize=False)


def _tenant() -> models.ForeignKey[object, object]:
    return models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.tenant")


COUNTED = """
    CREATE CONSTRAINT TRIGGER derivative_stored AFTER INSERT OR DELETE ON generations_derivative
        DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION storage_count('bytes')
"""


class Migration(migrations.Migration):
    """Smaller pictures made of outputs, counted as stored; and what keeps things from being deleted."""

    dependencies = (("accounts", "0015_origins"), ("generations", "0018_output_tenant_key"))
    operations = (
        migrations.CreateModel(
            name="Derivative",
            fields=[
                ("id", _id()),
                ("format", models.CharField(max_length=8)),
                (
                    "requested_width",
                    models.PositiveIntegerField(help_text="As it was requested; the picture may be narrower."),
                ),
                ("bytes", models.BigIntegerField()),
                ("sha256", models.CharField(max_length=64)),
                ("storage_key", models.CharField(max_length=300)),
                ("created_at", models.DateTimeField(db_default=Now())),
                (
                    "output",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="derivatives",
                        to="generations.output",
                    ),
                ),
                ("tenant", _tenant()),
            ],
            options={
                "constraints": (
                    models.UniqueConstraint(fields=["output", "format", "requested_width"], name="derivative_once"),
                ),
            },
        ),
        tenant_table("generations_derivative", grants="SELECT, INSERT, DELETE"),
        composite_key("generations_derivative", "output_id", "generations_output"),
        migrations.RunSQL(COUNTED, reverse_sql="DROP TRIGGER derivative_stored ON generations_derivative"),
        migrations.CreateModel(
            name="LegalHold",
            fields=[
                ("id", _id()),
                ("reason", models.CharField(max_length=500)),
                ("created_at", models.DateTimeField(db_default=Now())),
                ("released_at", models.DateTimeField(null=True)),
                (
                    "generation",
                    models.ForeignKey(
                        db_constraint=False,
                        help_text="Empty: everything of the tenant.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="generations.generation",
                    ),
                ),
                ("tenant", _tenant()),
            ],
            options={
                "indexes": (
                    models.Index(
                        fields=["tenant", "generation"],
                        name="legal_holds_open",
                        condition=models.Q(released_at=None),
                    ),
                ),
            },
        ),
        # The operator's to write; a tenant's own role only asks whether something is held.
        tenant_table("generations_legalhold", grants="SELECT"),
        composite_key("generations_legalhold", "generation_id", "generations_generation"),
    )
