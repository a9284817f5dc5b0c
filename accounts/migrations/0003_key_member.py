from __future__ import annotations

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from cavendish.db.rls import composite_key


class Migration(migrations.Migration):
    """Whom a key counts for, and which key made it."""

    dependencies = (("accounts", "0002_isolation"),)
    operations = (
        migrations.AddField(
            model_name="apikey",
            name="member",
            field=models.ForeignKey(
                blank=True,
                help_text="The person whose budgets and usage it counts for, a member when it was set; nobody: the tenant's.",
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="apikey",
            name="created_by_key",
            field=models.ForeignKey(
                db_constraint=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="accounts.apikey",
            ),
        ),
        composite_key("accounts_apikey", "created_by_key_id", "accounts_apikey"),
    )
