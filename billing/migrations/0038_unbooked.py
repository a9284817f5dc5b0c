from __future__ import annotations

from django.db import migrations, models


def text(most: int, *, help_text: str = "") -> models.CharField[str, str]:
    return models.CharField(blank=True, db_default="", default="", help_text=help_text, max_length=most)


class Migration(migrations.Migration):
    """Why money at the provider cannot be booked, and what an operator decided about it."""

    dependencies = (("billing", "0037_dunning_paused"),)
    operations = (
        migrations.AddField("providerpayment", "problem", text(64, help_text="Why it cannot be booked: a code.")),
        migrations.AddField("providerpayment", "problem_detail", text(200)),
        migrations.AddField("providerpayment", "problem_at", models.DateTimeField(help_text="Since when.", null=True)),
        migrations.AddField(
            "providerpayment",
            "came",
            models.DecimalField(decimal_places=9, help_text="What came and is not booked.", max_digits=20, null=True),
        ),
        migrations.AddField("providerpayment", "came_currency", text(3)),
        migrations.AddField(
            "providerpayment",
            "waived",
            models.DecimalField(db_default=0, decimal_places=9, default=0, max_digits=20),
        ),
        migrations.AddField(
            "providerpayment",
            "set_aside_at",
            models.DateTimeField(help_text="When an operator decided that nothing is left to do.", null=True),
        ),
        migrations.AddField("providerpayment", "set_aside_by", text(300)),
        migrations.AddField("providerpayment", "set_aside_note", text(300)),
        migrations.AddField("providerevent", "error_detail", text(200)),
        migrations.AddField("providerevent", "set_aside_at", models.DateTimeField(null=True)),
        migrations.AddField("providerevent", "set_aside_by", text(300)),
        migrations.AddField("providerevent", "set_aside_note", text(300)),
        migrations.AlterField(
            "providerevent",
            "state",
            models.CharField(
                choices=[
                    ("received", "Received"),
                    ("processed", "Processed"),
                    ("ignored", "Not ours"),
                    ("set_aside", "Set aside"),
                ],
                default="received",
                max_length=10,
            ),
        ),
    )
