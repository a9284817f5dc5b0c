from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.utils import timezone

from accounts.actor import Actor
from accounts.audit.services import audit_add
from accounts.idempotency import note_created
from billing.errors import ValuesInvalid
from billing.models import Kind, Plan, Tier
from billing.oversight.below_cost import tier_prices
from billing.plans.selectors import plans_listed
from billing.prices.pricing import lines_price
from billing.prices.selectors import plan_terms, rows_at
from billing.prices.services import moment_check
from cavendish.db.router import current_alias
from cavendish.gemini.catalog import Model, UnknownModel, get_model
from cavendish.http.problems import FieldError
from generations.models import TokenVersion
from generations.tokens.selectors import versions_at


@dataclass(frozen=True)
class PicturePrice:
    """What the tokens of one picture cost a plan's tenant as quoted; where pictures have a price, it stays."""

    plan: Plan
    tenants: int
    now: Decimal
    after: Decimal


@dataclass(frozen=True)
class TokenAdoption:
    """What adopting a figure changes: `tokens` in quotes, `held` in holds, which take the price page's if it is larger.

    `cost` of a picture is in USD, before and after, None where it has no price; `prices` are of plans with tenants.
    """

    model: str
    image_size: str
    effective_from: datetime
    tokens: tuple[int, int]
    held: tuple[int, int]
    cost: tuple[Decimal, Decimal] | None
    prices: list[PicturePrice]


def tokens_adoption_preview(
    *, model: str, image_size: str, tokens: int, effective_from: datetime | None = None
) -> TokenAdoption:
    """Returns what `tokens_adopt` would change; as the operator. Raises ValuesInvalid with every wrong value."""
    moment, errors = moment_check(effective_from)
    found = _model(model, image_size, tokens, errors)
    if found is None or errors:
        raise ValuesInvalid(errors)
    page = max(row.price_page_tokens for row in found.resolutions if row.image_size == image_size)
    listed = max(row.tokens for row in found.resolutions if row.image_size == image_size)
    versions = list(TokenVersion.objects.filter(model=found.id, image_size=image_size))
    now = versions_at(versions, moment).get((found.id, image_size), listed)
    cost = _of_picture(None, found, image_size, now, tokens)
    prices = [
        PicturePrice(row.plan, row.tenants, *amounts)
        for row in plans_listed()
        if row.tenants and (amounts := _of_picture(row.plan, found, image_size, now, tokens))
    ]
    return TokenAdoption(
        model=found.id,
        image_size=image_size,
        effective_from=moment,
        tokens=(now, tokens),
        held=(max(now, page), max(tokens, page)),
        cost=cost,
        prices=prices,
    )


def _of_picture(
    plan: Plan | None, model: Model, image_size: str, now: int, after: int
) -> tuple[Decimal, Decimal] | None:
    """Returns what a picture of so many tokens costs a plan's tenant, or us; None where it has no price."""
    at = timezone.now()
    prices = tier_prices(
        list(rows_at(model.id, plan=plan, at=at)),
        plan=plan,
        version=plan_terms(plan, at=at) if plan else None,
        tier=Tier.STANDARD,
        image_size=image_size,
    )
    lines = [lines_price({Kind.IMAGE_OUTPUT.value: tokens}, prices, images=1)[0] for tokens in (now, after)]
    if not all(lines):
        return None
    [[before], [become]] = lines
    return before.amount, become.amount


def tokens_adopt(
    *,
    model: str,
    image_size: str,
    tokens: int,
    actor: Actor,
    source: str = "",
    effective_from: datetime | None = None,
) -> TokenVersion:
    """Adopts what a picture counts as, from a moment on or as soon as all processes know; for every aspect ratio.

    Jobs that were accepted before keep what they were accepted with. As the operator. Raises ValuesInvalid.
    """
    with transaction.atomic(using=current_alias()):
        moment, errors = moment_check(effective_from)
        found = _model(model, image_size, tokens, errors)
        if TokenVersion.objects.filter(model=model, image_size=image_size, effective_from=moment).exists():
            detail = f"{model} at {image_size} has a figure from that moment on already."
            errors.append(FieldError("/effective_from", "conflict", detail))
        if found is None or errors:
            raise ValuesInvalid(errors)
        before = versions_at(list(TokenVersion.objects.filter(model=found.id, image_size=image_size)), moment)
        listed = max(row.tokens for row in found.resolutions if row.image_size == image_size)
        version = TokenVersion.objects.create(
            model=found.id,
            image_size=image_size,
            tokens=tokens,
            effective_from=moment,
            source=source[:300],
            actor=str(actor)[:300],
        )
        note_created(version.pk)
        audit_add(
            actor=actor,
            action="tokens.adopted",
            tenant_id=None,
            target="token_version",
            target_id=f"{found.id}/{image_size}",
            before={"tokens": before.get((found.id, image_size), listed)},
            after={"tokens": tokens, "effective_from": moment, "source": source},
        )
    return version


def _model(name: str, image_size: str, tokens: int, errors: list[FieldError]) -> Model | None:
    """Returns the model, and adds what is wrong with a figure for it to `errors`."""
    try:
        model = get_model(name)
    except UnknownModel as error:
        errors.append(FieldError("/model", "unknown_model", str(error)))
        return None
    if image_size not in model.sizes:
        errors.append(FieldError("/image_size", "unknown_value", f"{model.id} makes {', '.join(model.sizes)}."))
    caps = max(model.thought_cap.values()) + max(model.text_output_cap, model.image_only_text_cap)
    most = (model.output_token_limit - caps) // model.max_images_limit
    if not 1 <= tokens <= most:
        detail = f"Use 1 to {most}: {model.max_images_limit} pictures must fit into an answer of {model.id}."
        errors.append(FieldError("/tokens", "out_of_range", detail))
    return model
