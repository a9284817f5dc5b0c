from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from decimal import Decimal
from typing import Any

from billing.models import PlanVersion
from billing.money import ZERO


@dataclass(frozen=True)
class PlanTerms:
    """What a version of a plan says; `default_budgets` are as `default_budgets_apply` takes them."""

    markup_percent: Decimal = ZERO
    included_images: int = 0
    included_credit: Decimal = ZERO
    allowed_models: Sequence[str] | None = None
    default_budgets: Sequence[Mapping[str, Any]] = field(default_factory=list)

    @classmethod
    def of(cls, version: PlanVersion) -> PlanTerms:
        return cls(**{part.name: getattr(version, part.name) for part in fields(cls)})
