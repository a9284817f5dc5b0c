from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    """The member for whom a generation was made: for budgets and usage of members."""

    dependencies = (("generations", "0002_isolation"),)
    operations = (
        migrations.AddField(
            model_name="generation",
            name="member_id",
            field=models.UUIDField(
                help_text="The person for whom the key counted at acceptance; nobody: the tenant's.", null=True
            ),
        ),
    )
