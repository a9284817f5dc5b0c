"""Reads of guard rules, in a tenant's context or as the operator."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from django.db import transaction

from cavendish.db.router import current_alias
from cavendish.db.tenancy import tenant_work
from generations.models import GuardRule, PlatformGuardRule
from generations.models.guard_rule import GuardRuleFields


@contextmanager
def guard_work(tenant_id: UUID | None) -> Iterator[None]:
    """The tenant's context; for rules on all tenants, and for operators, a transaction."""
    if tenant_id is None:
        with transaction.atomic(using=current_alias()):
            yield
    else:
        with tenant_work(tenant_id):
            yield


def guard_rules(tenant_id: UUID | None) -> list[GuardRuleFields]:
    """Returns all rules on a tenant's requests, those on all tenants included; these alone without a tenant."""
    rows: list[GuardRuleFields] = list(PlatformGuardRule.objects.all())
    if tenant_id is not None:
        rows += GuardRule.objects.filter(tenant_id=tenant_id)
    return rows


def guard_rule_find(rule_id: UUID, *, tenant_id: UUID | None) -> GuardRuleFields | None:
    """Returns a rule of `guard_rules`, None where there is none with this id."""
    row: GuardRuleFields | None = None
    if tenant_id is not None:
        row = GuardRule.objects.filter(tenant_id=tenant_id, id=rule_id).first()
    return row or PlatformGuardRule.objects.filter(id=rule_id).first()
