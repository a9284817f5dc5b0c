"""Model instances from hand-written joins: one statement where the ORM builds and sends one for each table."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, Generic, TypeVar

from django.db import models

from cavendish.db.router import current_alias

M = TypeVar("M", bound=models.Model)


class Columns(Generic[M]):
    """The columns of a model in a SELECT list, under the alias that its table has in the join."""

    def __init__(self, model: type[M], alias: str, *, without: Collection[str] = ()) -> None:
        fields = [field for field in model._meta.concrete_fields if field.name not in without]
        self.sql = ", ".join(f'{alias}."{field.column}"' for field in fields)
        self.width = len(fields)
        self._model = model
        self._names = [field.attname for field in fields]
        self._key = next(place for place, field in enumerate(fields) if field.primary_key)
        # JSON comes as text, as in every cursor of Django's.
        self._converters = [
            (place, field.from_db_value) for place, field in enumerate(fields) if hasattr(field, "from_db_value")
        ]

    def read(self, row: Sequence[Any]) -> M | None:
        """Returns the instance in these columns; None where an outer join found no row."""
        if row[self._key] is None:
            return None
        values = list(row)
        for place, convert in self._converters:
            values[place] = convert(values[place], None, None)
        return self._model.from_db(current_alias(), self._names, values)
