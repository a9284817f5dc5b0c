"""What an actor may do in a tenant. It is read in the transaction that acts, because roles change.

Views check scopes first; this is the second check, and the only one for people.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from ipaddress import IPv4Network, IPv6Network, ip_network
from uuid import UUID

from django.conf import settings

from accounts.actor import Actor
from accounts.errors import NotAllowed
from accounts.models import ApiKey, Membership, Role
from accounts.roles.permissions import Permission, may, scopes_of
from cavendish.http.problems import FieldError

Network = IPv4Network | IPv6Network

LIMITS = ("requests_per_minute", "images_per_minute", "jobs_in_flight")
# No key may do these, whatever its scopes are: people do that (accounts.roles.permissions).
_PEOPLE_ONLY = frozenset({Permission.OWNERS, Permission.POLICY, Permission.CLOSE})


@dataclass(frozen=True)
class Powers:
    """What a key can do, or the most that a key created by somebody can do. None and an empty tuple mean no limit.

    Requests and pictures are those of a minute; `bound` says whether limits or a budget of its own bind the key.
    """

    scopes: frozenset[str] | None
    livemode: bool
    allowed_models: frozenset[str] | None = None
    ip_ranges: tuple[str, ...] = ()
    expires_at: datetime | None = None
    member_id: UUID | None = None
    requests_per_minute: int | None = None
    images_per_minute: int | None = None
    jobs_in_flight: int | None = None

    @classmethod
    def of_key(cls, key: ApiKey) -> Powers:
        return cls(
            scopes=frozenset(key.scopes),
            livemode=key.livemode,
            allowed_models=None if key.allowed_models is None else frozenset(key.allowed_models),
            ip_ranges=tuple(key.ip_ranges),
            expires_at=key.expires_at,
            member_id=key.member_id,
            requests_per_minute=_limit(key.requests_per_minute, settings.KEY_REQUESTS_PER_MINUTE),
            images_per_minute=_limit(key.images_per_minute, settings.KEY_IMAGES_PER_MINUTE),
            jobs_in_flight=key.jobs_in_flight,
        )

    @property
    def has_limits(self) -> bool:
        """Whether the key itself is limited in requests, pictures or jobs."""
        return any(getattr(self, field) is not None for field in LIMITS)

    def exceeds(self, limit: Powers) -> list[FieldError]:
        """Returns an error for each field in which these powers exceed `limit`; none where they are within it."""
        errors = []

        def add(field: str, detail: str) -> None:
            errors.append(FieldError(f"/{field}", "beyond_its_maker", detail))

        if limit.scopes is not None and (more := sorted((self.scopes or frozenset()) - limit.scopes)):
            add("scopes", f"You cannot grant: {', '.join(more)}.")
        if self.livemode and not limit.livemode:
            add("livemode", "A test key can only create test keys.")
        if limit.allowed_models is not None and (
            self.allowed_models is None or not self.allowed_models <= limit.allowed_models
        ):
            add("allowed_models", f"Use only: {', '.join(sorted(limit.allowed_models)) or 'none'}.")
        if limit.ip_ranges and not _within(self.ip_ranges, limit.ip_ranges):
            add("ip_ranges", f"Use only addresses within {', '.join(limit.ip_ranges)}.")
        if limit.expires_at is not None and (self.expires_at is None or self.expires_at > limit.expires_at):
            add("expires_at", f"Use a time up to {limit.expires_at.isoformat()}, when the creating key expires.")
        if limit.member_id is not None and self.member_id != limit.member_id:
            add("member_id", "A member's key can only create keys for the same member.")
        for field in LIMITS:
            most, own = getattr(limit, field), getattr(self, field)
            if most is not None and (own is None or own > most):
                add(field, f"Use at most {most}.")
        return errors


def _limit(value: int | None, default: int) -> int | None:
    """Returns the limit in force: the key's own, or the platform's default, whose 0 means no limit (None)."""
    return (default if value is None else value) or None


def _within(ranges: tuple[str, ...], most: tuple[str, ...]) -> bool:
    outer = [ip_network(text, strict=False) for text in most]
    return bool(ranges) and all(
        any(_inside(ip_network(text, strict=False), network) for network in outer) for text in ranges
    )


def _inside(inner: Network, outer: Network) -> bool:
    if isinstance(inner, IPv4Network):
        return isinstance(outer, IPv4Network) and inner.subnet_of(outer)
    return isinstance(outer, IPv6Network) and inner.subnet_of(outer)


EVERYTHING = Powers(scopes=None, livemode=True)


@dataclass(frozen=True)
class Authority:
    """What an actor may do in one tenant.

    `role` is that of a person, or of the member that a key counts for; `key` is set for a key. Neither is set for the
    operator and the platform, which may do everything. A key does no more than its member may now.
    """

    actor: Actor
    role: Role | None = None
    key: ApiKey | None = None

    def may(self, permission: Permission) -> bool:
        if self.actor.is_operator:
            return True
        if self.key is None:
            return self.role is not None and may(self.role, permission)
        return permission not in _PEOPLE_ONLY and permission in self.scopes

    def require(self, permission: Permission) -> None:
        """Raises NotAllowed without the permission."""
        if not self.may(permission):
            raise NotAllowed(f'This requires the permission "{permission}", which {self._who} lacks.')

    @cached_property
    def powers(self) -> Powers:
        """The most that a key created by this actor can do."""
        if self.actor.is_operator:
            return EVERYTHING
        if self.key is not None:
            return replace(Powers.of_key(self.key), scopes=self.scopes)
        if self.role is not None:
            return Powers(scopes=scopes_of(self.role), livemode=True)
        return Powers(scopes=frozenset(), livemode=False)

    @property
    def scopes(self) -> frozenset[str]:
        """The scopes in force: those of the key, without what the role of its member lacks today."""
        own = frozenset(self.key.scopes if self.key is not None else ())
        return own if self.role is None else own & scopes_of(self.role)

    def may_assign(self, role: Role) -> bool:
        """Returns whether the actor may assign the role. A key assigns only what it may do itself (docs/roles.md)."""
        return self.key is None or scopes_of(role) <= self.scopes

    @property
    def _who(self) -> str:
        if self.key is not None:
            return "this key"
        return f"the role {self.role}" if self.role is not None else "your account"


def authority_of(actor: Actor, tenant_id: UUID) -> Authority:
    """Returns what the actor may do, read in the tenant's context. Somebody who is no member may do nothing."""
    if actor.is_operator or actor.id is None:
        return Authority(actor)
    if actor.kind == "person":
        return Authority(actor, role=_role_of(tenant_id, actor.id))
    key = ApiKey.objects.filter(tenant_id=tenant_id, id=actor.id, revoked_at=None).first()
    if key is None or key.member_id is None:
        return Authority(actor, key=key)
    role = _role_of(tenant_id, key.member_id)
    # A member who left took the key along, which is revoked in the same transaction; until it is seen, it does nothing.
    return Authority(actor, role=role, key=key) if role is not None else Authority(actor)


def _role_of(tenant_id: UUID, user_id: UUID) -> Role | None:
    role = Membership.objects.filter(tenant_id=tenant_id, user_id=user_id).values_list("role", flat=True).first()
    return None if role is None else Role(role)
