from __future__ import annotations

from django.db import migrations

READ_ONLY = (
    "account_emailaddress",
    "account_emailconfirmation",
    "mfa_authenticator",
    "socialaccount_socialaccount",
    "socialaccount_socialtoken",
    "usersessions_usersession",
    "django_session",
)


class Migration(migrations.Migration):
    """The app's role reads who people are and writes nothing of it: not an operator's password, not a session."""

    dependencies = (("accounts", "0010_people_role"),)
    operations = (
        migrations.RunSQL(
            f"""
            REVOKE INSERT, UPDATE, DELETE ON accounts_user, {", ".join(READ_ONLY)} FROM cavendish_app;
            REVOKE UPDATE (email, name, password, last_login) ON accounts_user FROM cavendish_app;
            DROP POLICY people_changing ON accounts_user;
            DROP POLICY people_joining ON accounts_user;
            """,
            f"""
            GRANT INSERT, UPDATE (email, name, password, last_login) ON accounts_user TO cavendish_app;
            CREATE POLICY people_joining ON accounts_user FOR INSERT TO cavendish_app
                WITH CHECK (is_active AND NOT is_staff AND NOT is_superuser);
            CREATE POLICY people_changing ON accounts_user FOR UPDATE TO cavendish_app USING (true) WITH CHECK (true);
            GRANT INSERT, UPDATE, DELETE ON {", ".join(READ_ONLY)} TO cavendish_app;
            """,
        ),
    )
