"""What each role may do: the one table for the console, the API and the documentation (docs/roles.md is made from it).

Most permissions are also scopes of API keys, under the same name: what a person may do in the console, a key with that
scope may do over the API. The last three are never given to a key.
"""

from __future__ import annotations

from enum import StrEnum

from accounts.models.key import Scope
from accounts.models.person import Role
from accounts.roles.operators import operators_as_markdown


class Permission(StrEnum):
    READ = "read"
    GENERATE = "generate"
    FILES = "files"
    WEBHOOKS = "webhooks"
    KEYS = "keys"
    BILLING = "billing"
    MEMBERS = "members"
    SETTINGS = "settings"
    AUDIT = "audit"
    OWNERS = "owners"
    POLICY = "policy"
    CLOSE = "close"


MEANINGS = {
    Permission.READ: "View generations, pictures, files, models, quotes and the tenant's settings",
    Permission.GENERATE: "Generate pictures, cancel and erase generations",
    Permission.FILES: "Upload and delete files",
    Permission.WEBHOOKS: "Manage webhook endpoints and view their deliveries",
    Permission.KEYS: "View, create, change, rotate and revoke API keys, never with more scopes than one's own",
    Permission.BILLING: "View usage, invoices and the balance; manage budgets",
    Permission.MEMBERS: "Invite members, change their roles and remove them, except owners",
    Permission.SETTINGS: "Change the settings that the tenant controls itself",
    Permission.AUDIT: "View the audit log",
    Permission.OWNERS: "Add, change and remove owners",
    Permission.POLICY: "Accept the use policy for the tenant",
    Permission.CLOSE: "Export everything and close the tenant",
}

_KEY_MAKER = frozenset({Permission.READ, Permission.GENERATE, Permission.FILES, Permission.WEBHOOKS, Permission.KEYS})
PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.OWNER: frozenset(Permission),
    Role.ADMIN: frozenset(Permission) - {Permission.OWNERS, Permission.POLICY, Permission.CLOSE},
    Role.DEVELOPER: _KEY_MAKER,
    Role.BILLING: frozenset({Permission.BILLING}),
    Role.VIEWER: frozenset({Permission.READ}),
}

# Scopes that no test key may have: people are careless with those, and these scopes reach the live half of the tenant.
LIVE_SCOPES = frozenset({Scope.MEMBERS, Scope.SETTINGS, Scope.AUDIT})


def may(role: str, permission: Permission) -> bool:
    return permission in PERMISSIONS[Role(role)]


def scopes_of(role: str) -> frozenset[str]:
    """Returns the most scopes that a key created by somebody with this role may have."""
    return frozenset(scope for scope in Scope.values if Permission(scope) in PERMISSIONS[Role(role)])


def scopes_of_mode(livemode: bool) -> tuple[str, ...]:
    """Returns every scope that a key of this mode can have, in the order of the table."""
    return tuple(scope for scope in Scope.values if livemode or scope not in LIVE_SCOPES)


def as_markdown() -> str:
    """Returns the whole text of docs/roles.md."""
    head = f"| Permission | {' | '.join(Role.values)} | Scope of keys | What it allows |"
    lines = [head, "| --- " * (len(Role) + 3) + "|"]
    for permission in Permission:
        marks = " | ".join("yes" if may(role, permission) else "" for role in Role)
        scope = (
            "" if permission not in Scope.values else "live keys" if Scope(permission) in LIVE_SCOPES else "all keys"
        )
        lines.append(f"| `{permission}` | {marks} | {scope} | {MEANINGS[permission]} |")
    return _PAGE.format(table="\n".join(lines)) + operators_as_markdown()


_PAGE = """\
# Roles, permissions and scopes

Made from `permissions.py` and `operators.py` in `accounts/roles` by `manage.py roles_page`; a test compares them.

A person has one role in each tenant that they belong to. A tenant always has an owner.

{table}

A permission that is also a scope allows an API key what it allows a person. A key never has more than whoever creates
it: no scope that the person's role or the creating key lacks, and no model, address or expiry beyond the creating key's
own. A test key creates test keys only. The scopes `members`, `settings` and `audit` are for live keys, because test
keys are handed around. No key adds, changes or removes an owner, accepts the use policy or closes the tenant: people do
that.

A key with a `member_id` is that person's: it counts for their budgets and usage, and ends with their membership. It
never does more than that person may now: its scopes are cut by the role that they have when it is used. Keys without a
member are the tenant's and stay. No key changes the role of its own member.

**Widening a key.** Whoever may manage keys may narrow, rename and revoke any key. To widen one, in scopes, addresses,
models, expiry or limits, takes at least all of its powers. Nobody raises the limits of their own key.

**Limits and budgets bind a key's children** by one rule: a key that has limits or a budget of its own creates no keys,
and rotates none but itself.

**Roles that a key gives.** A key invites and promotes only to roles all of whose permissions it has itself.
"""
