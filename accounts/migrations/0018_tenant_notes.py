from __future__ import annotations

import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

import cavendish.db.ids
from cavendish.db.rls import operators_table


class Migration(migrations.Migration):
    """Notes of operators about a tenant, which the app's role cannot even read."""

    dependencies = (("accounts", "0017_operator_roles"),)
    operations = (
        migrations.CreateModel(
            name="TenantNote",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=cavendish.db.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("text", models.CharField(blank=True, help_text="Empty once it is removed.", max_length=2000)),
                (
                    "author",
                    models.CharField(help_text="An operator's email, an operator key's prefix.", max_length=254),
                ),
                ("created_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("removed_at", models.DateTimeField(null=True)),
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
                    "tenant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.tenant"
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("removed_at", None)), fields=["tenant", "-id"], name="tenant_note_shown"
                    )
                ],
            },
        ),
        operators_table("accounts_tenantnote"),
    )
