"""Where a person works: their tenant, their role in it, and live or test. Every request reads the membership anew."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from uuid import UUID

from django.http import HttpRequest

from accounts.actor import Actor
from accounts.authentication.people import person_actor
from accounts.authentication.principal import Principal, principal_of_prefix
from accounts.keys.services import console_key
from accounts.members.selectors import TenantOfPerson
from accounts.models import Tenant, User
from accounts.roles.permissions import Permission, may, scopes_of
from cavendish.above.console.session_tenant import person_of, session_tenant
from cavendish.db.tenancy import tenant_context

LIVEMODE_KEY = "livemode"
"""In the session: whether the console shows and makes live things. Live until somebody switches."""


@dataclass(frozen=True)
class Workplace:
    """A person in one of their tenants. Raises TenantContextError where `reading` is open already."""

    person: User
    membership: TenantOfPerson
    actor: Actor
    livemode: bool

    @property
    def tenant_id(self) -> UUID:
        return self.membership.tenant_id

    @property
    def role(self) -> str:
        return self.membership.role

    def may(self, permission: Permission) -> bool:
        return may(self.role, permission)

    @contextmanager
    def reading(self) -> Iterator[None]:
        """The tenant's context, for what a page reads. Services open their own."""
        with tenant_context(self.tenant_id):
            yield

    @cached_property
    def tenant(self) -> Tenant:
        """The tenant's row, with its settings; opens the tenant's context when first asked."""
        with self.reading():
            row: Tenant = Tenant.objects.get(id=self.tenant_id)
        return row

    @cached_property
    def principal(self) -> Principal:
        """The console's key in this mode, with the person as its member and no more than their role may.

        What a service does for a key it does for a person of the console: limits, budgets, guard rules, policy.
        """
        key = console_key(tenant_id=self.tenant_id, livemode=self.livemode)
        found = principal_of_prefix(key.prefix)
        if found is None:  # test keys are switched off for the tenant
            raise TestModeOff
        return replace(found, member_id=self.person.id, scopes=found.scopes & scopes_of(self.role))


class TestModeOff(Exception):
    """The operator has switched test keys off for this tenant, and with them the console's test mode."""


def workplace_of(request: HttpRequest) -> Workplace | None:
    """Returns where the session's person works; None without a tenant, or with several and no choice yet."""
    membership = session_tenant(request)
    if membership is None:
        return None
    person = person_of(request)
    livemode = bool(request.session.get(LIVEMODE_KEY, True))
    return Workplace(person, membership, person_actor(request, person), livemode)


def livemode_switch(request: HttpRequest, *, livemode: bool) -> None:
    """Makes the session show and make live things, or test ones, from now on."""
    request.session[LIVEMODE_KEY] = livemode
