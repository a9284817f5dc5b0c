"""People of one tenant in the console, each with a browser of their own."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from accounts.members.services import membership_create
from accounts.models import Role, Tenant
from cavendish.db.router import acting_as
from tests.factories import make_tenant
from tests.people.visitors import Visitor, person


@dataclass
class Team:
    """A tenant and its signed-in people by role, made when they are first asked for."""

    tenant: Tenant = field(default_factory=make_tenant)
    people: dict[Role, Visitor] = field(default_factory=dict)

    def member(self, role: Role = Role.OWNER) -> Visitor:
        """The signed-in person of a role, in live mode."""
        if role not in self.people:
            self.people[role] = join(self.tenant, role)
        return self.people[role]


def join(tenant: Tenant, role: Role) -> Visitor:
    """A new person with a role in the tenant, signed in."""
    visitor = person()
    with acting_as("operator"):
        membership_create(tenant=tenant, user=visitor.user, role=role)
    visitor.sign_in()
    return visitor


def scripted(visitor: Visitor, path: str, **data: Any) -> Any:
    """What htmx sends and gets: a GET without `data`, a POST with it."""
    headers = {"HX-Request": "true"}
    return visitor.post(path, headers=headers, **data) if data else visitor.get(path, **headers)
