from __future__ import annotations

from datetime import UTC, datetime, time

from django.db import transaction

from billing.models import Price
from cavendish.db.router import current_alias
from cavendish.gemini.catalog import prices


def prices_ship() -> int:
    """Adds the shipped upstream prices that the book lacks; prices set by an operator stay. Answers how many."""
    made = 0
    with transaction.atomic(using=current_alias()):
        for row in prices():
            _, created = Price.objects.get_or_create(
                plan=None,
                model=row.model,
                kind=row.kind,
                tier=row.tier,
                effective_from=datetime.combine(row.as_of, time(), tzinfo=UTC),
                defaults={
                    "unit": row.unit,
                    "unit_price": row.price,
                    "currency": row.currency,
                    "source": row.source,
                },
            )
            made += created
    return made
