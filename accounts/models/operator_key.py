from __future__ import annotations

from uuid import UUID

from django.db import models
from django.db.models.functions import Now

from accounts.models.person import OperatorRole, User
from cavendish.db.ids import new_id


class OperatorKey(models.Model):
    """A key for the operator's own programs. It does not work on tenants' addresses, nor tenants' keys on its own."""

    id: models.UUIDField[UUID, UUID] = models.UUIDField(primary_key=True, default=new_id, editable=False)
    name = models.CharField(max_length=100)
    prefix = models.CharField(max_length=32, unique=True)
    digest = models.BinaryField(max_length=32)
    role = models.CharField(max_length=16, choices=OperatorRole, db_default=OperatorRole.FULL)
    created_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.prefix
