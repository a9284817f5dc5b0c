from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    """Columns without a default: the table is not rewritten."""

    dependencies = (("generations", "0009_batches_aside"),)
    operations = (
        migrations.AddField(
            model_name="generation",
            name="deadline_seconds",
            field=models.FloatField(
                null=True, help_text="The client's own, from acceptance; of an item of a batch from its start."
            ),
        ),
        migrations.AddField(
            model_name="generation",
            name="cancel_at",
            field=models.DateTimeField(null=True, help_text="When it is canceled unless it has ended (Cancel-After)."),
        ),
    )
