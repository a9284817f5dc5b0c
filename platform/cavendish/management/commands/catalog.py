"""`manage.py catalog`: shows the models, their further names, and prices that are not in the price book."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from billing.money import price_text
from billing.prices.services import catalog_prices_differing, catalog_prices_load
from cavendish.db.router import acting_as
from cavendish.gemini.catalog import Model, aliases, models


class Command(BaseCommand):
    help = "Shows the models with the operator's changes. Fails with what is wrong where CATALOG_FILE cannot be used."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--load", action="store_true", help="add prices that the price book lacks")

    def handle(self, *args: Any, **options: Any) -> None:
        for model in models():
            self.stdout.write(_line(model))
        for name, id in aliases().items():
            self.stdout.write(f"{name} → {id}")
        if options["load"]:
            self.stdout.write(f"{catalog_prices_load()} prices were added to the price book.")
        with acting_as("operator"):
            for row, price in catalog_prices_differing():
                self.stderr.write(
                    f"The price book has {price_text(price)} for {row.kind} of {row.model} ({row.tier}) from "
                    f"{row.as_of} on, not {price_text(row.price)}: its rows stay; give the new price a later as_of."
                )


def _line(model: Model) -> str:
    notes = [f"{', '.join(model.sizes)}, {len(model.aspect_ratios)} aspect ratios"]
    if not model.confirmed:
        notes.append("not confirmed")
    if model.deprecated:
        day = model.deprecated.retires_on
        notes.append(f"replaced by {model.deprecated.successor}{f' from {day} on' if day else ''}")
    return f"{model.id}: {'; '.join(notes)}"
