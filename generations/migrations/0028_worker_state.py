from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    """What a worker says of itself with its heartbeat. A constant default: the table is not rewritten."""

    dependencies = (("generations", "0027_token_versions"),)
    operations = (
        migrations.AddField(
            model_name="worker",
            name="state",
            field=models.JSONField(
                db_default=models.Value({}, output_field=models.JSONField()),
                default=dict,
                help_text="What it last said of itself (`WorkerState` of generations.work).",
            ),
        ),
    )
