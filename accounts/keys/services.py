"""Writes of API keys."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from ipaddress import ip_network
from typing import Any
from uuid import UUID

from django.utils import timezone

from accounts.actor import SYSTEM, Actor
from accounts.audit.services import audit_add, changes
from accounts.authentication import tokens
from accounts.errors import KeyEnded, PowersExceeded, RotationRunning
from accounts.models import ApiKey, Membership, Scope
from accounts.roles.authority import Authority, Powers, authority_of
from accounts.roles.checks import check_models
from accounts.roles.permissions import LIVE_SCOPES, Permission, scopes_of_mode
from cavendish.db import ids
from cavendish.db.tenancy import tenant_work
from cavendish.http.problems import FieldError, invalid, not_found

PAST = "The time has passed; revoke a key to end it now."
MAX_RANGES = 50
DEFAULT_OVERLAP = timedelta(hours=24)
MAX_OVERLAP = timedelta(days=30)
CHANGEABLE = (
    "name", "scopes", "ip_ranges", "allowed_models", "expires_at", "member_id", "requests_per_minute",
    "images_per_minute", "jobs_in_flight",
)  # fmt: skip


def api_key_create(
    *,
    tenant_id: UUID,
    name: str,
    livemode: bool,
    scopes: Sequence[str] | None = None,
    actor: Actor = SYSTEM,
    **settings: Any,
) -> tuple[ApiKey, str]:
    """The row and the secret, which is nowhere else from then on.

    `settings` are fields of `CHANGEABLE`. Without `scopes` it has all that its mode can have. Raises Problem: 422 with
    what is wrong, PowersExceeded where the key could do more than its maker.
    """
    new = tokens.generate(livemode=livemode)
    wanted = {
        "name": name,
        "scopes": list(scopes_of_mode(livemode) if scopes is None else scopes),
        "ip_ranges": [],
        "allowed_models": None,
        "expires_at": None,
        "member_id": None,
        **settings,
    }
    _normalise(wanted)
    with tenant_work(tenant_id):
        authority = authority_of(actor, tenant_id)
        authority.require(Permission.KEYS)
        _check(tenant_id, livemode, wanted)
        row = ApiKey(
            tenant_id=tenant_id,
            livemode=livemode,
            prefix=new.prefix,
            digest=new.digest,
            created_by_id=actor.id if actor.kind in {"person", "operator"} else None,
            created_by_key_id=actor.id if actor.kind == "key" else None,
            **wanted,
        )
        _within_powers(authority, row)
        row.save(force_insert=True)
        row.refresh_from_db(fields=["created_at"])
        _audit(actor, "created", row, after={"livemode": livemode, "prefix": new.prefix, **wanted})
    return row, new.secret


def api_key_update(*, tenant_id: UUID, key_id: UUID, changed: Mapping[str, Any], actor: Actor) -> ApiKey:
    """Changes what `changed` names. What the key has already may stay, also where its changer could not give it."""
    changed = dict(changed)
    _normalise(changed)
    with tenant_work(tenant_id):
        authority = authority_of(actor, tenant_id)
        authority.require(Permission.KEYS)
        row = _locked(tenant_id, key_id, authority)
        _check(tenant_id, row.livemode, changed)
        had = {error.pointer for error in Powers.of_key(row).beyond(authority.powers)}
        before = {name: getattr(row, name) for name in changed}
        for name, value in changed.items():
            setattr(row, name, value)
        _within_powers(authority, row, but=had - {f"/{name}" for name in changed})
        old, new = changes(before, {name: getattr(row, name) for name in changed})
        if new:
            row.save(update_fields=list(new))
            _audit(actor, "changed", row, before=old, after=new)
    return row


def api_key_rotate(
    *, tenant_id: UUID, key_id: UUID, actor: Actor, overlap: timedelta = DEFAULT_OVERLAP
) -> tuple[ApiKey, str]:
    """A new secret now; the old one ends after `overlap`, at once with zero.

    The key stays the same: its id, its budgets, its usage. A rotation while an older secret still works is refused, so
    that no client is cut off by accident; one with no overlap ends all older secrets. Raises PowersExceeded where the
    new secret would open more than its reader has.
    """
    with tenant_work(tenant_id):
        authority = authority_of(actor, tenant_id)
        authority.require(Permission.KEYS)
        row = _locked(tenant_id, key_id, authority)
        _within_powers(authority, row)
        now = timezone.now()
        if overlap and row.previous_expires_at is not None and row.previous_expires_at > now:
            raise RotationRunning(
                f"The secret before this one works until {row.previous_expires_at.isoformat()}; "
                "wait for that, or rotate with an overlap of 0, which ends both."
            )
        new = tokens.generate(livemode=row.livemode)
        old = row.prefix
        row.previous_prefix, row.previous_digest = (row.prefix, bytes(row.digest)) if overlap else (None, None)
        row.previous_expires_at = now + overlap if overlap else None
        row.prefix, row.digest = new.prefix, new.digest
        row.save(update_fields=["prefix", "digest", "previous_prefix", "previous_digest", "previous_expires_at"])
        _audit(
            actor,
            "rotated",
            row,
            before={"prefix": old},
            after={"prefix": new.prefix, "previous_expires_at": row.previous_expires_at},
        )
    return row, new.secret


def api_key_revoke(*, tenant_id: UUID, key_id: UUID, actor: Actor) -> ApiKey:
    """Ends the key and its older secrets at once, for good. Repeating it is fine."""
    with tenant_work(tenant_id):
        authority = authority_of(actor, tenant_id)
        authority.require(Permission.KEYS)
        row = _locked(tenant_id, key_id, authority, ended=True)
        if row.revoked_at is None:
            row.revoked_at = timezone.now()
            row.save(update_fields=["revoked_at"])
            _audit(actor, "revoked", row, after={"prefix": row.prefix, "revoked_at": row.revoked_at})
    return row


def api_keys_of_member_revoke(*, tenant_id: UUID, member_id: UUID, actor: Actor) -> int:
    """Inside the door, when a membership ends: the keys that counted for that person."""
    rows = list(
        ApiKey.objects.select_for_update(no_key=True).filter(tenant_id=tenant_id, member_id=member_id, revoked_at=None)
    )
    for row in rows:
        row.revoked_at = timezone.now()
        row.save(update_fields=["revoked_at"])
        _audit(actor, "revoked", row, after={"prefix": row.prefix, "reason": "membership ended"})
    return len(rows)


def _locked(tenant_id: UUID, key_id: UUID, authority: Authority, *, ended: bool = False) -> ApiKey:
    rows = ApiKey.objects.select_for_update(no_key=True).filter(tenant_id=tenant_id, id=key_id)
    if not authority.powers.livemode:
        rows = rows.filter(livemode=False)
    row: ApiKey | None = rows.first()
    if row is None:
        raise not_found()
    if row.revoked_at is not None and not ended:
        raise KeyEnded("The key is revoked; make another one.")
    return row


def _within_powers(authority: Authority, row: ApiKey, *, but: Iterable[str] = ()) -> None:
    errors = [error for error in Powers.of_key(row).beyond(authority.powers) if error.pointer not in but]
    if errors:
        raise PowersExceeded(f"A key never has more than its maker. {errors[0].detail}", errors=errors)


def _normalise(wanted: dict[str, Any]) -> None:
    """Each range in its one spelling; what is none stays for `_check`."""
    if "ip_ranges" in wanted:
        wanted["ip_ranges"] = [range_read(text) or text for text in wanted["ip_ranges"]]


def _check(tenant_id: UUID, livemode: bool, wanted: Mapping[str, Any]) -> None:
    """Raises Problem with all that is wrong."""
    errors: list[FieldError] = []
    if "name" in wanted and not wanted["name"].strip():
        errors.append(FieldError("/name", "too_short", "A key needs a name that people recognise it by."))
    if "scopes" in wanted:
        errors += _check_scopes(wanted["scopes"], livemode)
    if "ip_ranges" in wanted:
        errors += _check_ranges(wanted["ip_ranges"])
    if wanted.get("allowed_models") is not None:
        errors += check_models(wanted["allowed_models"])
    expires_at: datetime | None = wanted.get("expires_at")
    if expires_at is not None and expires_at <= timezone.now():
        errors.append(FieldError("/expires_at", "out_of_range", PAST))
    member_id = wanted.get("member_id")
    if member_id is not None and not Membership.objects.filter(tenant_id=tenant_id, user_id=member_id).exists():
        errors.append(FieldError("/member_id", "unknown_value", "There is no such member."))
    if errors:
        raise invalid(errors)


def _check_scopes(scopes: Sequence[str], livemode: bool) -> list[FieldError]:
    errors = []
    for index, scope in enumerate(scopes):
        if scope not in Scope.values:
            detail = f'"{scope[:40]}" is no scope; use {", ".join(Scope.values)}.'
            errors.append(FieldError(f"/scopes/{index}", "unknown_value", detail))
        elif not livemode and scope in LIVE_SCOPES:
            errors.append(FieldError(f"/scopes/{index}", "live_only", f'A test key cannot have the scope "{scope}".'))
        elif scope in scopes[:index]:
            errors.append(FieldError(f"/scopes/{index}", "repeated", f'"{scope}" is there already.'))
    return errors


def _check_ranges(ranges: Sequence[str]) -> list[FieldError]:
    errors = []
    if len(ranges) > MAX_RANGES:
        errors.append(FieldError("/ip_ranges", "too_many", f"At most {MAX_RANGES} ranges are taken."))
    for index, text in enumerate(ranges[:MAX_RANGES]):
        if range_read(text) is None:
            errors.append(FieldError(f"/ip_ranges/{index}", "unknown_value", range_wrong(text)))
    return errors


def range_wrong(text: str) -> str:
    return f'"{text[:60]}" is no address or range; write it like 203.0.113.0/24 or 2001:db8::/32.'


def range_read(text: str) -> str | None:
    """An address or a range, IPv4 or IPv6, in its one spelling; None for anything else."""
    try:
        return str(ip_network(text.strip(), strict=False)) if "%" not in text else None
    except ValueError:
        return None


def _audit(
    actor: Actor,
    done: str,
    row: ApiKey,
    *,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    audit_add(
        actor=actor,
        action=f"api_key.{done}",
        tenant_id=row.tenant_id,
        target="api_key",
        target_id=row.id,
        before=_told(before),
        after=_told(after),
    )


def _told(values: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """As the API names things."""
    if values is None or values.get("member_id") is None:
        return None if values is None else dict(values)
    return {**values, "member_id": ids.encode(ids.USER, values["member_id"])}
