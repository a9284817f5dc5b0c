from __future__ import annotations

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    """Payments that cannot be booked, and events that were set aside, are few among many."""

    atomic = False
    dependencies = (("billing", "0038_unbooked"),)
    operations = (
        AddIndexConcurrently(
            "providerpayment",
            models.Index(
                fields=["id"],
                name="provider_payments_stuck",
                condition=models.Q(models.Q(("problem", ""), _negated=True), ("set_aside_at", None)),
            ),
        ),
        AddIndexConcurrently(
            "providerevent",
            models.Index(fields=["id"], name="provider_events_set_aside", condition=models.Q(("state", "set_aside"))),
        ),
    )
