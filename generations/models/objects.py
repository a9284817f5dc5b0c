from __future__ import annotations

from uuid import UUID

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from accounts.models import Tenant
from cavendish.db.ids import new_id
from cavendish.db.tenancy import TenantModel
from generations.models.generation import Generation


class Output(TenantModel):
    """A picture that came back, stored byte for byte. Thought pictures are kept apart from results."""

    class Part(models.TextChoices):
        OUTPUT = "output", "Output"
        THOUGHT = "thought", "Thought"

    id: models.UUIDField[UUID, UUID] = models.UUIDField(primary_key=True, default=new_id, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    generation = models.ForeignKey(
        Generation, on_delete=models.PROTECT, related_name="outputs", db_constraint=False, db_index=False
    )
    part = models.CharField(max_length=8, choices=Part, default=Part.OUTPUT)
    index = models.PositiveSmallIntegerField()
    mime_type = models.CharField(max_length=100)
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    bytes = models.BigIntegerField()
    sha256 = models.CharField(max_length=64)
    tokens = models.PositiveIntegerField(default=0)
    c2pa = models.BooleanField(default=False, help_text="Content Credentials are present; not that they verify.")
    sandbox = models.BooleanField(default=False)
    storage_key = models.CharField(max_length=300)
    created_at = models.DateTimeField(db_default=Now())
    favorite = models.BooleanField(default=False, db_default=False)
    rating = models.PositiveSmallIntegerField(null=True, help_text="1 to 5; empty: not rated.")

    class Meta:
        indexes = (
            # the filters of the list
            models.Index(fields=["tenant", "-id"], name="outputs_favorite", condition=Q(favorite=True)),
            models.Index(fields=["tenant", "rating", "-id"], name="outputs_rated", condition=Q(rating__isnull=False)),
        )
        constraints = (models.UniqueConstraint(fields=["generation", "part", "index"], name="output_place_once"),)

    def __str__(self) -> str:
        return f"{self.part} {self.index} of {self.generation_id}"


class Upload(TenantModel):
    """A resumable upload that is not finished: how much of it lies in the spool. Its id is that of the file to be."""

    id = models.UUIDField(primary_key=True, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    api_key_id = models.UUIDField()
    livemode = models.BooleanField()
    bytes = models.BigIntegerField(default=0)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = (
            # upload_open: those of a key
            models.Index(fields=["tenant", "api_key_id"], name="uploads_of_key"),
            # uploads_expire
            models.Index(fields=["created_at"], name="uploads_to_expire"),
        )

    def __str__(self) -> str:
        return f"{self.bytes} bytes of {self.id}"


class File(TenantModel):
    """A tenant's input: uploaded, sent inline in a request, or fetched from a URL it gave."""

    class Source(models.TextChoices):
        UPLOAD = "upload", "Upload"
        INLINE = "inline", "Inline"
        URL = "url", "URL"

    id: models.UUIDField[UUID, UUID] = models.UUIDField(primary_key=True, default=new_id, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    livemode = models.BooleanField()
    source = models.CharField(max_length=8, choices=Source)
    name = models.CharField(max_length=255, blank=True)
    resource_name = models.CharField(
        max_length=40, null=True, blank=True, help_text="What a client of Google's Files API called it, without files/."
    )
    mime_type = models.CharField(max_length=100)
    width = models.PositiveIntegerField(null=True)
    height = models.PositiveIntegerField(null=True)
    bytes = models.BigIntegerField()
    sha256 = models.CharField(max_length=64)
    storage_key = models.CharField(max_length=300)
    created_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField(null=True)
    deleted_at = models.DateTimeField(null=True)

    class Meta:
        indexes = (
            models.Index(fields=["tenant", "-id"], name="files_listed", condition=Q(deleted_at__isnull=True)),
            models.Index(fields=["expires_at"], name="files_expiring", condition=Q(deleted_at__isnull=True)),
        )
        constraints = (
            # file_named: one file of a name at a time; a deleted one's may be given again
            models.UniqueConstraint(
                fields=["tenant", "livemode", "resource_name"],
                name="file_named_once",
                condition=Q(deleted_at__isnull=True, resource_name__isnull=False),
            ),
        )

    def __str__(self) -> str:
        return f"{self.mime_type} {self.id}"
