"""Writes of tenants. Operators act through `acting_as("operator")`; the app role cannot create tenants."""

from __future__ import annotations

import re
import secrets
import unicodedata
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import IntegrityError, connections, transaction
from django.utils import timezone
from django.utils.translation import gettext_noop

from accounts.actor import SYSTEM, Actor
from accounts.audit.services import audit_add, changes
from accounts.billing_port import STANDARD_PLAN, billing
from accounts.errors import NotAllowed, SecondFactorMissing, SignUpClosed, WrongStatus
from accounts.invitations.services import invitation_create
from accounts.members.selectors import people_with_two_factors
from accounts.models import AuditEvent, Membership, Role, Tenant, TenantStatus, User
from accounts.roles.authority import authority_of
from accounts.roles.checks import check_models, check_origins, check_sizes, check_time_zone, models_named
from accounts.roles.names import check_name
from accounts.roles.permissions import Permission
from cavendish.db.router import acting_as, current_alias
from cavendish.db.tenancy import tenant_work
from cavendish.events.services import event_add
from cavendish.http.problems import FieldError, invalid, not_found

# What a tenant controls itself; PostgreSQL lets the app role write these columns and no others.
OF_THE_TENANT = (
    "name", "output_retention_days", "input_retention_days", "test_keys_enabled", "allowed_origins", "frame_origins",
    "requires_two_factor",
)  # fmt: skip
OF_THE_OPERATOR = (
    "weight", "concurrency_limit", "queue_limit", "requests_per_minute", "images_per_minute", "allowed_models",
    "allowed_sizes", "billing_timezone", "test_daily_requests", "test_daily_bytes",
    "storage_quota_bytes",
)  # fmt: skip
SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,48}[a-z0-9])?")
# Tenants that one person can open: enough to try things, too few to collect free test keys.
MAX_SIGN_UPS = 5


def tenant_create(*, slug: str, name: str, actor: Actor = SYSTEM, **values: Any) -> Tenant:
    """Creates the tenant's row with its settings, without plan and wallets: those come with `tenant_open`.

    Raises Problem 422 for a slug that is taken or malformed, and for settings that mean nothing.
    """
    _normalise(values)
    errors = _check({"name": name, **values})
    if SLUG.fullmatch(slug) is None:
        detail = "A slug has up to 50 lowercase letters, digits and hyphens, and no hyphen at its ends."
        errors.insert(0, FieldError("/slug", "unknown_value", detail))
    elif Tenant.objects.filter(slug=slug).exists():
        errors.insert(0, _taken(slug))
    if errors:
        raise invalid(errors)
    try:
        with transaction.atomic(using=current_alias()):
            tenant = Tenant.objects.create(slug=slug, name=name, **values)
            tenant.refresh_from_db()
            audited = {name: value for name, value in values.items() if name in (*OF_THE_TENANT, *OF_THE_OPERATOR)}
            _audit(actor, "created", tenant, after={"slug": slug, "name": name, **audited})
    except IntegrityError:
        # Somebody else took the slug since the check above.
        if Tenant.objects.filter(slug=slug).exists():
            raise invalid([_taken(slug)]) from None
        raise
    return tenant


def tenant_open(
    *,
    slug: str,
    name: str,
    actor: Actor,
    plan: str = STANDARD_PLAN,
    opening_balance: str | Decimal = "0",
    owner_email: str = "",
    **settings: Any,
) -> Tenant:
    """Creates a tenant that can run jobs, with wallets, on the plan of that slug, as the operator; all or nothing.

    `opening_balance` is what it has already paid in, in the plan's currency; `owner_email` is invited as the owner.
    Raises Problem 422.
    """
    with transaction.atomic(using=current_alias()):
        tenant = tenant_create(slug=slug, name=name, actor=actor, **settings)
        billing().tenant_open(tenant=tenant, plan=plan, opening_balance=opening_balance, actor=actor)
        if owner_email:
            invitation_create(tenant_id=tenant.id, email=owner_email, role=Role.OWNER, actor=actor)
    return tenant


def tenant_update(
    *, tenant_id: UUID, changed: Mapping[str, Any], actor: Actor, timezone_at_once: bool = False
) -> Tenant:
    """Changes settings. Operators change all of them, a tenant those of `OF_THE_TENANT`.

    A new billing time zone waits until a month has begun in the old zone and in the new one, so that no day of usage
    falls into a month that is closed; `timezone_at_once` is for a tenant that was never billed
    (`tenant_update_as_operator`). A person requires a second factor of everybody only where they have one: raises
    SecondFactorMissing.
    """
    changed = dict(changed)
    _normalise(changed)
    if errors := _check(changed):
        raise invalid(errors)
    with tenant_work(tenant_id):
        if not actor.is_operator:
            authority_of(actor, tenant_id).require(Permission.SETTINGS)
            if others := sorted(changed.keys() - set(OF_THE_TENANT)):
                raise NotAllowed(f"Only the operator can change: {', '.join(others)}.")
            if changed.get("requires_two_factor"):
                _require_two_factor_of(actor)
        tenant = _locked(tenant_id)
        values = _with_time_zone(tenant, changed, at_once=timezone_at_once)
        old, new = changes({name: getattr(tenant, name) for name in values}, values)
        if new:
            for name, value in new.items():
                setattr(tenant, name, value)
            tenant.save(update_fields=list(new))
            _audit(actor, "changed", tenant, before=old, after=new)
    return tenant


def tenant_update_as_operator(*, tenant_id: UUID, changed: Mapping[str, Any], actor: Actor) -> Tenant:
    """Changes settings with `tenant_update`, as the operator. A new time zone only waits where anything was billed."""
    at_once = "billing_timezone" in changed and not billing().was_billed(tenant_id)
    return tenant_update(tenant_id=tenant_id, changed=changed, actor=actor, timezone_at_once=at_once)


def tenant_suspend(*, tenant_id: UUID, reason: str, actor: Actor) -> Tenant:
    """Suspends a tenant, as the operator: reads go on and nothing new is accepted.

    Queued jobs wait and run after `tenant_reactivate`, unless their deadline has passed; running jobs end. The tenant
    sees the reason in every refusal.
    """
    if not reason.strip():
        detail = "Enter a reason. The tenant sees it whenever a request is refused."
        raise invalid([FieldError("/reason", "too_short", detail)])
    return _change_status(tenant_id, TenantStatus.SUSPENDED, {TenantStatus.ACTIVE}, "suspended", reason.strip(), actor)


def tenant_reactivate(*, tenant_id: UUID, actor: Actor) -> Tenant:
    """Ends a suspension, or a closing of which nothing is erased yet, as the operator."""
    inactive = {TenantStatus.SUSPENDED, TenantStatus.CLOSING}
    return _change_status(tenant_id, TenantStatus.ACTIVE, inactive, "reactivated", "", actor)


def tenant_close(*, tenant_id: UUID, actor: Actor, reason: str = "") -> Tenant:
    """Closes a tenant: nothing new is accepted, queued jobs still run, everything can be read and exported.

    An owner closes it, or the operator. Raises NotAllowed for anybody else.
    """
    open_statuses = {TenantStatus.ACTIVE, TenantStatus.SUSPENDED}
    if actor.is_operator:
        return _change_status(tenant_id, TenantStatus.CLOSING, open_statuses, "closed", reason, actor)
    with tenant_work(tenant_id):
        authority_of(actor, tenant_id).require(Permission.CLOSE)
    # A tenant's status is for the operator's role to write; that an owner wants it is checked above.
    with acting_as("operator"):
        return _change_status(tenant_id, TenantStatus.CLOSING, open_statuses, "closed", reason, actor)


def tenant_keep(*, tenant_id: UUID, actor: Actor) -> Tenant:
    """Ends a closing that one of the tenant's own people began, for an owner; its status is again what it was before.

    A tenant that the operator closed is the operator's to reactivate: raises NotAllowed. Raises WrongStatus for one
    that is not closing.
    """
    with tenant_work(tenant_id):
        authority_of(actor, tenant_id).require(Permission.CLOSE)
        closed = AuditEvent.objects.filter(tenant_id=tenant_id, action="tenant.closed").order_by("-id").first()
    if closed is None or closed.actor_kind != "person":
        raise NotAllowed(gettext_noop("The operator closed this tenant. Ask them to reactivate it."))
    before = TenantStatus(closed.before.get("status", TenantStatus.ACTIVE))
    # As in tenant_close: the status is for the operator's role to write.
    with acting_as("operator"):
        return _change_status(
            tenant_id, before, {TenantStatus.CLOSING}, "reactivated", closed.before.get("reason", ""), actor
        )


def tenant_sign_up(*, user: User, name: str, actor: Actor) -> Tenant:
    """Opens a tenant for a person, who becomes its owner; billing opens its wallets.

    Raises SignUpClosed where SIGNUP is not open, and for a person who owns MAX_SIGN_UPS tenants already.
    """
    if settings.SIGNUP != "open":
        raise SignUpClosed("Only the operator creates tenants here. Ask for an invitation.")
    # The app role cannot create tenants; who may is checked above.
    with acting_as("operator"), transaction.atomic(using="operator"):
        User.objects.select_for_update(no_key=True).get(id=user.id)
        if Membership.objects.filter(user=user, role=Role.OWNER).count() >= MAX_SIGN_UPS:
            raise SignUpClosed(f"You already own {MAX_SIGN_UPS} tenants, the most that one person can open.")
        tenant = tenant_create(slug=_free_slug(name), name=name.strip(), actor=actor)
        Membership.objects.create(tenant=tenant, user=user, role=Role.OWNER)
        billing().signed_up_open(tenant=tenant)
    return tenant


def pending_time_zones_apply() -> int:
    """Puts the billing time zones in force whose day has come, for the scheduler. Returns how many."""
    with acting_as("operator"), transaction.atomic(using="operator"):
        # in the order in which a claim locks tenants (decision 0016)
        rows = Tenant.objects.select_for_update(no_key=True).order_by("id")
        due = list(rows.filter(billing_timezone_from__lte=timezone.now()))
        for tenant in due:
            before, after = tenant.billing_timezone, tenant.billing_timezone_next
            tenant.billing_timezone, tenant.billing_timezone_next, tenant.billing_timezone_from = after, "", None
            tenant.save(update_fields=["billing_timezone", "billing_timezone_next", "billing_timezone_from"])
            _audit(
                SYSTEM,
                "changed",
                tenant,
                before={"billing_timezone": before},
                after={"billing_timezone": after},
            )
    return len(due)


def month_begun_in_both(now: datetime, old: str, new: str) -> datetime:
    """Returns when the month after the old zone's current one has begun in both zones, in UTC.

    From then on nothing is dated before that month.
    """
    local = now.astimezone(ZoneInfo(old))
    year, month = (local.year + 1, 1) if local.month == 12 else (local.year, local.month + 1)
    return max(datetime(year, month, 1, tzinfo=ZoneInfo(zone)).astimezone(UTC) for zone in (old, new))


def _with_time_zone(tenant: Tenant, changed: Mapping[str, Any], *, at_once: bool) -> dict[str, Any]:
    values = dict(changed)
    zone = values.pop("billing_timezone", None)
    if zone is None:
        return values
    if at_once or zone == tenant.billing_timezone:
        return {**values, "billing_timezone": zone, "billing_timezone_next": "", "billing_timezone_from": None}
    if zone == tenant.billing_timezone_next:
        return values
    since = month_begun_in_both(timezone.now(), tenant.billing_timezone, zone)
    return {**values, "billing_timezone_next": zone, "billing_timezone_from": since}


def _change_status(
    tenant_id: UUID, new: TenantStatus, allowed: set[TenantStatus], done: str, reason: str, actor: Actor
) -> Tenant:
    with tenant_work(tenant_id):
        tenant = _locked(tenant_id)
        if tenant.status not in allowed:
            raise WrongStatus(f"The tenant is {tenant.status}; it cannot be {done}.")
        before = {"status": tenant.status, "reason": tenant.status_reason}
        tenant.status, tenant.status_reason = new, reason
        tenant.save(update_fields=["status", "status_reason"])
        _audit(actor, done, tenant, before=before, after={"status": new, "reason": reason})
        event_add(
            tenant_id=tenant_id,
            subject=tenant_id,
            type=f"tenant.{done}",
            data={"old": before["status"], "new": str(new), "reason": reason},
        )
    return tenant


def _require_two_factor_of(actor: Actor) -> None:
    if actor.kind == "person" and actor.id is not None and not people_with_two_factors([actor.id]):
        detail = gettext_noop("Set up two-factor authentication for yourself first, or you would lock yourself out.")
        raise SecondFactorMissing(detail)


def _locked(tenant_id: UUID) -> Tenant:
    tenant = Tenant.objects.select_for_update(no_key=True).filter(id=tenant_id).first()
    if tenant is None:
        raise not_found()
    return tenant


def _normalise(values: dict[str, Any]) -> None:
    """Brings each model into its one spelling; what is none stays for `_check`."""
    if values.get("allowed_models") is not None:
        values["allowed_models"] = models_named(values["allowed_models"])


def _check(values: Mapping[str, Any]) -> list[FieldError]:
    errors: list[FieldError] = []
    if "name" in values:
        errors += check_name(values["name"])
    if values.get("allowed_models") is not None:
        errors += check_models(values["allowed_models"])
    if values.get("allowed_sizes") is not None:
        errors += check_sizes(values["allowed_sizes"])
    for field in ("allowed_origins", "frame_origins"):
        errors += check_origins(values.get(field) or (), field)
    if "billing_timezone" in values:
        errors += check_time_zone(values["billing_timezone"]) or _check_at_database(values["billing_timezone"])
    return errors


def _check_at_database(zone: str) -> list[FieldError]:
    """Returns an error for a zone that PostgreSQL does not know.

    It dates charges by its own zones: one that it lacks would stop every settlement.
    """
    with connections[current_alias()].cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_timezone_names WHERE name = %s", [zone])
        if cursor.fetchone() is not None:
            return []
    return [FieldError("/billing_timezone", "unknown_value", f'The database does not know the time zone "{zone}".')]


def _taken(slug: str) -> FieldError:
    return FieldError("/slug", "taken", f'A tenant with the slug "{slug}" already exists.')


def _free_slug(name: str) -> str:
    """Returns a slug made from the name, with a random end where that is taken."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    base = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:40].strip("-")
    if base and not Tenant.objects.filter(slug=base).exists():
        return base
    return f"{base or 'tenant'}-{secrets.token_hex(3)}"


def _audit(
    actor: Actor,
    done: str,
    tenant: Tenant,
    *,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    audit_add(
        actor=actor,
        action=f"tenant.{done}",
        tenant_id=tenant.id,
        target="tenant",
        target_id=tenant.id,
        before=before,
        after=after,
    )
