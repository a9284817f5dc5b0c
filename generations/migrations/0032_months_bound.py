from __future__ import annotations

from django.db import migrations

from cavendish.db.months import months_bound


class Migration(migrations.Migration):
    """Contents and calls upstream get ready to be partitioned by month. Not atomic: validated beside running jobs."""

    atomic = False
    dependencies = (("generations", "0031_unsuccessful_listed"),)
    operations = (
        *months_bound("generations_generationcontent", "generation_id"),
        *months_bound("generations_upstreamcall", "generation_id"),
    )
