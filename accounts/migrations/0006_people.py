from __future__ import annotations

from django.db import migrations

from cavendish.db.rls import shared_table

EVERYTHING = "SELECT, INSERT, UPDATE, DELETE"


class Migration(migrations.Migration):
    """People sign in and up as the app's role. It may write who somebody is, never what they may do as an operator."""

    dependencies = (
        ("accounts", "0005_audit_and_operator_keys"),
        ("account", "0009_emailaddress_unique_primary_email"),
        ("mfa", "0003_authenticator_type_uniq"),
        ("socialaccount", "0006_alter_socialaccount_extra_data"),
        ("usersessions", "0001_initial"),
    )
    operations = (
        migrations.RunSQL(
            """
            GRANT INSERT, UPDATE (email, name, password, last_login) ON accounts_user TO cavendish_app;
            ALTER TABLE accounts_user ENABLE ROW LEVEL SECURITY;
            CREATE POLICY people_seen ON accounts_user FOR SELECT TO cavendish_app USING (true);
            CREATE POLICY people_joining ON accounts_user FOR INSERT TO cavendish_app
                WITH CHECK (is_active AND NOT is_staff AND NOT is_superuser);
            CREATE POLICY people_changing ON accounts_user FOR UPDATE TO cavendish_app USING (true) WITH CHECK (true);
            CREATE POLICY operator_rows ON accounts_user TO cavendish_operator USING (true) WITH CHECK (true);
            """,
            """
            DROP POLICY operator_rows ON accounts_user;
            DROP POLICY people_changing ON accounts_user;
            DROP POLICY people_joining ON accounts_user;
            DROP POLICY people_seen ON accounts_user;
            ALTER TABLE accounts_user DISABLE ROW LEVEL SECURITY;
            REVOKE INSERT, UPDATE ON accounts_user FROM cavendish_app;
            """,
        ),
        shared_table("account_emailaddress", app=EVERYTHING),
        shared_table("mfa_authenticator", app=EVERYTHING),
        shared_table("socialaccount_socialaccount", app=EVERYTHING),
        shared_table("usersessions_usersession", app=EVERYTHING),
        # Unused, but looked into and cascaded to.
        shared_table("account_emailconfirmation", app="SELECT, DELETE"),
        shared_table("socialaccount_socialtoken", app="SELECT, DELETE"),
        shared_table("socialaccount_socialapp"),
        # Who could sign in until now goes on: their addresses were given by an operator.
        migrations.RunSQL(
            """
            INSERT INTO account_emailaddress (email, verified, "primary", user_id)
            SELECT lower(email), true, true, id FROM accounts_user
            """,
            migrations.RunSQL.noop,
        ),
    )
