from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal

from django.db import connections, transaction

from accounts.actor import Actor
from accounts.audit.services import audit_add
from accounts.idempotency import note_created
from billing.errors import ValuesInvalid
from billing.models import Kind, Plan, Price, Tier, Unit
from billing.money import AmountInvalid, amount_check
from billing.prices.selectors import plan_terms, prices_of, rows_at
from cavendish.db.router import acting_as, current_alias
from cavendish.gemini.catalog import PriceRow, UnknownModel, get_model, prices
from cavendish.http.problems import FieldError

UPSTREAM_CURRENCY = "USD"
# Every process reads prices a second ahead (selectors.prices): what begins after this time, all of them will know.
LEAD = timedelta(seconds=5)
FURTHEST = timedelta(days=10 * 366)
UNITS = {Kind.SEARCH_QUERY: (Unit.QUERIES,), Kind.IMAGE_OUTPUT: (Unit.TOKENS, Unit.IMAGE)}


@dataclass(frozen=True)
class NewPrice:
    """A price to be set. `image_size` only for a price per picture; empty means every size."""

    model: str
    kind: str
    unit_price: Decimal
    unit: str = Unit.TOKENS
    tier: str = Tier.STANDARD
    image_size: str = ""

    @property
    def place(self) -> tuple[str, str, str, str]:
        return self.model, self.kind, self.tier, self.image_size


@dataclass(frozen=True)
class PriceChange:
    """What is paid before a new price begins, and from then on; `until` another one is set to begin."""

    new: NewPrice
    old_unit: str | None
    old_price: Decimal | None
    until: datetime | None


def catalog_prices_sync() -> int:
    """Adds the catalog's upstream prices that the price book lacks; returns how many. Rows that are there stay."""
    with transaction.atomic(using=current_alias()):
        known = _upstream_prices()
        missing = [
            Price(
                plan=None,
                model=row.model,
                kind=row.kind,
                tier=row.tier,
                effective_from=_begins(row),
                unit=row.unit,
                unit_price=row.price,
                currency=row.currency,
                source=row.source,
            )
            for row in prices()
            if _place(row) not in known
        ]
        # another process may add the same ones
        Price.objects.bulk_create(missing, ignore_conflicts=True)
    return len(missing)


def catalog_prices_load() -> int:
    """Does the same as the operator, at any time: how a new model of the operator's file gets its prices."""
    with acting_as("operator"):
        return catalog_prices_sync()


def catalog_prices_differing() -> list[tuple[PriceRow, Decimal]]:
    """Returns the catalog's prices for which the price book has another one from the same day on, with that one."""
    known = _upstream_prices()
    return [(row, known[_place(row)]) for row in prices() if _place(row) in known and known[_place(row)] != row.price]


def _upstream_prices() -> dict[tuple[str, str, str, datetime], Decimal]:
    rows = Price.objects.filter(plan=None).values_list("model", "kind", "tier", "effective_from", "unit_price")
    return {(model, kind, tier, begins): price for model, kind, tier, begins, price in rows}


def _place(row: PriceRow) -> tuple[str, str, str, datetime]:
    return row.model, row.kind, row.tier, _begins(row)


def _begins(row: PriceRow) -> datetime:
    return datetime.combine(row.as_of, time(), tzinfo=UTC)


def moment_check(moment: datetime | None) -> tuple[datetime, list[FieldError]]:
    """Returns when something of the price book begins, and what is wrong with it.

    None is as soon as all processes will know of it.
    """
    with connections[current_alias()].cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        row = cursor.fetchone()
    assert row is not None
    now: datetime = row[0]
    if moment is None:
        return now + LEAD, []
    if moment < now + LEAD:
        detail = (
            "It starts in the past of accepted generations, which keep the prices of their acceptance; "
            f"the earliest is {(now + LEAD).isoformat(timespec='seconds')}."
        )
        return moment, [FieldError("/effective_from", "in_the_past", detail)]
    if moment > now + FURTHEST:
        return moment, [FieldError("/effective_from", "out_of_range", "It starts more than ten years ahead.")]
    return moment, []


def prices_preview(
    *, plan: Plan | None, new: Sequence[NewPrice], effective_from: datetime | None
) -> tuple[datetime, list[PriceChange]]:
    """Returns from when on `prices_add` would apply, and its changes. Raises ValuesInvalid with every wrong value."""
    moment, errors = moment_check(effective_from)
    checked = [_checked(price, index, plan, errors) for index, price in enumerate(new)]
    errors += _places_taken(checked, plan, moment)
    if errors:
        raise ValuesInvalid(errors)
    return moment, [_change(price, plan, moment) for price in checked]


def prices_add(
    *, plan: Plan | None, new: Sequence[NewPrice], effective_from: datetime | None, source: str, actor: Actor
) -> list[Price]:
    """Sets prices from a moment on, of the upstream (without a plan) or of a plan; no row is changed.

    `effective_from` None is as soon as possible. Raises ValuesInvalid, and then nothing is written.
    """
    with transaction.atomic(using=current_alias()):
        moment, changes = prices_preview(plan=plan, new=new, effective_from=effective_from)
        rows = Price.objects.bulk_create(
            Price(
                plan=plan,
                model=change.new.model,
                kind=change.new.kind,
                tier=change.new.tier,
                unit=change.new.unit,
                image_size=change.new.image_size,
                unit_price=change.new.unit_price,
                currency=plan.currency if plan else UPSTREAM_CURRENCY,
                effective_from=moment,
                source=source,
                actor=str(actor)[:300],
            )
            for change in changes
        )
        note_created(*(row.id for row in rows))
        for change in changes:
            audit_add(
                actor=actor,
                action="price.added",
                tenant_id=None,
                target="price",
                target_id="/".join(filter(None, (plan.slug if plan else "upstream", *change.new.place))),
                before={"unit": change.old_unit, "unit_price": change.old_price},
                after={"unit": change.new.unit, "unit_price": change.new.unit_price, "effective_from": moment},
            )
    return rows


def _checked(price: NewPrice, index: int, plan: Plan | None, errors: list[FieldError]) -> NewPrice:
    def wrong(field: str, code: str, detail: str) -> None:
        errors.append(FieldError(f"/prices/{index}/{field}", code, detail))

    units = UNITS.get(Kind(price.kind), (Unit.TOKENS,))
    if price.unit not in units:
        wrong("unit", "unknown_value", f"{price.kind} is priced {' or '.join(units)}.")
    if price.unit == Unit.IMAGE and plan is None:
        wrong("unit", "unknown_value", "The upstream sells tokens; only a plan has prices per picture.")
    try:
        model = get_model(price.model)
    except UnknownModel as error:
        wrong("model", "unknown_model", str(error))
    else:
        price = replace(price, model=model.id)
        if price.image_size and price.unit != Unit.IMAGE:
            wrong("image_size", "conflict", "Only a price per picture may differ by size.")
        elif price.image_size and price.image_size not in model.sizes:
            wrong("image_size", "unknown_value", f"{model.id} makes {', '.join(model.sizes)}.")
    try:
        return replace(price, unit_price=amount_check(price.unit_price, zero=True))
    except AmountInvalid as error:
        wrong("unit_price", error.code, str(error))
        return price


def _places_taken(new: Sequence[NewPrice], plan: Plan | None, moment: datetime) -> list[FieldError]:
    taken = {
        (row.model, row.kind, row.tier, row.image_size)
        for row in Price.objects.filter(plan=plan, effective_from=moment)
    }
    errors = []
    for index, price in enumerate(new):
        if price.place in taken:
            detail = f"{price.model} {price.kind} {price.tier} has a price from that moment on already."
            errors.append(FieldError(f"/prices/{index}", "conflict", detail))
        taken.add(price.place)
    return errors


def _change(new: NewPrice, plan: Plan | None, moment: datetime) -> PriceChange:
    rows = rows_at(new.model, plan=plan, at=moment)
    version = plan_terms(plan, at=moment) if plan else None
    old = prices_of(rows, plan=plan, version=version, tier=new.tier, image_size=new.image_size).get(new.kind)
    later = Price.objects.filter(
        plan=plan, model=new.model, kind=new.kind, tier=new.tier, image_size=new.image_size, effective_from__gt=moment
    ).order_by("effective_from")
    return PriceChange(
        new=new,
        old_unit=old["unit"] if old else None,
        old_price=Decimal(old["price"]) if old else None,
        until=later.values_list("effective_from", flat=True).first(),
    )
