"""Who is asking: the answer of authentication, cached so that a warm request costs no query."""

from __future__ import annotations

import hmac
import ipaddress
import json
import time
from dataclasses import dataclass
from datetime import datetime
from threading import Lock
from typing import Any
from uuid import UUID

from django.db import connection
from django.utils import timezone

from accounts import keys
from accounts.actor import Actor

# A revoked key must stop within a second everywhere; the cache is per process and needs no invalidation this way.
CACHE_SECONDS = 0.8
CACHE_SIZE = 10_000


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
    ip_ranges: tuple[str, ...]
    expires_at: datetime | None
    policy_version: str

    is_authenticated = True

    @property
    def actor(self) -> Actor:
        """The key, for the audit; views add where the request came from (`accounts.api.authentication.actor`)."""
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
        return any(ip in ipaddress.ip_network(network, strict=False) for network in self.ip_ranges)


_cache: dict[bytes, tuple[float, Principal | None]] = {}
_lock = Lock()


def principal_of(secret: str) -> Principal | None:
    """The principal of a key's text, or None when it is malformed, unknown, expired or revoked: callers say no more."""
    if not keys.is_well_formed(secret):
        return None
    described = keys.describe(secret)
    now = time.monotonic()
    cached = _cache.get(described.digest)
    if cached is not None and cached[0] > now:
        principal = cached[1]
    else:
        principal = _find(described)
        with _lock:
            if len(_cache) >= CACHE_SIZE:
                _cache.clear()
            _cache[described.digest] = (now + CACHE_SECONDS, principal)
    if principal is None or (principal.expires_at is not None and principal.expires_at <= timezone.now()):
        return None
    return principal


def _find(described: keys.NewKey) -> Principal | None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM api_key_find(%s)", [described.prefix])
        row = cursor.fetchone()
        columns = [column.name for column in cursor.description or ()]
    if row is None:
        return None
    found: dict[str, Any] = dict(zip(columns, row, strict=True))
    if not hmac.compare_digest(bytes(found["digest"]), described.digest):
        return None
    if found["revoked_at"] is not None or (not found["livemode"] and not found["test_keys_enabled"]):
        return None
    return Principal(
        tenant_id=found["tenant_id"],
        tenant_slug=found["tenant_slug"],
        tenant_status=found["tenant_status"],
        tenant_status_reason=found["tenant_status_reason"],
        key_id=found["id"],
        key_prefix=described.prefix,
        livemode=found["livemode"],
        scopes=frozenset(found["scopes"]),
        allowed_models=_both(found["key_models"], found["tenant_models"]),
        ip_ranges=tuple(found["ip_ranges"]),
        expires_at=found["expires_at"],
        policy_version=found["policy_version"],
    )


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
