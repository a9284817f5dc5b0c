"""How an item of a batch of generateContent requests is read."""

from __future__ import annotations

from cavendish.gemini.catalog import UnknownModel, get_model, models_taken
from generations.batches.feeder import ItemDialect, ItemDialects
from generations.compat.gemini.content.translation import Translation
from generations.models import Batch


def gemini_dialect(batch: Batch) -> ItemDialect:
    try:
        model = get_model(batch.model)
    except UnknownModel:  # taken out of the operator's file meanwhile: every item is going to say so for itself
        model = models_taken()[0]
    translation = Translation(model, name=batch.model)
    return ItemDialect("interactions", translation, translation.placed)


GEMINI: ItemDialects = {Batch.Dialect.GEMINI: gemini_dialect}
