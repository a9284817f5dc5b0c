"""Who the five roles are and what they may do at all."""

from __future__ import annotations

import pytest

from accounts.tenants.services import OF_THE_TENANT
from tests.walls.catalog import rows, tables

ROLES = {
    "owner": "cavendish_owner",
    "default": "cavendish_app",
    "system": "cavendish_system",
    "operator": "cavendish_operator",
    "people": "cavendish_people",
}
# What must be found before a tenant is known, what the waiting layer polls, and what the watch of keys asks and notes:
# exact matches of unguessable ids. And what finds a worker for a job of the tenant's own.
APP_DEFINER = {
    "generation_assign",
    "access_changes",
    "api_key_find",
    "api_keys_used",
    "generation_seconds",
    "generations_finished",
    "generation_search",
    "invitation_find",
    "output_tenant",
    "generation_tenant",
    "person_tenants",
}


@pytest.mark.parametrize("alias", ROLES)
def test_a_role_is_who_it_says_and_bound_by_row_level_security(alias: str) -> None:
    [row] = rows(
        alias,
        """SELECT current_user::text, session_user::text, rolsuper, rolbypassrls, rolcreaterole, rolcreatedb,
                  rolreplication, current_setting('is_superuser'), current_setting('row_security')
           FROM pg_roles WHERE rolname = current_user""",
    )
    assert row == (ROLES[alias], ROLES[alias], False, False, False, False, False, "off", "on")


def test_no_role_is_a_member_of_another() -> None:
    found = rows(
        "owner",
        """SELECT a.rolname, b.rolname FROM pg_roles a, pg_roles b
           WHERE a.rolname LIKE 'cavendish%%' AND NOT b.rolname = a.rolname AND pg_has_role(a.oid, b.oid, 'MEMBER')""",
    )
    assert found == [("cavendish_owner", "pg_database_owner")]  # what PostgreSQL calls owning the database


def test_only_the_owner_owns() -> None:
    owners = rows(
        "owner",
        """SELECT DISTINCT relowner::regrole::text FROM pg_class WHERE relnamespace = 'public'::regnamespace
           UNION SELECT DISTINCT proowner::regrole::text FROM pg_proc WHERE pronamespace = 'public'::regnamespace""",
    )
    assert owners == [("cavendish_owner",)]


def test_the_system_role_has_no_privilege_on_any_table() -> None:
    found = rows(
        "owner",
        """SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v', 'm')
               AND (has_table_privilege('cavendish_system', oid,
                        'SELECT, INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER')
                    OR has_any_column_privilege('cavendish_system', oid, 'SELECT, INSERT, UPDATE, REFERENCES'))""",
    )
    assert found == []
    assert len(tables()) > 25


def test_nobody_but_the_owner_may_make_things_or_truncate() -> None:
    for role in ("cavendish_app", "cavendish_system", "cavendish_operator"):
        [row] = rows(
            "owner",
            """SELECT has_schema_privilege(%s, 'public', 'CREATE'),
                      has_database_privilege(%s, current_database(), 'CREATE'),
                      (SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace
                           AND relkind IN ('r', 'p')
                           AND has_table_privilege(%s, oid, 'TRUNCATE, REFERENCES, TRIGGER'))""",
            role, role, role,
        )  # fmt: skip
        assert row == (False, False, 0)


def test_what_the_app_may_do_to_the_books() -> None:
    """Charges, usage and the ledger are written once; keys are revoked, never deleted."""
    found = rows(
        "owner",
        """SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')
               AND has_table_privilege('cavendish_app', oid, 'DELETE') ORDER BY 1""",
    )
    assert {name for (name,) in found} == {
        "accounts_idempotencykey", "accounts_membership", "accounts_webhookdelivery", "accounts_webhookendpoint",
        "billing_usagetag", "closing_exportpart", "generations_batchitem",
        "generations_collection", "generations_collectionoutput", "generations_derivative",
        "generations_generationtag", "generations_guardrule",
        "generations_output",
        "generations_prompttemplate", "generations_prompttemplateversion", "generations_sharelink",
        "generations_upload",
    }  # fmt: skip
    never_changed = rows(
        "owner",
        """SELECT relname FROM pg_class WHERE relname IN ('billing_charge', 'billing_usagerecord', 'billing_holdline',
               'billing_ledgertransaction', 'billing_ledgerentry', 'events_event', 'billing_price')
               AND has_any_column_privilege('cavendish_app', oid, 'UPDATE')""",
    )
    assert never_changed == []


def test_what_a_tenant_may_write_of_its_own_row() -> None:
    found = rows(
        "owner",
        """SELECT attname FROM pg_attribute WHERE attrelid = 'accounts_tenant'::regclass AND attnum > 0
               AND NOT attisdropped AND has_column_privilege('cavendish_app', attrelid, attnum, 'UPDATE')""",
    )
    accepted = {"policy_version", "policy_accepted_at"}
    assert {name for (name,) in found} == {*OF_THE_TENANT, *accepted}


def test_functions_that_run_as_the_owner_are_few_pinned_and_given_out_by_name() -> None:
    found = rows(
        "owner",
        """SELECT proname, has_function_privilege('cavendish_app', oid, 'EXECUTE'),
                  has_function_privilege('cavendish_system', oid, 'EXECUTE'),
                  has_function_privilege('cavendish_operator', oid, 'EXECUTE'), proconfig
           FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND prosecdef ORDER BY 1""",
    )
    assert {name for name, app, *_ in found if app} == APP_DEFINER
    for name, app, system, operator, config in found:
        assert not (app and (system or operator)), f"{name} is open to everybody"
        pinned = [setting for setting in config if not setting.startswith("plan_cache_mode=")]
        assert pinned == ["search_path=public, pg_temp"], f"{name} trusts its caller's search_path"


def test_the_apps_definer_functions_tell_no_more_than_they_must() -> None:
    """Each takes one unguessable value and answers by exact match, so that none lists anything."""
    found = rows(
        "owner",
        "SELECT proname, pg_get_function_arguments(oid) FROM pg_proc WHERE proname = ANY (%s) ORDER BY 1",
        sorted(APP_DEFINER),
    )
    assert found == [
        ("access_changes", "p_since pg_snapshot, p_ids uuid[], OUT snapshot pg_snapshot, OUT changed uuid[]"),
        ("api_key_find", "p_prefix text"),
        ("api_keys_used", "p_uses jsonb"),
        # Of the tenant that the transaction has set, and nothing that says whose jobs wait.
        ("generation_assign", "p_tenant uuid, p_id uuid, p_fresh double precision"),
        # This one lists, by numbers that are made with the tenant's id, of the tenant that the transaction has set.
        ("generation_search", "p_terms bigint[], p_before uuid, p_most integer"),
        ("generation_seconds", "p_model text, p_size text"),
        ("generation_tenant", "p_id uuid"),
        ("generations_finished", "p_ids uuid[]"),
        ("invitation_find", "p_digest bytea"),
        ("output_tenant", "p_id uuid"),
        ("person_tenants", "p_user uuid"),
    ]
    for wild in ("%", "cvd_live_%", "", "cvd_live_"):
        assert rows("default", "SELECT * FROM api_key_find(%s)", wild) == []
