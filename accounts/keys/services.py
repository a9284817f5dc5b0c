"""Writes of API keys."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from ipaddress import ip_network
from typing import Any
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext_noop

from accounts.actor import SYSTEM, Actor
from accounts.audit.services import audit_add, changes
from accounts.authentication import tokens
from accounts.billing_port import billing
from accounts.errors import ConsoleKey, KeyEnded, PowersExceeded, RotationRunning
from accounts.models import ApiKey, Membership, Scope
from accounts.roles.authority import Authority, Powers, authority_of
from accounts.roles.checks import check_models, models_named
from accounts.roles.permissions import LIVE_SCOPES, Permission, scopes_of_mode
from cavendish.db import ids
from cavendish.db.tenancy import tenant_work
from cavendish.events.services import event_add
from cavendish.http.problems import FieldError, invalid, not_found

PAST = gettext_noop("This time has passed. To end a key now, revoke it.")
MAX_RANGES = 50
CONSOLE = "Console"
"""The name of the key of the console in each mode."""
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
    """Creates a key. Returns the row and the secret, which is stored nowhere.

    `settings` are fields of `CHANGEABLE`. Without `scopes` it has all that its mode can have. Raises Problem 422 with
    what is wrong, PowersExceeded where the key could do more than its creator.
    """
    new = tokens.generate(livemode=livemode)
    values = {
        "name": name,
        "scopes": list(scopes_of_mode(livemode) if scopes is None else scopes),
        "ip_ranges": [],
        "allowed_models": None,
        "expires_at": None,
        "member_id": None,
        **settings,
    }
    _normalise(values)
    with tenant_work(tenant_id):
        authority = authority_of(actor, tenant_id)
        authority.require(Permission.KEYS)
        _check(tenant_id, livemode, values)
        row = ApiKey(
            tenant_id=tenant_id,
            livemode=livemode,
            prefix=new.prefix,
            digest=new.digest,
            created_by_id=actor.id if actor.kind in {"person", "operator"} else None,
            created_by_key_id=actor.id if actor.kind == "key" else None,
            **values,
        )
        _require_unbound(authority, tenant_id)
        _require_within_powers(authority, row)
        row.save(force_insert=True)
        row.refresh_from_db(fields=["created_at"])
        _audit(actor, "created", row, after={"livemode": livemode, "prefix": new.prefix, **values})
    return row, new.secret


def console_key(*, tenant_id: UUID, livemode: bool) -> ApiKey:
    """Returns the key for which what people do in the console counts, made when it is first needed.

    Budgets, limits and usage of it are those of any key; it has no secret, and is neither rotated nor revoked.
    """
    with tenant_work(tenant_id):
        of_mode = ApiKey.objects.filter(tenant_id=tenant_id, livemode=livemode, is_console=True)
        known: ApiKey | None = of_mode.first()
        if known is not None:
            return known
        new = tokens.generate(livemode=livemode)
        values = {"name": CONSOLE, "scopes": list(scopes_of_mode(livemode))}
        row = ApiKey(
            tenant_id=tenant_id, livemode=livemode, prefix=new.prefix, digest=new.digest, is_console=True, **values
        )
        # Of two who come first at once, one makes it.
        made = ApiKey.objects.bulk_create([row], ignore_conflicts=True)
        found: ApiKey = of_mode.get()
        if found.id == made[0].id:
            _audit(SYSTEM, "created", found, after={"livemode": livemode, "prefix": new.prefix, **values})
    return found


def api_key_update(*, tenant_id: UUID, key_id: UUID, changed: Mapping[str, Any], actor: Actor) -> ApiKey:
    """Changes what `changed` names.

    What the key already has may stay, even where the actor could not give it; but whoever widens a key in anything
    needs at least all of its powers. Raises Problem 422, PowersExceeded, KeyEnded for a revoked key.
    """
    changed = dict(changed)
    _normalise(changed)
    with tenant_work(tenant_id):
        authority = authority_of(actor, tenant_id)
        authority.require(Permission.KEYS)
        row = _locked(tenant_id, key_id, authority)
        _check(tenant_id, row.livemode, changed)
        powers_before = Powers.of_key(row)
        exceeded_before = {error.pointer for error in powers_before.exceeds(authority.powers)}
        before = {name: getattr(row, name) for name in changed}
        for name, value in changed.items():
            setattr(row, name, value)
        _require_within_powers(authority, row, except_for=exceeded_before - {f"/{name}" for name in changed})
        if exceeded_before and (wider := Powers.of_key(row).exceeds(powers_before)):
            # Otherwise whoever may only end a stronger key could lift the bounds that keep its secret harmless.
            detail = "This key has permissions that you lack: you can narrow or revoke it, not widen it."
            raise PowersExceeded(detail, errors=wider)
        old, new = changes(before, {name: getattr(row, name) for name in changed})
        if new:
            row.save(update_fields=list(new))
            _audit(actor, "changed", row, before=old, after=new)
    return row


def api_key_rotate(
    *, tenant_id: UUID, key_id: UUID, actor: Actor, overlap: timedelta = DEFAULT_OVERLAP
) -> tuple[ApiKey, str]:
    """Gives the key a new secret. Returns the row and the secret; the old one ends after `overlap`, at once with zero.

    The key stays the same: its id, its budgets, its usage. A rotation while an older secret still works raises
    RotationRunning, so that no client is cut off by accident; one with no overlap ends all older secrets. Raises
    ConsoleKey for the console's, and PowersExceeded where the new secret would open more than the actor has, and for a
    key that limits or a budget of its own bind, unless it rotates itself.
    """
    with tenant_work(tenant_id):
        authority = authority_of(actor, tenant_id)
        authority.require(Permission.KEYS)
        row = _locked(tenant_id, key_id, authority)
        _require_secret(row)
        if authority.key is None or authority.key.id != row.id:
            _require_unbound(authority, tenant_id)
        _require_within_powers(authority, row)
        now = timezone.now()
        if overlap and row.previous_expires_at is not None and row.previous_expires_at > now:
            raise RotationRunning(
                f"The previous secret works until {row.previous_expires_at.isoformat()}. "
                "Wait until then, or rotate with an overlap of 0, which ends both secrets."
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


def api_key_revoke(*, tenant_id: UUID, key_id: UUID, actor: Actor, reason: str = "") -> ApiKey:
    """Ends the key and its older secrets at once, permanently. Repeating it changes nothing."""
    with tenant_work(tenant_id):
        authority = authority_of(actor, tenant_id)
        authority.require(Permission.KEYS)
        row = _locked(tenant_id, key_id, authority, ended=True)
        _require_secret(row)
        if row.revoked_at is None:
            row.revoked_at = timezone.now()
            row.save(update_fields=["revoked_at"])
            why = {"reason": reason} if reason else {}
            _audit(actor, "revoked", row, after={"prefix": row.prefix, "revoked_at": row.revoked_at, **why})
    return row


def api_keys_of_member_revoke(*, tenant_id: UUID, member_id: UUID, actor: Actor) -> int:
    """Revokes the keys that count for a person whose membership ends, in the caller's tenant context.

    Returns how many.
    """
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
        raise KeyEnded(gettext_noop("The key is revoked. Create a new one."))
    return row


def _require_secret(row: ApiKey) -> None:
    if row.is_console:
        raise ConsoleKey("The console's key has no secret to rotate or revoke. Limit it, or give it a budget.")


def _require_unbound(authority: Authority, tenant_id: UUID) -> None:
    """Raises PowersExceeded for a key with limits or a budget of its own, which bind no secret of another key."""
    key = authority.key
    if key is None:
        return
    if authority.powers.has_limits or billing().key_has_budget(tenant_id=tenant_id, key_id=key.id):
        raise PowersExceeded(
            "A key with limits or a budget of its own gets no secret of another key, which would not be bound by them: "
            "it cannot create keys, and rotates none but itself."
        )


def _require_within_powers(authority: Authority, row: ApiKey, *, except_for: Iterable[str] = ()) -> None:
    errors = [error for error in Powers.of_key(row).exceeds(authority.powers) if error.pointer not in except_for]
    if errors:
        detail = f"A key cannot have more permissions than whoever creates it. {errors[0].detail}"
        raise PowersExceeded(detail, errors=errors)


def _normalise(values: dict[str, Any]) -> None:
    """Brings each IP range and each model into its one spelling; malformed ones stay for `_check`."""
    if "ip_ranges" in values:
        values["ip_ranges"] = [ip_range_parse(text) or text for text in values["ip_ranges"]]
    if values.get("allowed_models") is not None:
        values["allowed_models"] = models_named(values["allowed_models"])


def _check(tenant_id: UUID, livemode: bool, values: Mapping[str, Any]) -> None:
    """Raises Problem 422 with everything that is wrong."""
    errors: list[FieldError] = []
    if "name" in values and not values["name"].strip():
        errors.append(FieldError("/name", "too_short", "Enter a name that people will recognise the key by."))
    if "scopes" in values:
        errors += _check_scopes(values["scopes"], livemode)
    if "ip_ranges" in values:
        errors += _check_ranges(values["ip_ranges"])
    if values.get("allowed_models") is not None:
        errors += check_models(values["allowed_models"])
    expires_at: datetime | None = values.get("expires_at")
    if expires_at is not None and expires_at <= timezone.now():
        errors.append(FieldError("/expires_at", "out_of_range", PAST))
    member_id = values.get("member_id")
    if member_id is not None and not Membership.objects.filter(tenant_id=tenant_id, user_id=member_id).exists():
        errors.append(FieldError("/member_id", "unknown_value", "No member has this id."))
    if errors:
        raise invalid(errors)


def _check_scopes(scopes: Sequence[str], livemode: bool) -> list[FieldError]:
    errors = []
    for index, scope in enumerate(scopes):
        if scope not in Scope.values:
            detail = f'"{scope[:40]}" is not a scope; use {", ".join(Scope.values)}.'
            errors.append(FieldError(f"/scopes/{index}", "unknown_value", detail))
        elif not livemode and scope in LIVE_SCOPES:
            errors.append(FieldError(f"/scopes/{index}", "live_only", f'A test key cannot have the scope "{scope}".'))
        elif scope in scopes[:index]:
            errors.append(FieldError(f"/scopes/{index}", "repeated", f'"{scope}" is listed more than once.'))
    return errors


def _check_ranges(ranges: Sequence[str]) -> list[FieldError]:
    errors = []
    if len(ranges) > MAX_RANGES:
        errors.append(FieldError("/ip_ranges", "too_many", f"Use at most {MAX_RANGES} ranges."))
    for index, text in enumerate(ranges[:MAX_RANGES]):
        if ip_range_parse(text) is None:
            errors.append(FieldError(f"/ip_ranges/{index}", "unknown_value", ip_range_error(text)))
    return errors


def ip_range_error(text: str) -> str:
    """Returns what to tell about a text that is no IP range."""
    return f'"{text[:60]}" is not an IP address or range; write it like 203.0.113.0/24 or 2001:db8::/32.'


def ip_range_parse(text: str) -> str | None:
    """Returns an IPv4 or IPv6 address or range in its one spelling; None for anything else."""
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
        before=_with_public_ids(before),
        after=_with_public_ids(after),
    )
    event_add(
        tenant_id=row.tenant_id,
        subject=row.id,
        type=f"key.{done}",
        data={"name": row.name, "prefix": row.prefix, "livemode": row.livemode},
    )


def _with_public_ids(values: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Returns the values with the member's id as the API shows it."""
    if values is None or values.get("member_id") is None:
        return None if values is None else dict(values)
    return {**values, "member_id": ids.encode(ids.USER, values["member_id"])}
