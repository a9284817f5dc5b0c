"""What each role may do: the one table, for the console, the API and the documentation (docs/roles.md is made from it).

Most permissions are also scopes of API keys, under the same name: what a person may do in the console, a key with that
scope may do over the API. The last three are never given to a key.
"""

from __future__ import annotations

from enum import StrEnum

from accounts.models.key import Scope
from accounts.models.person import Role


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
    Permission.READ: "See generations, pictures, files, models, quotes and the tenant's settings",
    Permission.GENERATE: "Ask for pictures, cancel and erase generations",
    Permission.FILES: "Upload and delete files",
    Permission.WEBHOOKS: "Manage webhook endpoints and see their deliveries",
    Permission.KEYS: "See, make, change, rotate and revoke API keys, never with more than one's own scopes",
    Permission.BILLING: "See usage, invoices and the balance; manage budgets",
    Permission.MEMBERS: "Invite people, change their roles and remove them, owners excepted",
    Permission.SETTINGS: "Change what the tenant may set itself",
    Permission.AUDIT: "Read who did what",
    Permission.OWNERS: "Make, change and remove owners",
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

# What a key of test mode, which people are careless with, must not open: it would lead to the live half of the tenant.
LIVE_SCOPES = frozenset({Scope.MEMBERS, Scope.SETTINGS, Scope.AUDIT})


def may(role: str, permission: Permission) -> bool:
    return permission in PERMISSIONS[Role(role)]


def scopes_of(role: str) -> frozenset[str]:
    """The scopes that a key made by somebody with this role may have at most."""
    return frozenset(scope for scope in Scope.values if Permission(scope) in PERMISSIONS[Role(role)])


def scopes_of_mode(livemode: bool) -> tuple[str, ...]:
    """Every scope that a key of this mode can have, in the order of the table."""
    return tuple(scope for scope in Scope.values if livemode or scope not in LIVE_SCOPES)


def as_markdown() -> str:
    """docs/roles.md, whole."""
    head = f"| Permission | {' | '.join(Role.values)} | Scope of keys | What it is |"
    lines = [head, "| --- " * (len(Role) + 3) + "|"]
    for permission in Permission:
        marks = " | ".join("yes" if may(role, permission) else "" for role in Role)
        scope = (
            "" if permission not in Scope.values else "live keys" if Scope(permission) in LIVE_SCOPES else "all keys"
        )
        lines.append(f"| `{permission}` | {marks} | {scope} | {MEANINGS[permission]} |")
    return _PAGE.format(table="\n".join(lines))


_PAGE = """\
# Roles, permissions and scopes

Made from `accounts/roles/permissions.py` by `manage.py roles_page`; a test compares the two.

A person has one role in each tenant that they belong to. A tenant always has an owner.

{table}

A permission that is also a scope opens the same thing to an API key as to a person. A key never has more than its
maker: no scope that a person's role or the making key lacks, no model, address or time beyond the making key's own; a
test key makes test keys only. The scopes `members`, `settings` and `audit` are for live keys, because test keys are
handed around. No key makes, changes or removes an owner, accepts the use policy or closes the tenant: people do that.

A key with a `member_id` is that person's: it counts for their budgets and usage, and ends with their membership. Keys
without one are the tenant's and stay.
"""
