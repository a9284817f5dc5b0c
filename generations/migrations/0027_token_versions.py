from __future__ import annotations

import django.db.models.functions.datetime
from django.db import migrations, models

from cavendish.db.rls import shared_table


class Migration(migrations.Migration):
    """Tokens of pictures that operators adopt over the catalog's."""

    dependencies = (("generations", "0026_gauges"),)
    operations = (
        migrations.CreateModel(
            name="TokenVersion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("model", models.CharField(max_length=100)),
                ("image_size", models.CharField(max_length=8)),
                ("tokens", models.PositiveIntegerField()),
                ("effective_from", models.DateTimeField()),
                (
                    "source",
                    models.CharField(
                        blank=True, default="", help_text="Why, or where the figure comes from.", max_length=300
                    ),
                ),
                ("actor", models.CharField(max_length=300)),
                ("created_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("model", "image_size", "effective_from"), name="token_version_once"
                    ),
                    models.CheckConstraint(condition=models.Q(("tokens__gt", 0)), name="token_version_positive"),
                ],
            },
        ),
        shared_table("generations_tokenversion"),
    )
