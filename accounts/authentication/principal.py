"""Who is asking: the answer of authentication, cached so that a warm request costs no query."""

from __future__ import annotations

import hmac
import ipaddress
import json
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

from django.db import connection
from django.utils import timezone

from accounts.actor import Actor
from accounts.authentication import tokens
from accounts.authentication.key_changes import KeyChangeWatcher
from accounts.limits import Policy, policies_of
from cavendish.db.pool import conninfo
from cavendish.telemetry import metrics

MOST_KNOWN = 10_000
MOST_UNKNOWN = 1_000


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
        """The key, for the audit; views add where the request came from (`accounts.authentication.drf.actor`)."""
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
            # A socket that serves both families shows IPv4 clients so.
            ip = ip.ipv4_mapped
        return any(ip in network for network in _networks(self.ip_ranges))


@dataclass(frozen=True)
class _Reading:
    """What PostgreSQL said of a key. `read_at` is when asking began; `subjects` are the found key and its tenant, and
    `followed` says whether the watch looks after them.
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
_flights: dict[bytes, Future[_Reading]] = {}
_lock = Lock()


def principal_of(secret: str) -> Principal | None:
    """The principal of a key's text, or None when it is malformed, unknown, expired or revoked: callers say no more.

    A key that was read lately costs no query (see accounts.authentication.key_changes).
    """
    if not tokens.is_well_formed(secret):
        return None
    described = tokens.describe(secret)
    key_changes.keep_looking()
    reading = _known.get(described.digest) or _unknown.get(described.digest)
    if reading is None or not reading.is_fresh:
        reading = _read_once(described)
    principal = reading.principal
    if principal is None or (principal.expires_at is not None and principal.expires_at <= timezone.now()):
        return None
    return principal


def _read_once(described: tokens.NewKey) -> _Reading:
    """Reads the key; threads that want the same one at the same time share one query."""
    with _lock:
        flight = _flights.get(described.digest)
        first = flight is None
        if flight is None:
            flight = _flights[described.digest] = Future()
    if not first:
        return flight.result()
    try:
        reading = _read(described)
    except BaseException as error:
        flight.set_exception(error)
        raise
    else:
        with _lock:
            # Apart, so that whoever makes keys up does not push known ones out.
            kept, size = (_known, MOST_KNOWN) if reading.subjects else (_unknown, MOST_UNKNOWN)
            if len(kept) >= size and described.digest not in kept:
                del kept[next(iter(kept))]
            kept[described.digest] = reading
        flight.set_result(reading)
        return reading
    finally:
        with _lock:
            del _flights[described.digest]


def _read(described: tokens.NewKey) -> _Reading:
    metrics.KEY_READS.inc()
    read_at = time.monotonic()
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM api_key_find(%s)", [described.prefix])
        row = cursor.fetchone()
        columns = [column.name for column in cursor.description or ()]
    if row is None:
        return _Reading(None, read_at)
    found: dict[str, Any] = dict(zip(columns, row, strict=True))
    if not hmac.compare_digest(bytes(found["digest"]), described.digest):
        # Not this key: whether that one changes is nothing to it.
        return _Reading(None, read_at)
    works = found["revoked_at"] is None and (found["livemode"] or found["test_keys_enabled"])
    principal = _principal(found, described.prefix) if works else None
    subjects = (found["id"], found["tenant_id"])
    return _Reading(principal, read_at, subjects, key_changes.follow(read_at, subjects))


def _principal(found: Mapping[str, Any], prefix: str) -> Principal:
    return Principal(
        tenant_id=found["tenant_id"],
        tenant_slug=found["tenant_slug"],
        tenant_status=found["tenant_status"],
        tenant_status_reason=found["tenant_status_reason"],
        key_id=found["id"],
        key_prefix=prefix,
        livemode=found["livemode"],
        scopes=frozenset(found["scopes"]),
        allowed_models=_both(found["key_models"], found["tenant_models"]),
        allowed_sizes=_both(None, found["tenant_sizes"]),
        ip_ranges=tuple(found["ip_ranges"]),
        expires_at=found["expires_at"],
        policy_version=found["policy_version"],
        member_id=found["member_id"],
        limits=policies_of(
            tenant_id=found["tenant_id"],
            key_id=found["id"],
            livemode=found["livemode"],
            tenant_requests=found["tenant_requests"],
            tenant_images=found["tenant_images"],
            key_requests=found["key_requests"],
            key_images=found["key_images"],
        ),
    )


@lru_cache(maxsize=1000)
def _networks(ranges: tuple[str, ...]) -> tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]:
    """A range that cannot be read allows nobody."""
    found = []
    for text in ranges:
        with suppress(ValueError):
            found.append(ipaddress.ip_network(text, strict=False))
    return tuple(found)


def _both(key_models: Any, tenant_models: Any) -> frozenset[str] | None:
    """What both lists allow; no list allows all. Raw cursors hand jsonb over as text or as a list."""
    lists = [
        frozenset(json.loads(names) if isinstance(names, str) else names)
        for names in (key_models, tenant_models)
        if names is not None
    ]
    if not lists:
        return None
    return lists[0] if len(lists) == 1 else lists[0] & lists[1]
