"""The table of roles, and the page that is made from it."""

from __future__ import annotations

from pathlib import Path

import pytest

from accounts.models import Role, Scope
from accounts.roles.permissions import LIVE_SCOPES, PERMISSIONS, Permission, as_markdown, may, scopes_of, scopes_of_mode

PAGE = Path(__file__).parents[2] / "docs" / "roles.md"


def test_the_page_says_what_the_code_does() -> None:
    assert PAGE.read_text() == as_markdown(), "run `manage.py roles_page`"


def test_every_role_and_every_permission_is_in_the_table() -> None:
    assert set(PERMISSIONS) == set(Role)
    assert frozenset().union(*PERMISSIONS.values()) == frozenset(Permission)
    for permission in Permission:
        row = next(line for line in as_markdown().splitlines() if line.startswith(f"| `{permission}` |"))
        marks = [cell.strip() == "yes" for cell in row.split("|")[2:7]]
        assert marks == [may(role, permission) for role in Role]


def test_every_scope_is_a_permission() -> None:
    assert set(Scope.values) == set(Permission) - {Permission.OWNERS, Permission.POLICY, Permission.CLOSE}
    assert scopes_of(Role.OWNER) == scopes_of(Role.ADMIN) == frozenset(Scope.values)


@pytest.mark.parametrize(
    ("role", "scopes"),
    [
        (Role.DEVELOPER, {"read", "generate", "files", "webhooks", "keys"}),
        (Role.BILLING, {"billing"}),
        (Role.VIEWER, {"read"}),
    ],
)
def test_what_a_role_may_give_to_a_key(role: Role, scopes: set[str]) -> None:
    assert scopes_of(role) == scopes


def test_roles_grow_downwards_only() -> None:
    """Nobody has what an owner has not, and an admin has all that the others have."""
    for role in Role:
        assert PERMISSIONS[role] <= PERMISSIONS[Role.OWNER]
        if role is not Role.OWNER:
            assert PERMISSIONS[role] <= PERMISSIONS[Role.ADMIN]


def test_a_test_key_has_no_scope_that_leads_to_the_live_half() -> None:
    assert set(scopes_of_mode(True)) == set(Scope.values)
    assert set(scopes_of_mode(False)) == set(Scope.values) - LIVE_SCOPES
