from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    """What was held when a budget's percentage was reached: why one refuses of which little is used."""

    dependencies = (("billing", "0035_tax_kept"),)
    operations = (
        migrations.AddField(
            model_name="budgetalert",
            name="held",
            field=models.DecimalField(db_default=0, decimal_places=9, default=0, max_digits=20),
        ),
    )
