"""What generations and outputs are found by: words, tags, collections."""

from __future__ import annotations

from uuid import UUID

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models.functions import Now

from accounts.models import Tenant
from cavendish.db.ids import new_id
from cavendish.db.tenancy import TenantModel
from generations.models.generation import Generation
from generations.models.objects import Output


class GenerationTerms(TenantModel):
    """The words of a generation's prompt as numbers (`generations.search.terms`), apart so that no other write moves
    them in their index.

    None of them: it was erased, or is not to be stored. NULL: accepted by a process that did not know of them yet.
    """

    generation = models.OneToOneField(
        Generation, primary_key=True, on_delete=models.PROTECT, related_name="+", db_constraint=False
    )
    # The key to the generation carries the tenant, and the terms are the tenant's own: no second key or index for it.
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    terms = ArrayField(models.BigIntegerField(), null=True)

    class Meta:
        indexes = (
            # generation_search. A short list of what came last keeps its clean-up short for the submit that does it.
            GinIndex(fields=["terms"], name="generations_by_term", gin_pending_list_limit=512),
            # terms_fill
            models.Index(fields=["generation"], name="terms_to_fill", condition=models.Q(terms__isnull=True)),
        )

    def __str__(self) -> str:
        return f"terms of {self.generation_id}"


class GenerationTag(TenantModel):
    """A word that a tenant has put on a generation. `folded` is what it is found by, whatever its case."""

    id: models.UUIDField[UUID, UUID] = models.UUIDField(primary_key=True, default=new_id, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    generation = models.ForeignKey(Generation, on_delete=models.PROTECT, related_name="+", db_constraint=False)
    tag = models.CharField(max_length=50)
    folded = models.CharField(max_length=200)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["tenant", "folded", "generation"], name="generation_tagged_once"),
        )

    def __str__(self) -> str:
        return self.tag


class Collection(TenantModel):
    """Outputs that a tenant has put together under a name, of one mode."""

    id: models.UUIDField[UUID, UUID] = models.UUIDField(primary_key=True, default=new_id, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+", db_index=False)
    livemode = models.BooleanField()
    name = models.CharField(max_length=100)
    description = models.CharField(max_length=500, blank=True)
    created_at = models.DateTimeField(db_default=Now())
    updated_at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = (models.Index(fields=["tenant", "livemode", "-id"], name="collections_listed"),)

    def __str__(self) -> str:
        return self.name


class CollectionOutput(TenantModel):
    """An output in a collection. The database deletes it with either of them."""

    pk = models.CompositePrimaryKey("collection", "output")
    collection = models.ForeignKey(
        Collection, on_delete=models.DO_NOTHING, related_name="+", db_constraint=False, db_index=False
    )
    output = models.ForeignKey(Output, on_delete=models.DO_NOTHING, related_name="+", db_constraint=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    added_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return f"{self.output_id} in {self.collection_id}"
