from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count

from billing.models import BillingProfile, LegalEntity


@dataclass(frozen=True)
class ListedEntity:
    """A legal entity, and how many tenants name it themselves; all others get their invoices from the default one."""

    entity: LegalEntity
    tenants: int


def legal_entities_listed() -> list[ListedEntity]:
    """Returns all companies that issue invoices, the default one first, without their logos. As the operator."""
    named = BillingProfile.objects.exclude(legal_entity=None).values_list("legal_entity_id")
    counts = dict(named.annotate(count=Count("tenant_id")))
    entities = LegalEntity.objects.defer("logo").order_by("-is_default", "name", "id")
    return [ListedEntity(entity, counts.get(entity.id, 0)) for entity in entities]
