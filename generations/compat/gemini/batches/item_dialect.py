"""How an item of a batch of generateContent requests is read."""

from __future__ import annotations

from cavendish.gemini.catalog import get_model
from generations.batches.feeder import ItemDialect, ItemDialects
from generations.compat.gemini.content.translation import Translation
from generations.models import Batch


def gemini_dialect(batch: Batch) -> ItemDialect:
    translation = Translation(get_model(batch.model))
    return ItemDialect("interactions", translation, translation.placed)


GEMINI: ItemDialects = {Batch.Dialect.GEMINI: gemini_dialect}
