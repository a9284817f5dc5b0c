"""The table of SKUs knows every model of the catalog, so that Google's bill can be compared line by line."""

from __future__ import annotations

import csv

from billing.models import Kind
from billing.reconcile.export_file import ALL_MODELS, SKUS
from cavendish.gemini.catalog import Model, models


def kinds_of(model: Model) -> set[str]:
    kinds = {Kind.TEXT_INPUT, Kind.IMAGE_INPUT, Kind.CACHED_INPUT, Kind.TEXT_OUTPUT, Kind.IMAGE_OUTPUT}
    if "video" in model.input_kinds:
        kinds.add(Kind.VIDEO_INPUT)
    if model.thinks:
        kinds.add(Kind.THOUGHT_OUTPUT)
    return {kind.value for kind in kinds}


def test_every_model_has_a_sku_for_each_kind_that_it_is_billed_for() -> None:
    with SKUS.open(newline="") as file:
        listed = {(row["model"], row["kind"]) for row in csv.DictReader(file)}

    assert {(model.id, kind) for model in models() for kind in kinds_of(model)} - listed == set()
    assert {model for model, _ in listed} == {ALL_MODELS, *(model.id for model in models())}
