"""What each role of operators may do: the one table for the admin, the API and the documentation (docs/roles.md).

Pages and acts ask `operator_can(user, permission)`, services raise `operator_refusal`, and views of the API name
the permission of each method in `operator_permissions`.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from django.utils.translation import gettext_noop

from accounts.errors import OperatorNotAllowed
from accounts.models import OperatorRole, User


class OperatorPermission(StrEnum):
    VIEW = "view"
    CONTENT = "content"
    TENANTS = "tenants"
    KEYS = "keys"
    JOBS = "jobs"
    MONEY = "money"
    PRICES = "prices"
    PLATFORM = "platform"
    ERASE = "erase"
    OPERATORS = "operators"

    @property
    def roles(self) -> list[str]:
        """The roles that have the permission, in the order of the table."""
        return roles_with(self)


OPERATOR_MEANINGS = {
    OperatorPermission.VIEW: gettext_noop("View every page and list, without prompts and pictures"),
    OperatorPermission.CONTENT: gettext_noop(
        "View prompts and pictures, after giving a reason that is kept in the audit log"
    ),
    OperatorPermission.TENANTS: gettext_noop(
        "Create, suspend and reactivate tenants; change their limits, retention and guard rules; "
        "invite people and help them sign in; write notes"
    ),
    OperatorPermission.KEYS: gettext_noop("Create, rotate and revoke tenants' API keys"),
    OperatorPermission.JOBS: gettext_noop("Cancel and retry jobs, send webhooks again"),
    OperatorPermission.MONEY: gettext_noop(
        "Book top-ups, credits, adjustments, refunds and payments; decide flagged charges; "
        "manage invoices, budgets, billing profiles and tenants' plans"
    ),
    OperatorPermission.PRICES: gettext_noop("Change the price book and plans, adopt token differences"),
    OperatorPermission.PLATFORM: gettext_noop(
        "Manage workers, background work, mail and webhook outboxes, reconciliation and the platform's guard rules"
    ),
    OperatorPermission.ERASE: gettext_noop("Close, export and erase tenants; set and release legal holds"),
    OperatorPermission.OPERATORS: gettext_noop("Manage operators, their roles and their keys"),
}

OPERATOR_PERMISSIONS: dict[OperatorRole, frozenset[OperatorPermission]] = {
    OperatorRole.FULL: frozenset(OperatorPermission),
    OperatorRole.SUPPORT: frozenset({
        OperatorPermission.VIEW,
        OperatorPermission.CONTENT,
        OperatorPermission.TENANTS,
        OperatorPermission.KEYS,
        OperatorPermission.JOBS,
    }),
    OperatorRole.FINANCE: frozenset({OperatorPermission.VIEW, OperatorPermission.MONEY, OperatorPermission.PRICES}),
    OperatorRole.READ_ONLY: frozenset({OperatorPermission.VIEW}),
}  # fmt: skip


def operator_may(role: str, permission: OperatorPermission) -> bool:
    """Returns whether the role has the permission. No role, the empty text, has none."""
    return permission in _permissions_of(role)


def operator_can(user: Any, permission: OperatorPermission) -> bool:
    """Returns whether whoever is signed in is an operator with the permission; for pages that show or hide an act."""
    return isinstance(user, User) and user.is_active and user.is_staff and operator_may(user.operator_role, permission)


def operator_refusal(role: str, permission: OperatorPermission) -> OperatorNotAllowed:
    """Returns the refusal, which names the role that lacks the permission and the roles that have it."""
    lacking = f'The role "{role}"' if role else "An account that is no operator's"
    return OperatorNotAllowed(
        f'{lacking} lacks the permission "{permission}", which {" and ".join(permission.roles)} have.',
        extra={"role": role or None, "required_permission": permission.value},
    )


def roles_with(permission: OperatorPermission) -> list[str]:
    """Returns the roles that have a permission, in the order of the table."""
    return [role.value for role in OperatorRole if operator_may(role, permission)]


def role_within(role: str, limit: str) -> bool:
    """Returns whether a role has no permission that the role `limit` lacks."""
    return _permissions_of(role) <= _permissions_of(limit)


def person_permission(person: User) -> OperatorPermission:
    """Returns what it takes to act on a person's account: an operator's second factor is a matter of operators."""
    return OperatorPermission.OPERATORS if person.is_staff else OperatorPermission.TENANTS


def _permissions_of(role: str) -> frozenset[OperatorPermission]:
    return OPERATOR_PERMISSIONS[OperatorRole(role)] if role in OperatorRole.values else frozenset()


def operators_as_markdown() -> str:
    """Returns the part of docs/roles.md about operators."""
    head = f"| Permission | {' | '.join(OperatorRole.values)} | What it allows |"
    lines = [head, "| --- " * (len(OperatorRole) + 2) + "|"]
    for permission in OperatorPermission:
        marks = " | ".join("yes" if operator_may(role, permission) else "" for role in OperatorRole)
        lines.append(f"| `{permission}` | {marks} | {OPERATOR_MEANINGS[permission]} |")
    return _PAGE.format(table="\n".join(lines))


_PAGE = """\

## Operators

An operator is somebody of yours, who runs the platform: a login for the admin (`manage.py operator_create --role`), or
a key for a program (`manage.py operator_key_create --role`). Each has one role, which the admin and the API go by.

{table}

`openapi-operator.json` says with each operation which roles may call it. Every operator key reads `/metrics`.

A refusal is 403 `operator_permission_denied`, names the role and the permission, and has changed nothing. Nobody
changes or removes their own role. The last active operator with the role `full` can be neither demoted, removed nor
deactivated.

An operator key never has more permissions than whoever creates it, and does not work while their account is
deactivated. When an operator is removed, or gets a role with fewer permissions, those of their keys that have more are
revoked. Keys made by `manage.py` belong to nobody and stay.

Whoever may make a tenant's keys or invite people can reach that tenant's pictures by way of them: the roles without
`content` have neither permission.
"""
