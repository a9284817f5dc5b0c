from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from decimal import Decimal
from typing import Any

from billing.models import PlanVersion
from billing.money import ZERO
from billing.plans.dunning import Dunning, no_dunning


@dataclass(frozen=True)
class PlanTerms:
    """What a version of a plan says; `default_budgets` are as `default_budgets_apply` takes them.

    `dunning` is as versions keep it (billing.plans.dunning).
    """

    markup_percent: Decimal = ZERO
    included_images: int = 0
    included_credit: Decimal = ZERO
    base_fee: Decimal = ZERO
    minimum_commitment: Decimal = ZERO
    volume_discounts: Sequence[Mapping[str, str]] = field(default_factory=list)
    """[{"above", "percent"}], as texts."""
    allowed_models: Sequence[str] | None = None
    default_budgets: Sequence[Mapping[str, Any]] = field(default_factory=list)
    dunning: Mapping[str, Any] = field(default_factory=no_dunning)

    @classmethod
    def of(cls, version: PlanVersion) -> PlanTerms:
        values = {part.name: getattr(version, part.name) for part in fields(cls)}
        return cls(**{**values, "dunning": Dunning.of(version.dunning).stored()})
