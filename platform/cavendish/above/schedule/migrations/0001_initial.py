from __future__ import annotations

from django.db import migrations, models

from cavendish.db.rls import shared_table


class Migration(migrations.Migration):
    initial = True

    dependencies = (("accounts", "0017_operator_roles"),)
    operations = (
        migrations.CreateModel(
            name="ScheduledTask",
            fields=[
                ("name", models.CharField(max_length=64, primary_key=True, serialize=False)),
                (
                    "thread",
                    models.CharField(help_text="Tasks of one thread run one after the other.", max_length=32),
                ),
                ("every", models.FloatField(help_text="Seconds from one start to the next.")),
                ("started_at", models.DateTimeField()),
                ("seconds", models.FloatField(help_text="How long the run took.")),
                (
                    "result",
                    models.BigIntegerField(help_text="How much it did; empty where it does not count.", null=True),
                ),
                (
                    "error",
                    models.CharField(blank=True, help_text="The class of the error of this run.", max_length=100),
                ),
                ("failures", models.IntegerField(default=0, help_text="Failed runs in a row.")),
                ("failed_at", models.DateTimeField(help_text="When a run last failed.", null=True)),
                ("last_error", models.CharField(blank=True, help_text="What it failed with then.", max_length=100)),
                ("process", models.CharField(help_text="The scheduler: host and process id.", max_length=100)),
            ],
        ),
        shared_table("schedule_scheduledtask", app=""),
    )
