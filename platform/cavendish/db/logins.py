"""Who a connection is: whether row-level security binds it, and whether it has the rights of its one role."""

from __future__ import annotations

from typing import Any

import psycopg

# Setting → the role that it connects as, or at least whose rights it has.
ROLES = {
    "DATABASE_URL": "cavendish_app",
    "DATABASE_SYSTEM_URL": "cavendish_system",
    "DATABASE_OPERATOR_URL": "cavendish_operator",
    "DATABASE_PEOPLE_URL": "cavendish_people",
}
_QUERY = """
SELECT current_user::text, session_user::text, rolsuper OR rolbypassrls, pg_has_role(current_user, d.datdba, 'MEMBER'),
       (SELECT pg_has_role(current_user, r.oid, 'USAGE') FROM pg_roles AS r WHERE r.rolname = %(role)s),
       ARRAY(SELECT r.rolname FROM pg_roles AS r
             WHERE r.rolname = ANY(%(others)s) AND pg_has_role(current_user, r.oid, 'MEMBER'))::text[]
FROM pg_roles, pg_database AS d WHERE rolname = current_user AND d.datname = current_database()
"""


def login_fault(connection: psycopg.Connection[Any], setting: str, *, expected: str = "") -> str:
    """Returns what is wrong with a connection for the setting, beginning with its name; empty where nothing is.

    `expected` is the user of its URL, where that must be who it runs as.
    """
    role = ROLES[setting]
    row = connection.execute(
        _QUERY, {"role": role, "others": [name for name in ROLES.values() if name != role]}
    ).fetchone()
    assert row is not None, "every session has a role and a database"
    current, session, is_unbound, owns, has_role, others = row
    problem = ""
    if expected and not current == session == expected:
        problem = f"runs as {current}, not as {expected}"
    elif is_unbound:
        problem = f"is {current}, which row-level security does not bind (SUPERUSER or BYPASSRLS)"
    elif owns:
        problem = f"is {current}, which owns the database and so decides over row-level security"
    elif not has_role:
        problem = f"is {current}, which is not a member of {role} and so has none of its rights"
    elif others:
        problem = f"is {current}, which is also a member of {', '.join(others)}"
    return problem and f"{setting} {problem}. Use the role {role}, or a plain login that is a member of it."
