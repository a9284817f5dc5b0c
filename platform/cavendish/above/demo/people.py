"""The rows of tenants with their people and keys. Two may be there already: those that `manage.py demo` makes."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from uuid import UUID
from zoneinfo import ZoneInfo

from allauth.account.models import EmailAddress
from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.db import connections

from accounts.authentication import tokens
from accounts.models import ApiKey, Membership, Tenant, TenantStatus, User
from accounts.roles.permissions import scopes_of_mode
from billing.models import Wallet
from cavendish.above.demo.history import History, actor_of
from cavendish.above.demo.profiles import PROFILES, KeyProfile, Profile
from cavendish.above.seeding.rows import uuid7


@dataclass(frozen=True)
class KeyRow:
    """A key that jobs may name; `share` as in its profile."""

    id: UUID
    livemode: bool
    share: int
    member_id: UUID | None
    created_at: datetime
    revoked_at: datetime | None


@dataclass(frozen=True)
class TenantRows:
    """A tenant of the demo with what its jobs need to know of it."""

    profile: Profile
    row: Tenant
    zone: ZoneInfo
    people: tuple[User, ...]
    keys: tuple[KeyRow, ...]

    @property
    def id(self) -> UUID:
        return self.row.id

    @cached_property
    def text_id(self) -> str:
        return str(self.row.id)

    @property
    def owner(self) -> User:
        return self.people[0]


def tenants_create(
    profiles: tuple[Profile, ...], *, password: str, now: datetime, history: History, rng: random.Random
) -> tuple[list[TenantRows], dict[str, str]]:
    """Creates the tenants, or takes over those that are there.

    Returns them, and the secret of a live key of each: the only ones that anybody can know.
    """
    hashed = make_password(password)
    there: Mapping[str, Tenant] = {row.slug: row for row in Tenant.objects.all()}
    secrets: dict[str, str] = {}
    made = []
    for profile in profiles:
        born = now - timedelta(days=profile.age, hours=rng.random() * 5)
        row = _tenant(profile, there.get(profile.slug), born, now)
        people = _people(profile, row, born, hashed, history, rng)
        keys = _keys(profile, row, people, now, history, rng, secrets)
        made.append(TenantRows(profile, row, ZoneInfo(profile.zone), people, keys))
    return made, secrets


def _tenant(profile: Profile, there: Tenant | None, born: datetime, now: datetime) -> Tenant:
    row = there or Tenant(id=uuid7(born, random.Random(profile.slug)), slug=profile.slug)
    row.name = profile.name
    row.created_at = born
    row.billing_timezone = profile.zone
    row.output_retention_days = profile.retention_days
    row.policy_version = settings.POLICY_VERSION
    row.policy_accepted_at = born + timedelta(minutes=9)
    if there is None:
        row.concurrency_limit = 40 if profile.share > 5 else 16
        row.queue_limit = 500
    if profile.suspended:
        row.status = TenantStatus.SUSPENDED
        row.status_reason = profile.suspended[1]
    row.save(force_insert=there is None)
    for livemode in (True, False):
        Wallet.objects.get_or_create(tenant=row, livemode=livemode)
    return row


def _people(
    profile: Profile, row: Tenant, born: datetime, hashed: str, history: History, rng: random.Random
) -> tuple[User, ...]:
    emails = [f"{local}@{profile.domain}" for _, local, _ in profile.people]
    known = {user.email: user for user in User.objects.filter(email__in=emails)}
    people = []
    for place, ((name, _, role), email) in enumerate(zip(profile.people, emails, strict=True)):
        joined = born + timedelta(days=place * min(9, profile.age / 8))
        user = known.get(email)
        if user is None:
            user = User(id=uuid7(joined, rng), email=email, password=hashed, created_at=joined)
            user.last_login = history.now - timedelta(hours=1 + rng.random() * 200)
            user.name = name
            user.save(force_insert=True)
            EmailAddress.objects.create(user=user, email=email, verified=True, primary=True)
            Membership.objects.create(id=uuid7(joined, rng), tenant=row, user=user, role=role, created_at=joined)
        else:
            user.name, user.created_at = name, joined
            user.save(update_fields=["name", "created_at"])
            Membership.objects.filter(tenant=row, user=user).update(created_at=joined)
        history.add(joined, row.id, "member.joined", "member", user.id, after={"role": role, "email": email})
        people.append(user)
    return tuple(people)


def _keys(
    profile: Profile,
    row: Tenant,
    people: tuple[User, ...],
    now: datetime,
    history: History,
    rng: random.Random,
    secrets: dict[str, str],
) -> tuple[KeyRow, ...]:
    keys = []
    owner = actor_of(people[0])
    for place, key in enumerate(profile.keys):
        made = now - timedelta(days=key.age, hours=rng.random() * 3)
        token = tokens.generate(livemode=key.livemode)
        member = people[key.person].id if key.person is not None else None
        revoked = now - timedelta(days=key.revoked) if key.revoked is not None else None
        saved = ApiKey.objects.create(
            id=uuid7(made, rng),
            tenant=row,
            name=key.name,
            prefix=token.prefix,
            digest=token.digest,
            livemode=key.livemode,
            scopes=list(scopes_of_mode(key.livemode)),
            member_id=member,
            jobs_in_flight=key.jobs_in_flight,
            created_by_id=people[0].id,
            created_at=made,
            revoked_at=revoked,
            last_used_at=_last_used(profile, key, now, revoked),
        )
        if place == 0:
            secrets[profile.slug] = token.secret
        history.add(made, row.id, "api_key.created", "api_key", saved.id, actor=owner,
                    after={"name": key.name, "livemode": key.livemode, "prefix": token.prefix})  # fmt: skip
        if revoked is not None:
            history.add(revoked, row.id, "api_key.revoked", "api_key", saved.id, actor=owner,
                        after={"prefix": token.prefix, "reason": "Left the company"})  # fmt: skip
        keys.append(KeyRow(saved.id, key.livemode, key.share, member, made, revoked))
    ApiKey.objects.filter(tenant=row, created_at__gt=now - timedelta(minutes=1)).exclude(
        id__in=[key.id for key in keys]
    ).update(created_at=now - timedelta(days=3))
    return tuple(keys)


def _last_used(profile: Profile, key: KeyProfile, now: datetime, revoked: datetime | None) -> datetime | None:
    if revoked is not None:
        return revoked - timedelta(days=2)
    if not key.share:
        return None
    return now - timedelta(days=profile.active_until, minutes=2 if key.livemode else 300)


def taken_over_clear(tenants: list[TenantRows]) -> None:
    """Deletes what `manage.py demo` gave the tenants that it made: they get a past of their own instead."""
    ids = [tenant.id for tenant in tenants]
    with connections["owner"].cursor() as cursor:
        for table in ("billing_ledgerentry", "billing_ledgertransaction", "billing_subscription"):
            cursor.execute(f"DELETE FROM {table} WHERE tenant_id = ANY (%s)", [ids])  # noqa: S608
        cursor.execute("DELETE FROM events_event WHERE tenant_id = ANY (%s)", [ids])
        cursor.execute("DELETE FROM accounts_auditevent WHERE tenant_id = ANY (%s)", [ids])
        cursor.execute("UPDATE billing_wallet SET balance = 0 WHERE tenant_id = ANY (%s)", [ids])


__all__ = ["PROFILES", "KeyRow", "TenantRows", "taken_over_clear", "tenants_create"]
