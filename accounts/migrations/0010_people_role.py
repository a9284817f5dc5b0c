from __future__ import annotations

from django.db import migrations

EVERYTHING = (
    "account_emailaddress",
    "mfa_authenticator",
    "socialaccount_socialaccount",
    "usersessions_usersession",
    "django_session",
)
# Unused, but looked into and cascaded to.
CASCADED = ("account_emailconfirmation", "socialaccount_socialtoken")
NEEDED = """
DO $$ BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'cavendish_people') THEN
        RAISE EXCEPTION 'The database role cavendish_people is missing. Create it first, see deploy/roles.sql.';
    END IF;
END $$;
"""


class Migration(migrations.Migration):
    """What people are and how they prove it gets a role of its own: first it is let in, the next migration shuts out
    the app's role.
    """

    dependencies = (("accounts", "0009_member_roles"),)
    operations = (
        migrations.RunSQL(
            f"""
            {NEEDED}
            GRANT USAGE ON SCHEMA public TO cavendish_people;
            GRANT SELECT, INSERT, UPDATE (email, name, password, last_login) ON accounts_user TO cavendish_people;
            CREATE POLICY people_role_seen ON accounts_user FOR SELECT TO cavendish_people USING (true);
            CREATE POLICY people_role_joining ON accounts_user FOR INSERT TO cavendish_people
                WITH CHECK (is_active AND NOT is_staff AND NOT is_superuser);
            CREATE POLICY people_role_changing ON accounts_user FOR UPDATE TO cavendish_people
                USING (true) WITH CHECK (true);
            GRANT SELECT, INSERT, UPDATE, DELETE ON {", ".join(EVERYTHING)} TO cavendish_people;
            GRANT SELECT, DELETE ON {", ".join(CASCADED)} TO cavendish_people;
            GRANT SELECT ON socialaccount_socialapp TO cavendish_people;
            """,
            f"""
            REVOKE ALL ON accounts_user, socialaccount_socialapp, {", ".join((*EVERYTHING, *CASCADED))}
                FROM cavendish_people;
            DROP POLICY people_role_changing ON accounts_user;
            DROP POLICY people_role_joining ON accounts_user;
            DROP POLICY people_role_seen ON accounts_user;
            """,
        ),
    )
