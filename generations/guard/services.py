"""Writes of guard rules. Each is in force for the next request: what was judged by other rules is judged again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext_noop

from accounts.actor import Actor
from accounts.audit.services import audit_add, changes
from accounts.models import ApiKey, Tenant
from accounts.people.secret_box import seal
from accounts.roles.authority import authority_of
from accounts.roles.permissions import Permission
from accounts.webhooks.services import OVERLAP, url_check
from accounts.webhooks.signing import secret_new
from cavendish.db import ids
from cavendish.http.problems import invalid_value
from generations.errors import GuardRuleNotYours, NoHook, TooManyGuardRules
from generations.guard.representation import FIELDS
from generations.guard.selectors import guard_work
from generations.models import GuardRule, GuardRuleType, PlatformGuardRule
from generations.models.guard_rule import GuardRuleFields

MAX_RULES = 50
"""Of a tenant's own, of the operator's for one tenant, and of the operator's for all."""


def guard_rule_create(
    *, tenant_id: UUID | None, actor: Actor, values: Mapping[str, Any]
) -> tuple[GuardRuleFields, str | None]:
    """Creates a rule on a tenant's requests, or on everybody's without a tenant. `values` are those of `RuleNew`.

    Returns the row, and the secret of a hook, which no later answer contains. Raises Problem 422, TooManyGuardRules.
    """
    if "url" in values:
        url_check(values["url"])
    secret = secret_new() if values["type"] == GuardRuleType.HOOK else None
    with _work(tenant_id, actor):
        row: GuardRuleFields
        if tenant_id is None:
            same: Any = PlatformGuardRule.objects.all()
            row = PlatformGuardRule()
        else:
            # The tenant's row is locked, so that two who create at once do not both take the last place.
            Tenant.objects.select_for_update(no_key=True).get(id=tenant_id)
            same = GuardRule.objects.filter(tenant_id=tenant_id, set_by_operator=actor.is_operator)
            row = GuardRule(tenant_id=tenant_id, set_by_operator=actor.is_operator)
        if same.count() >= MAX_RULES:
            raise TooManyGuardRules(MAX_RULES)
        if secret is not None:
            row.secret, row.stages = seal(secret), ["before"]
        for name, value in _columns(tenant_id, values).items():
            setattr(row, name, value)
        row.save(force_insert=True)
        row.refresh_from_db(fields=["created_at", "updated_at"])
        _audit(actor, "created", row, after=_audited(row))
    return row, secret


def guard_rule_update(
    *, tenant_id: UUID | None, rule_id: UUID, actor: Actor, values: Mapping[str, Any]
) -> GuardRuleFields | None:
    """Changes fields of a rule; returns None when there is no such rule. `values` are those of `RuleChange`.

    Raises Problem 422, GuardRuleNotYours.
    """
    if "url" in values:
        url_check(values["url"])
    with _work(tenant_id, actor):
        row = _locked(tenant_id, rule_id, actor)
        if row is None:
            return None
        before = _audited(row)
        changed = _columns(tenant_id, values)
        for name, value in changed.items():
            setattr(row, name, value)
        if row.type == GuardRuleType.LIMITS and not row.max_image_size and row.max_amount is None:
            raise invalid_value("/max_image_size", "required", gettext_noop("Set max_image_size, max_amount or both."))
        old, new = changes(before, _audited(row))
        if changed:
            _touch(row, *changed)
        if new:
            _audit(actor, "changed", row, before=old, after=new)
    return row


def guard_rule_delete(*, tenant_id: UUID | None, rule_id: UUID, actor: Actor) -> bool:
    """Returns False when there is none. Raises GuardRuleNotYours."""
    with _work(tenant_id, actor):
        row = _locked(tenant_id, rule_id, actor)
        if row is None:
            return False
        _audit(actor, "deleted", row, before=_audited(row))
        row.delete()
    return True


def guard_rule_rotate(*, tenant_id: UUID | None, rule_id: UUID, actor: Actor) -> tuple[GuardRuleFields, str] | None:
    """Gives a hook a new secret. Returns the row and the secret, None when there is no such rule.

    For OVERLAP each request has a signature of both. Raises GuardRuleNotYours, NoHook.
    """
    secret = secret_new()
    with _work(tenant_id, actor):
        row = _locked(tenant_id, rule_id, actor)
        if row is None:
            return None
        if row.type != GuardRuleType.HOOK:
            raise NoHook
        row.previous_secret, row.previous_expires_at = row.secret, timezone.now() + OVERLAP
        row.secret = seal(secret)
        _touch(row, "secret", "previous_secret", "previous_expires_at")
        _audit(actor, "rotated", row, after={"previous_expires_at": row.previous_expires_at})
    return row, secret


@contextmanager
def _work(tenant_id: UUID | None, actor: Actor) -> Iterator[None]:
    with guard_work(tenant_id):
        if tenant_id is not None:
            authority_of(actor, tenant_id).require(Permission.SETTINGS)
        yield


def _locked(tenant_id: UUID | None, rule_id: UUID, actor: Actor) -> GuardRuleFields | None:
    row: GuardRuleFields | None
    if tenant_id is None:
        row = PlatformGuardRule.objects.select_for_update().filter(id=rule_id).first()
        return row
    row = GuardRule.objects.select_for_update().filter(tenant_id=tenant_id, id=rule_id).first()
    if row is None and PlatformGuardRule.objects.filter(id=rule_id).exists():
        raise GuardRuleNotYours
    if isinstance(row, GuardRule) and row.set_by_operator and not actor.is_operator:
        raise GuardRuleNotYours
    return row


def _columns(tenant_id: UUID | None, values: Mapping[str, Any]) -> dict[str, Any]:
    """Returns what is stored of a body. Raises Problem 422 for a key that is not the tenant's."""
    columns = dict(values)
    if "api_key_id" in columns:
        columns["api_key_id"] = _key_of(tenant_id, columns["api_key_id"])
        if tenant_id is None:
            del columns["api_key_id"]
    if "max_image_size" in columns:
        columns["max_image_size"] = columns["max_image_size"] or ""
    for name in {"words", "languages", "stages"} & columns.keys():
        columns[name] = list(dict.fromkeys(columns[name]))
    return columns


def _key_of(tenant_id: UUID | None, public: str | None) -> UUID | None:
    if public is None:
        return None
    key_id = ids.decode(ids.API_KEY, public)
    if tenant_id is None or key_id is None or not ApiKey.objects.filter(tenant_id=tenant_id, id=key_id).exists():
        raise invalid_value("/api_key_id", "unknown", "There is no such key of the tenant.")
    return key_id


def _touch(row: GuardRuleFields, *fields: str) -> None:
    row.revision, row.updated_at = ids.new_id(), timezone.now()
    row.save(update_fields=[*fields, "revision", "updated_at"])


def _audited(row: GuardRuleFields) -> dict[str, Any]:
    """Returns what the audit log keeps of a rule: of a list of words their number."""
    shown = {name: getattr(row, name) for name in ("type", "enabled", "livemode", *FIELDS[row.type])}
    if "words" in shown:
        shown["words"] = len(shown["words"])
    if isinstance(row, GuardRule):
        shown["api_key_id"] = row.api_key_id
    return shown


def _audit(
    actor: Actor,
    done: str,
    row: GuardRuleFields,
    *,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    audit_add(
        actor=actor,
        action=f"guard_rule.{done}",
        tenant_id=row.tenant_id if isinstance(row, GuardRule) else None,
        target="guard_rule",
        target_id=row.id,
        before=before,
        after=after,
    )
