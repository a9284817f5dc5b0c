from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from cavendish.http.csv_files import CsvStyle


@dataclass(frozen=True)
class Excerpt:
    """Which rows a file has, and how it writes them: days from `first` until `last`, exclusive, None where it is open.

    `tenant_id` is None for all tenants, which only operators get; `operator` adds the columns that only they see.
    """

    style: CsvStyle
    tenant_id: UUID | None
    livemode: bool
    operator: bool
    first: date | None
    last: date | None

    @property
    def values(self) -> dict[str, Any]:
        """The parameters of its SQL."""
        return {"tenant": self.tenant_id, "livemode": self.livemode, "first": self.first, "last": self.last}
