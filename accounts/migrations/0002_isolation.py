from __future__ import annotations

from django.db import migrations

from cavendish.db.rls import shared_table, tenant_table, tenant_unique


class Migration(migrations.Migration):
    """Row-level security and the grants of the four roles."""

    dependencies = (
        ("accounts", "0001_initial"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
        ("sessions", "0001_initial"),
    )
    operations = (
        migrations.RunSQL("GRANT USAGE ON SCHEMA public TO cavendish_app, cavendish_system, cavendish_operator"),
        tenant_table("accounts_tenant", grants="SELECT", column="id"),
        # claims lock tenants' rows through the owner's functions; the app role only reads them
        tenant_table("accounts_membership"),
        tenant_table("accounts_apikey", grants="SELECT, INSERT, UPDATE"),
        tenant_unique("accounts_apikey"),
        shared_table("accounts_user"),
        *(
            shared_table(table, app="")
            for table in (
                "accounts_user_groups",
                "accounts_user_user_permissions",
                "auth_group",
                "auth_group_permissions",
                "auth_permission",
                "django_content_type",
            )
        ),
        shared_table("django_session", app="SELECT, INSERT, UPDATE, DELETE"),
    )
