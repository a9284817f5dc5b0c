"""Bodies that issue credit notes."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from rest_framework.exceptions import ValidationError

from billing.fields import Money
from cavendish.http.json_body import Body, Listed, Text, WholeNumber

MOST_LINES = 1000


class CreditLine(Body):
    number = WholeNumber(min_value=1, max_value=1_000_000)
    amount = Money(negative=True)


class CreditNoteNew(Body):
    """Without `lines` all that is left is credited."""

    reason = Text(max_length=300)
    lines = Listed(child=CreditLine(), allow_empty=False, max_length=MOST_LINES, required=False, allow_null=True)

    def validate_lines(self, lines: list[dict[str, Any]] | None) -> dict[int, Decimal] | None:
        if lines is None:
            return None
        numbers = [line["number"] for line in lines]
        if len(set(numbers)) < len(numbers):
            raise ValidationError("A line stands here twice.", code="duplicate")
        return {line["number"]: line["amount"] for line in lines}
