"""A key never has more than its maker, and a new secret does not cut anybody off."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone

from accounts.actor import SYSTEM, Actor
from accounts.authentication import tokens
from accounts.authentication.principal import principal_of
from accounts.authentication.stream_tokens import principal_of_stream_token, stream_token
from accounts.errors import KeyEnded, NotAllowed, PowersExceeded, RotationRunning
from accounts.keys.services import api_key_create, api_key_revoke, api_key_rotate, api_key_update, ip_range_parse
from accounts.models import ApiKey, Role, Tenant
from cavendish.db.tenancy import tenant_context
from cavendish.http.problems import Problem
from tests.accounts.people import audited, make_member
from tests.factories import FLASH, PRO, make_tenant

SOON = timezone.now() + timedelta(days=1)


@pytest.fixture(scope="module")
def tenant() -> Tenant:
    return make_tenant()


@pytest.fixture(scope="module")
def owner(tenant: Tenant) -> Actor:
    return make_member(tenant, Role.OWNER)


def make(tenant: Tenant, by: Actor = SYSTEM, **settings: Any) -> ApiKey:
    row, _ = api_key_create(tenant_id=tenant.id, **{"name": "k", "livemode": True, "actor": by, **settings})
    return row


def key_actor(tenant: Tenant, **settings: Any) -> Actor:
    row = make(tenant, **settings)
    return Actor("key", row.id, row.prefix)


def stored(row: ApiKey) -> ApiKey:
    with tenant_context(row.tenant_id):
        current: ApiKey = ApiKey.objects.get(id=row.id)
    return current


def pointers(refused: pytest.ExceptionInfo[Problem]) -> list[str]:
    return [error.pointer for error in refused.value.errors]


@pytest.mark.parametrize(
    ("most", "requested", "pointer"),
    [
        ({"scopes": ["keys", "read"]}, {"scopes": ["read", "generate"]}, "/scopes"),
        ({"scopes": ["keys", "read"]}, {}, "/scopes"),  # without scopes it would have them all
        ({"livemode": False}, {"livemode": True, "scopes": ["read"]}, "/livemode"),
        ({"allowed_models": [FLASH]}, {"allowed_models": [FLASH, PRO]}, "/allowed_models"),
        ({"allowed_models": [FLASH]}, {}, "/allowed_models"),
        ({"ip_ranges": ["203.0.113.0/24"]}, {"ip_ranges": ["203.0.112.0/23"]}, "/ip_ranges"),
        ({"ip_ranges": ["203.0.113.0/24"]}, {"ip_ranges": ["203.0.113.1", "2001:db8::1"]}, "/ip_ranges"),
        ({"ip_ranges": ["203.0.113.0/24"]}, {}, "/ip_ranges"),
        ({"expires_at": SOON}, {"expires_at": SOON + timedelta(seconds=1)}, "/expires_at"),
        ({"expires_at": SOON}, {}, "/expires_at"),
    ],
)
def test_a_key_makes_none_that_can_do_more(
    tenant: Tenant, most: dict[str, Any], requested: dict[str, Any], pointer: str
) -> None:
    by = key_actor(tenant, **most)
    with pytest.raises(PowersExceeded) as refused:
        make(tenant, by, **requested)
    assert pointers(refused) == [pointer]


def test_a_key_makes_one_that_can_do_as_much_or_less(tenant: Tenant) -> None:
    most: dict[str, Any] = {
        "scopes": ["keys", "read"], "allowed_models": [FLASH, PRO], "ip_ranges": ["203.0.113.0/24"], "expires_at": SOON,
    }  # fmt: skip
    by = key_actor(tenant, **most)
    make(tenant, by, **most)
    less = make(tenant, by, **{**most, "scopes": ["read"], "allowed_models": [PRO], "ip_ranges": ["203.0.113.8/29"]})
    assert (less.created_by_key_id, less.created_by_id) == (by.id, None)
    make(tenant, key_actor(tenant), livemode=False)


def test_a_members_key_makes_keys_for_that_member_only(tenant: Tenant, owner: Actor) -> None:
    by = key_actor(tenant, member_id=owner.id)
    with pytest.raises(PowersExceeded) as refused:
        make(tenant, by)
    assert pointers(refused) == ["/member_id"]
    assert make(tenant, by, member_id=owner.id).member_id == owner.id


def test_a_persons_role_bounds_their_keys(tenant: Tenant, owner: Actor) -> None:
    developer = make_member(tenant, Role.DEVELOPER)
    assert make(tenant, developer, scopes=["generate", "read"]).created_by_id == developer.id
    with pytest.raises(PowersExceeded):
        make(tenant, developer, scopes=["billing"])
    for role in (Role.BILLING, Role.VIEWER):
        with pytest.raises(NotAllowed):
            make(tenant, make_member(tenant, role), scopes=["read"])
    assert len(make(tenant, owner).scopes) == 9


def test_a_narrow_key_neither_widens_nor_reads_a_wide_one(tenant: Tenant) -> None:
    by = key_actor(tenant, scopes=["keys"])
    wide, narrow = make(tenant), make(tenant, scopes=["keys"])
    with pytest.raises(PowersExceeded):
        api_key_update(tenant_id=tenant.id, key_id=narrow.id, changed={"scopes": ["keys", "read"]}, actor=by)
    with pytest.raises(PowersExceeded):
        api_key_rotate(tenant_id=tenant.id, key_id=wide.id, actor=by)
    assert stored(wide).prefix == wide.prefix
    # what it has may stay, and to take away is always allowed
    api_key_update(tenant_id=tenant.id, key_id=wide.id, changed={"name": "renamed"}, actor=by)
    api_key_update(tenant_id=tenant.id, key_id=wide.id, changed={"scopes": ["keys"]}, actor=by)
    assert (stored(wide).name, stored(wide).scopes) == ("renamed", ["keys"])
    api_key_revoke(tenant_id=tenant.id, key_id=wide.id, actor=by)


def test_a_test_key_does_not_find_live_ones(tenant: Tenant) -> None:
    by, live = key_actor(tenant, livemode=False), make(tenant, scopes=["read"])
    for act in (api_key_rotate, api_key_revoke):
        with pytest.raises(Problem) as refused:
            act(tenant_id=tenant.id, key_id=live.id, actor=by)
        assert refused.value.status == 404
    with pytest.raises(Problem):
        api_key_update(tenant_id=tenant.id, key_id=live.id, changed={"name": "x"}, actor=by)


@pytest.mark.parametrize(
    ("settings", "pointer", "code"),
    [
        ({"name": " "}, "/name", "too_short"),
        ({"scopes": ["read", "write"]}, "/scopes/1", "unknown_value"),
        ({"scopes": ["read", "read"]}, "/scopes/1", "repeated"),
        ({"livemode": False, "scopes": ["members"]}, "/scopes/0", "live_only"),
        ({"ip_ranges": ["203.0.113.0/24", "10.0.0.0/33"]}, "/ip_ranges/1", "unknown_value"),
        ({"ip_ranges": ["fe80::1%eth0"]}, "/ip_ranges/0", "unknown_value"),
        ({"ip_ranges": ["10.0.0.1"] * 51}, "/ip_ranges", "too_many"),
        ({"allowed_models": ["gpt-image-1"]}, "/allowed_models/0", "unknown_value"),
        ({"allowed_models": []}, "/allowed_models", "too_short"),
        ({"expires_at": timezone.now()}, "/expires_at", "out_of_range"),
        ({"member_id": uuid4()}, "/member_id", "unknown_value"),
    ],
)
def test_what_a_key_cannot_be(tenant: Tenant, settings: dict[str, Any], pointer: str, code: str) -> None:
    with pytest.raises(Problem) as refused:
        make(tenant, **settings)
    assert refused.value.status == 422
    assert [(error.pointer, error.code) for error in refused.value.errors] == [(pointer, code)]


def test_another_tenants_member_is_none(tenant: Tenant) -> None:
    stranger = make_member(make_tenant(balance=0), Role.OWNER)
    with pytest.raises(Problem):
        make(tenant, member_id=stranger.id)
    with pytest.raises(NotAllowed):
        make(tenant, stranger)


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("203.0.113.7", "203.0.113.7/32"), ("203.0.113.77/24", "203.0.113.0/24"), (" 2001:DB8::1 ", "2001:db8::1/128"),
        ("2001:db8::/32", "2001:db8::/32"), ("0.0.0.0/0", "0.0.0.0/0"), ("10.0.0.0/255.255.0.0", "10.0.0.0/16"),
        ("10.0.0", None), ("", None), ("example.com", None), ("1.2.3.4/-1", None), ("010.0.0.1", None), ("%", None),
    ],
)  # fmt: skip
def test_a_range_has_one_spelling(text: str, read: str | None) -> None:
    assert ip_range_parse(text) == read


def test_a_rotation_keeps_the_key_and_both_secrets_for_a_while(tenant: Tenant, owner: Actor) -> None:
    row, first = api_key_create(tenant_id=tenant.id, name="r", livemode=True)
    rotated, second = api_key_rotate(tenant_id=tenant.id, key_id=row.id, actor=owner, overlap=timedelta(hours=1))
    kept = stored(row)
    assert rotated.id == row.id
    assert (kept.prefix, bytes(kept.digest)) == (tokens.describe(second).prefix, tokens.describe(second).digest)
    assert kept.previous_prefix == tokens.describe(first).prefix
    assert kept.previous_digest is not None
    assert bytes(kept.previous_digest) == tokens.describe(first).digest
    assert kept.previous_expires_at is not None
    assert abs(kept.previous_expires_at - timezone.now() - timedelta(hours=1)) < timedelta(minutes=1)
    with pytest.raises(RotationRunning):
        api_key_rotate(tenant_id=tenant.id, key_id=row.id, actor=owner)
    api_key_rotate(tenant_id=tenant.id, key_id=row.id, actor=owner, overlap=timedelta(0))
    assert (stored(row).previous_prefix, stored(row).previous_digest) == (None, None)
    assert not [event for event in audited(tenant.id) if first in str(vars(event)) or second in str(vars(event))]


def test_a_revoked_key_stays_so(tenant: Tenant, owner: Actor) -> None:
    row = make(tenant)
    ended = api_key_revoke(tenant_id=tenant.id, key_id=row.id, actor=owner)
    assert api_key_revoke(tenant_id=tenant.id, key_id=row.id, actor=owner).revoked_at == ended.revoked_at
    with pytest.raises(KeyEnded):
        api_key_update(tenant_id=tenant.id, key_id=row.id, changed={"name": "x"}, actor=owner)
    with pytest.raises(KeyEnded):
        api_key_rotate(tenant_id=tenant.id, key_id=row.id, actor=owner)


def test_changes_are_in_the_audit_as_what_differs(tenant: Tenant, owner: Actor) -> None:
    row = make(tenant, owner)
    changed = {"name": "other", "ip_ranges": ["10.0.0.1"], "scopes": row.scopes}
    api_key_update(tenant_id=tenant.id, key_id=row.id, changed=changed, actor=owner)
    created, update = audited(tenant.id)[-2:]
    assert (created.action, created.after["prefix"], created.after["livemode"]) == ("api_key.created", row.prefix, True)
    assert (update.action, update.before) == ("api_key.changed", {"name": "k", "ip_ranges": []})
    assert update.after == {"name": "other", "ip_ranges": ["10.0.0.1/32"]}


def test_an_open_stream_outlives_its_token_and_not_its_key(tenant: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    row, secret = api_key_create(tenant_id=tenant.id, name="k", livemode=True, scopes=["read"])
    who = principal_of(secret)
    assert who is not None
    token, _ = stream_token(who)
    monkeypatch.setattr("accounts.authentication.stream_tokens.LIFETIME", timedelta(seconds=-1))
    assert principal_of_stream_token(token) is None
    assert principal_of_stream_token(token, is_open=True) is not None
    api_key_revoke(tenant_id=tenant.id, key_id=row.id, actor=SYSTEM)
    assert principal_of_stream_token(token, is_open=True) is None
