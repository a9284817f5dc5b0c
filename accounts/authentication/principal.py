"""The API key behind a request, with its tenant; cached so that a warm request costs no query."""

from __future__ import annotations

import hmac
import ipaddress
import time
from collections.abc import Mapping
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from threading import Lock
from typing import Any
from uuid import UUID

from django.utils import timezone

from accounts.actor import Actor
from accounts.authentication import tokens
from accounts.authentication.key_changes import KeyChangeWatcher
from accounts.limits import Policy, policies_of
from accounts.roles.permissions import scopes_of
from cavendish.db.call import call_row
from cavendish.db.pool import conninfo
from cavendish.telemetry import metrics

MAX_KNOWN = 10_000
MAX_UNKNOWN = 1_000


@dataclass(frozen=True)
class Principal:
    """An API key that proved itself, with its tenant."""

    tenant_id: UUID
    tenant_slug: str
    tenant_status: str
    tenant_status_reason: str
    key_id: UUID
    key_prefix: str
    livemode: bool
    scopes: frozenset[str]
    allowed_models: frozenset[str] | None
    allowed_sizes: frozenset[str] | None
    ip_ranges: tuple[str, ...]
    expires_at: datetime | None
    policy_version: str
    member_id: UUID | None
    limits: tuple[Policy, ...]

    is_authenticated = True

    @property
    def actor(self) -> Actor:
        """The key for the audit log; views add where the request came from (`accounts.authentication.drf.actor`)."""
        return Actor("key", self.key_id, self.key_prefix)

    def may_use(self, model: str) -> bool:
        return self.allowed_models is None or model in self.allowed_models

    def may_come_from(self, address: str) -> bool:
        if not self.ip_ranges:
            return True
        try:
            ip = ipaddress.ip_address(address)
        except ValueError:
            return False
        if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped:
            # A socket that serves both families shows IPv4 clients as mapped addresses.
            ip = ip.ipv4_mapped
        return any(ip in network for network in _networks(self.ip_ranges))


@dataclass(frozen=True)
class _Reading:
    """What PostgreSQL knew of a key when it was read at `read_at`, by `time.monotonic`.

    `subjects` are the ids of the key and its tenant, empty for an unknown key; `followed` says whether the watcher
    polls for their changes.
    """

    principal: Principal | None
    read_at: float
    subjects: tuple[UUID, ...] = ()
    followed: bool = False

    @property
    def is_fresh(self) -> bool:
        return key_changes.is_fresh(self.read_at, self.subjects, followed=self.followed)


key_changes = KeyChangeWatcher(lambda: conninfo("default"))
_known: dict[bytes, _Reading] = {}
_unknown: dict[bytes, _Reading] = {}
_in_flight: dict[bytes, Future[_Reading]] = {}
_lock = Lock()


def principal_of(secret: str) -> Principal | None:
    """Returns the principal of a key, or None when it is malformed, unknown, expired or revoked, without saying why.

    A key that was read lately costs no query (see accounts.authentication.key_changes).
    """
    if not tokens.is_well_formed(secret):
        return None
    token = tokens.describe(secret)
    return _unexpired((_fresh_reading(token) or _read_once(token)).principal)


class KeyUnread(LookupError):
    """A key takes a query. `new` says that it was not read before, or was none."""

    def __init__(self, *, new: bool) -> None:
        self.new = new


def principal_known(secret: str) -> Principal | None:
    """Returns what `principal_of` returns, without a query. Raises KeyUnread where it takes one."""
    if not tokens.is_well_formed(secret):
        return None
    token = tokens.describe(secret)
    reading = _fresh_reading(token)
    if reading is None:
        raise KeyUnread(new=token.digest not in _known)
    return _unexpired(reading.principal)


def _fresh_reading(token: tokens.Token) -> _Reading | None:
    key_changes.keep_polling()
    reading = _known.get(token.digest) or _unknown.get(token.digest)
    return reading if reading is not None and reading.is_fresh else None


def _unexpired(principal: Principal | None) -> Principal | None:
    if principal is None or (principal.expires_at is not None and principal.expires_at <= timezone.now()):
        return None
    return principal


def _read_once(token: tokens.Token) -> _Reading:
    """Reads the key; threads that ask for the same one at the same time share one query."""
    with _lock:
        pending = _in_flight.get(token.digest)
        first = pending is None
        if pending is None:
            pending = _in_flight[token.digest] = Future()
    if not first:
        return pending.result()
    try:
        reading = _read(token)
    except BaseException as error:
        pending.set_exception(error)
        raise
    else:
        with _lock:
            # Apart, so that made-up keys do not push known ones out.
            cache, size = (_known, MAX_KNOWN) if reading.subjects else (_unknown, MAX_UNKNOWN)
            if len(cache) >= size and token.digest not in cache:
                del cache[next(iter(cache))]
            cache[token.digest] = reading
        pending.set_result(reading)
        return reading
    finally:
        with _lock:
            del _in_flight[token.digest]


def _read(token: tokens.Token) -> _Reading:
    metrics.KEY_READS.inc()
    read_at = time.monotonic()
    row = _row(token.prefix)
    if row is None:
        return _Reading(None, read_at)
    if not hmac.compare_digest(bytes(row["digest"]), token.digest):
        # Another key with the same prefix: its changes do not matter to this one.
        return _Reading(None, read_at)
    principal = _principal(row, token.prefix) if _works(row) else None
    subjects = (row["id"], row["tenant_id"])
    return _Reading(principal, read_at, subjects, key_changes.follow(read_at, subjects))


def principal_of_prefix(prefix: str) -> Principal | None:
    """Returns the principal of a key that proved itself earlier, as it is now, or None once it has ended. One query."""
    row = _row(prefix)
    return _unexpired(_principal(row, prefix) if row is not None and _works(row) else None)


def _row(prefix: str) -> dict[str, Any] | None:
    return call_row("api_key_find", prefix, using="default")


def _works(row: Mapping[str, Any]) -> bool:
    return row["revoked_at"] is None and (row["livemode"] or row["test_keys_enabled"])


def _principal(row: Mapping[str, Any], prefix: str) -> Principal:
    return Principal(
        tenant_id=row["tenant_id"],
        tenant_slug=row["tenant_slug"],
        tenant_status=row["tenant_status"],
        tenant_status_reason=row["tenant_status_reason"],
        key_id=row["id"],
        key_prefix=prefix,
        livemode=row["livemode"],
        scopes=_scopes(row),
        allowed_models=_intersection(row["key_models"], row["tenant_models"]),
        allowed_sizes=_intersection(None, row["tenant_sizes"]),
        ip_ranges=tuple(row["ip_ranges"]),
        expires_at=row["expires_at"],
        policy_version=row["policy_version"],
        member_id=row["member_id"],
        limits=policies_of(
            tenant_id=row["tenant_id"],
            key_id=row["id"],
            livemode=row["livemode"],
            tenant_requests=row["tenant_requests"],
            tenant_images=row["tenant_images"],
            key_requests=row["key_requests"],
            key_images=row["key_images"],
        ),
    )


def _scopes(row: Mapping[str, Any]) -> frozenset[str]:
    """Returns the key's scopes without those that the role of its member lacks today."""
    scopes = frozenset(row["scopes"])
    if row["member_id"] is None:
        return scopes
    return scopes & scopes_of(row["member_role"]) if row["member_role"] else frozenset()


@lru_cache(maxsize=1000)
def _networks(ranges: tuple[str, ...]) -> tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]:
    """Returns the networks; a malformed range allows nobody."""
    networks = []
    for text in ranges:
        with suppress(ValueError):
            networks.append(ipaddress.ip_network(text, strict=False))
    return tuple(networks)


def _intersection(of_key: Any, of_tenant: Any) -> frozenset[str] | None:
    """Returns what both lists allow; None, which is no list, allows all."""
    lists = [frozenset(names) for names in (of_key, of_tenant) if names is not None]
    if not lists:
        return None
    return lists[0] if len(lists) == 1 else lists[0] & lists[1]
