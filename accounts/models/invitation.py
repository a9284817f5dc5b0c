from __future__ import annotations

from uuid import UUID

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from accounts.models.key import ApiKey
from accounts.models.person import Role, User
from accounts.models.tenant import Tenant
from cavendish.db.ids import new_id
from cavendish.db.tenancy import TenantModel


class Invitation(TenantModel):
    """An offer of a role, sent by mail. Its secret is in that mail; the database stores its SHA-256.

    It is open until it is accepted, revoked or expired. Sending it again creates a new secret, and the old one ends.
    """

    id: models.UUIDField[UUID, UUID] = models.UUIDField(primary_key=True, default=new_id, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    email = models.EmailField(help_text="In lower case.")
    role = models.CharField(max_length=16, choices=Role)
    digest = models.BinaryField(max_length=32, unique=True)
    created_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    created_by_key = models.ForeignKey(
        ApiKey, null=True, on_delete=models.PROTECT, related_name="+", db_constraint=False
    )
    created_at = models.DateTimeField(db_default=Now())
    sent_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True)
    accepted_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["tenant", "email"],
                name="invitation_open_once",
                condition=Q(accepted_at=None, revoked_at=None),
            ),
        )

    def __str__(self) -> str:
        return f"invitation of {self.email}"
