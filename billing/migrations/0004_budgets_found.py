from __future__ import annotations

from django.contrib.postgres.operations import AddIndexConcurrently, ValidateConstraint
from django.db import migrations, models
from django.db.models.expressions import RawSQL
from django.db.models.functions import Coalesce


class Migration(migrations.Migration):
    """Indexes that find a tenant's budgets, the period that runs and the holds of a period, made beside running jobs."""

    atomic = False
    dependencies = (("billing", "0003_budgets"),)
    operations = (
        AddIndexConcurrently(
            "budget",
            models.Index(
                fields=["tenant", "livemode", "-id"],
                name="budgets_listed",
                condition=models.Q(deleted_at__isnull=True),
            ),
        ),
        AddIndexConcurrently(
            "budgetperiod",
            models.Index(
                "budget", Coalesce("resets_at", RawSQL("'infinity'::timestamptz", ())), name="budget_period_running"
            ),
        ),
        AddIndexConcurrently("hold", models.Index(fields=["tenant", "livemode", "created_at"], name="holds_of_period")),
        ValidateConstraint("budget", "budget_raise_whole"),
    )
