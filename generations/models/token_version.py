from __future__ import annotations

from django.db import models
from django.db.models.functions import Now


class TokenVersion(models.Model):
    """What a picture of a model and size counts as from a moment on, instead of the catalog's figure.

    Rows are never changed: the newest that has begun applies, and a job keeps what it was accepted with.
    """

    model = models.CharField(max_length=100)
    image_size = models.CharField(max_length=8)
    tokens = models.PositiveIntegerField()
    effective_from = models.DateTimeField()
    source = models.CharField(max_length=300, blank=True, default="", help_text="Why, or where the figure comes from.")
    actor = models.CharField(max_length=300)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["model", "image_size", "effective_from"], name="token_version_once"),
            models.CheckConstraint(condition=models.Q(tokens__gt=0), name="token_version_positive"),
        )

    def __str__(self) -> str:
        return f"{self.model} {self.image_size}: {self.tokens} tokens from {self.effective_from}"
