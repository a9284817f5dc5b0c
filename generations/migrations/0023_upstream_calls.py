from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models

from cavendish.db.rls import composite_key, tenant_table


def request_id() -> models.CharField[str, str]:
    return models.CharField(max_length=256, blank=True, default="", db_default="")


def trace_id() -> models.CharField[str, str]:
    return models.CharField(
        max_length=32, blank=True, default="", db_default="", help_text="Of the caller's traceparent, in hex."
    )


class Migration(migrations.Migration):
    """The calls that jobs make upstream, and which request a job came with.

    Columns with a constant default: the tables are not rewritten.
    """

    dependencies = (("accounts", "0016_webhook_secrets"), ("generations", "0022_batch_failed"))
    operations = (
        migrations.AddField(model_name="generation", name="request_id", field=request_id()),
        migrations.AddField(model_name="generation", name="trace_id", field=trace_id()),
        migrations.AddField(model_name="batch", name="request_id", field=request_id()),
        migrations.AddField(model_name="batch", name="trace_id", field=trace_id()),
        migrations.CreateModel(
            name="UpstreamCall",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "generation",
                        "attempt",
                        "number",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("attempt", models.PositiveSmallIntegerField(help_text="The claim, from 1.")),
                ("number", models.PositiveSmallIntegerField(help_text="The try within the claim, from 1.")),
                (
                    "kind",
                    models.CharField(
                        choices=[("create", "Create"), ("follow", "Follow")],
                        help_text="It asked for a picture, or for a job that runs there.",
                        max_length=8,
                    ),
                ),
                ("started_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField()),
                (
                    "first_byte_ms",
                    models.PositiveIntegerField(help_text="Until the answer began; empty: none came.", null=True),
                ),
                ("host", models.CharField(max_length=300)),
                (
                    "upstream_key",
                    models.CharField(blank=True, help_text="Fingerprint of the key it was made with.", max_length=64),
                ),
                (
                    "status",
                    models.PositiveSmallIntegerField(help_text="HTTP status; empty: there was no answer.", null=True),
                ),
                (
                    "code",
                    models.CharField(
                        blank=True, help_text="Of an error: the upstream's, or ours; empty: none.", max_length=100
                    ),
                ),
                (
                    "message",
                    models.CharField(
                        blank=True,
                        help_text="Of an error, without what the upstream may have quoted of a request.",
                        max_length=500,
                    ),
                ),
                (
                    "upstream_id",
                    models.CharField(blank=True, help_text="The interaction, once it was named.", max_length=300),
                ),
                ("bytes", models.BigIntegerField(default=0, help_text="Of the answer's body, as they came.")),
                ("pictures", models.PositiveSmallIntegerField(default=0)),
                (
                    "tokens_out",
                    models.PositiveIntegerField(help_text="That the upstream reported; empty: nothing.", null=True),
                ),
                (
                    "cooling_seconds",
                    models.FloatField(help_text="For how long its key was then left alone.", null=True),
                ),
                (
                    "generation",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="upstream_calls",
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
            options={"abstract": False, "base_manager_name": "objects"},
        ),
        tenant_table("generations_upstreamcall", grants="SELECT, INSERT"),
        composite_key("generations_upstreamcall", "generation_id", "generations_generation"),
    )
