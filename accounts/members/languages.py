"""The language of mails about a tenant."""

from __future__ import annotations

from uuid import UUID

from accounts.models import Membership, Role


def tenant_language(tenant_id: UUID) -> str:
    """Returns what mails about a tenant are written in for whoever chose no language: that of the owner who has been
    there longest and chose one.

    Empty where none did. In the tenant's context, or as the operator.
    """
    owners = Membership.objects.filter(tenant_id=tenant_id, role=Role.OWNER).exclude(user__language="")
    return owners.order_by("id").values_list("user__language", flat=True).first() or ""
