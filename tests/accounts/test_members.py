"""Who may make whom what, and that a tenant always keeps an owner."""

from __future__ import annotations

import threading
from uuid import uuid4

import pytest
from django.db import connection

from accounts.actor import Actor
from accounts.errors import LastOwner, NotAllowed
from accounts.keys.services import api_key_create
from accounts.members.services import membership_remove, membership_role_change
from accounts.models import ApiKey, Membership, Role, Tenant
from cavendish.db.router import acting_as
from cavendish.db.tenancy import tenant_context
from cavendish.http.problems import Problem
from tests.accounts.people import OPERATOR, audited, make_member
from tests.factories import make_key, make_tenant


@pytest.fixture(scope="module")
def tenant() -> Tenant:
    return make_tenant()


def role_of(tenant: Tenant, who: Actor) -> str | None:
    with tenant_context(tenant.id):
        role: str | None = Membership.objects.filter(user_id=who.id).values_list("role", flat=True).first()
    return role


def change(tenant: Tenant, who: Actor, role: Role, by: Actor) -> None:
    assert who.id is not None
    membership_role_change(tenant_id=tenant.id, user_id=who.id, role=role, actor=by)


def remove(tenant: Tenant, who: Actor, by: Actor) -> int:
    assert who.id is not None
    return membership_remove(tenant_id=tenant.id, user_id=who.id, actor=by)


def test_who_may_change_roles(tenant: Tenant) -> None:
    owner, admin = make_member(tenant, Role.OWNER), make_member(tenant, Role.ADMIN)
    viewer = make_member(tenant, Role.VIEWER)
    row, _ = make_key(tenant)
    key = Actor("key", row.id, row.prefix)
    weak, _ = make_key(tenant, scopes=["members", "read"])
    with pytest.raises(NotAllowed, match="permissions it has itself"):
        change(tenant, viewer, Role.ADMIN, Actor("key", weak.id, weak.prefix))
    for by, role in ((admin, Role.BILLING), (owner, Role.DEVELOPER), (key, Role.ADMIN)):
        change(tenant, viewer, role, by)
        assert role_of(tenant, viewer) == role
    for by in (admin, key):  # owners are made, changed and removed by owners
        with pytest.raises(NotAllowed, match="owner"):
            change(tenant, viewer, Role.OWNER, by)
        with pytest.raises(NotAllowed):
            change(tenant, owner, Role.VIEWER, by)
        with pytest.raises(NotAllowed):
            remove(tenant, owner, by)
    for role in (Role.DEVELOPER, Role.BILLING, Role.VIEWER):
        with pytest.raises(NotAllowed, match='permission "members"'):
            change(tenant, admin, Role.VIEWER, make_member(tenant, role))
    with pytest.raises(NotAllowed):
        change(tenant, viewer, Role.VIEWER, make_member(make_tenant(balance=0), Role.OWNER))
    bare, _ = make_key(tenant, scopes=["read", "keys"])
    with pytest.raises(NotAllowed):
        change(tenant, viewer, Role.VIEWER, Actor("key", bare.id, bare.prefix))
    change(tenant, viewer, Role.OWNER, owner)
    assert role_of(tenant, viewer) == Role.OWNER


def test_a_tenant_keeps_an_owner() -> None:
    tenant = make_tenant(balance=0)
    owner = make_member(tenant, Role.OWNER)
    for by in (owner, OPERATOR):
        with acting_as("operator" if by is OPERATOR else "default"):
            with pytest.raises(LastOwner):
                change(tenant, owner, Role.ADMIN, by)
            with pytest.raises(LastOwner):
                remove(tenant, owner, by)
    second = make_member(tenant, Role.OWNER)
    remove(tenant, owner, second)
    with pytest.raises(LastOwner):
        remove(tenant, second, second)


def test_of_two_owners_who_remove_each_other_at_once_one_stays() -> None:
    """Without the lock on both rows each would see the other one still there, and none would be left."""
    tenant = make_tenant(balance=0)
    one, two = make_member(tenant, Role.OWNER), make_member(tenant, Role.OWNER)
    refused: list[Exception] = []
    start = threading.Barrier(2)

    def work(who: Actor, by: Actor) -> None:
        start.wait()
        try:
            remove(tenant, who, by)
        except (LastOwner, NotAllowed) as error:
            refused.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=pair) for pair in ((one, two), (two, one))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) == 1
    assert sorted(map(str, (role_of(tenant, one), role_of(tenant, two)))) == ["None", "owner"]


def test_everybody_may_leave_and_takes_their_keys_along(tenant: Tenant) -> None:
    viewer = make_member(tenant, Role.VIEWER)
    with acting_as("operator"):
        own, _ = api_key_create(tenant_id=tenant.id, name="own", livemode=True, member_id=viewer.id)
        shared, _ = api_key_create(tenant_id=tenant.id, name="shared", livemode=True)
    assert remove(tenant, viewer, viewer) == 1
    with tenant_context(tenant.id):
        assert ApiKey.objects.get(id=own.id).revoked_at is not None
        assert ApiKey.objects.get(id=shared.id).revoked_at is None
    assert [event.action for event in audited(tenant.id)][-2:] == ["api_key.revoked", "member.left"]


def test_somebody_who_is_no_member_is_not_found(tenant: Tenant) -> None:
    owner = make_member(tenant, Role.OWNER)
    with pytest.raises(Problem) as caught:
        membership_remove(tenant_id=tenant.id, user_id=uuid4(), actor=owner)
    assert caught.value.status == 404
    with pytest.raises(Problem):
        remove(make_tenant(balance=0), owner, owner)


def test_a_change_is_in_the_audit(tenant: Tenant) -> None:
    owner, viewer = make_member(tenant, Role.OWNER), make_member(tenant, Role.VIEWER)
    change(tenant, viewer, Role.VIEWER, owner)  # nothing changes, nothing is noted
    change(tenant, viewer, Role.BILLING, owner)
    event = audited(tenant.id)[-1]
    assert (event.action, event.target, event.before, event.after) == (
        "member.role_changed", "member", {"role": "viewer"}, {"role": "billing"},
    )  # fmt: skip
    assert (event.actor_kind, event.actor_label, event.address) == ("person", owner.label, "203.0.113.9")
