from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, fields, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_noop

from accounts.actor import SYSTEM, Actor
from accounts.audit.services import audit_add, changes
from accounts.idempotency import note_created
from accounts.models import Tenant
from billing.currencies import is_currency
from billing.errors import ChangeRefused, ValuesInvalid
from billing.models import Plan, PlanVersion, Subscription, Wallet
from billing.money import AmountInvalid, amount_check
from billing.plans.dunning import Dunning, dunning_errors
from billing.plans.selectors import TermChange, plan_terms_in_force, terms_changes
from billing.plans.terms import PlanTerms
from billing.prices.selectors import plan_terms
from billing.prices.services import moment_check
from billing.subscriptions.services import subscription_begin
from cavendish.db.router import current_alias
from cavendish.gemini.catalog import UnknownModel, get_model
from cavendish.http.problems import FieldError

MOST_MARKUP, MOST_IMAGES, MOST_BUDGETS = Decimal(10_000), 100_000_000, 20


def plan_ensure(*, slug: str, name: str, currency: str = "USD", markup_percent: Decimal = Decimal(0)) -> Plan:
    """Returns the plan of this slug, created with its first terms when there is none."""
    with transaction.atomic(using=current_alias()):
        plan, created = Plan.objects.get_or_create(slug=slug, defaults={"name": name, "currency": currency})
        if created:
            PlanVersion.objects.create(plan=plan, effective_from=Now(), markup_percent=markup_percent)
    return plan


def plan_create(*, slug: str, name: str, currency: str, terms: PlanTerms, actor: Actor) -> Plan:
    """Creates a plan that can be given at once. Raises ValuesInvalid, or ChangeRefused where the slug is taken."""
    errors = [] if is_currency(currency) else [_unknown_currency(currency)]
    terms = _checked(terms, errors)
    if errors:
        raise ValuesInvalid(errors)
    with transaction.atomic(using=current_alias()):
        plan, created = Plan.objects.get_or_create(slug=slug, defaults={"name": name, "currency": currency})
        if not created:
            raise ChangeRefused("plan_exists", f'There is a plan "{slug}" already.')
        PlanVersion.objects.create(plan=plan, effective_from=Now(), actor=str(actor)[:300], **asdict(terms))
        audit_add(
            actor=actor,
            action="plan.created",
            tenant_id=None,
            target="plan",
            target_id=plan.id,
            after={"slug": slug, "name": name, "currency": currency, **asdict(terms)},
        )
    return plan


def plan_version_add(
    *, plan: Plan, values: Mapping[str, Any], effective_from: datetime | None, actor: Actor
) -> PlanVersion:
    """Adds terms from a moment on, as soon as possible when it is None; what `values` lacks stays as it is then.

    Months that have begun keep the pictures and credits they began with. Raises ValuesInvalid.
    """
    with transaction.atomic(using=current_alias()):
        # two versions at once would each carry over what the other changes
        Plan.objects.select_for_update().get(pk=plan.pk)
        moment, errors = moment_check(effective_from)
        before = plan_terms(plan, at=moment)
        old = PlanTerms.of(before) if before else PlanTerms()
        terms = _checked(replace(old, **values), errors)
        if plan.versions.filter(effective_from=moment).exists():
            errors.append(FieldError("/effective_from", "conflict", "The plan has terms from that moment on already."))
        if errors:
            raise ValuesInvalid(errors)
        version: PlanVersion = PlanVersion.objects.create(
            plan=plan, effective_from=moment, actor=str(actor)[:300], **asdict(terms)
        )
        note_created(version.pk)
        was, becomes = changes(asdict(old), asdict(terms))
        audit_add(
            actor=actor,
            action="plan.terms_added",
            tenant_id=None,
            target="plan",
            target_id=plan.id,
            before=was,
            after={**becomes, "effective_from": moment},
        )
    return version


def plan_version_preview(
    *, plan: Plan, started_from: int | None, form: Mapping[str, Any], effective_from: datetime | None
) -> tuple[datetime, list[TermChange]]:
    """Returns when `plan_version_of_form` would begin, and what it would change of the terms that apply then.

    Raises ValuesInvalid, ChangeRefused.
    """
    moment, errors = moment_check(effective_from)
    now = plan_terms_in_force(plan, at=moment).terms
    after = _checked(replace(now, **_changed(plan, started_from, form)), errors)
    if errors:
        raise ValuesInvalid(errors)
    return moment, terms_changes(now, after)


def plan_version_of_form(
    *, plan: Plan, started_from: int | None, form: Mapping[str, Any], effective_from: datetime | None, actor: Actor
) -> PlanVersion:
    """Adds terms from a form that began with those in force (`plan_terms_in_force`); only what it changed is changed.

    `started_from` is the version that it began with. Raises ValuesInvalid; ChangeRefused where it changes nothing, or
    where terms that have come since change the same.
    """
    values = _changed(plan, started_from, form)
    if not values:
        raise ChangeRefused("nothing_changes", gettext_noop("These are the terms of the plan already."))
    return plan_version_add(plan=plan, values=values, effective_from=effective_from, actor=actor)


def _changed(plan: Plan, started_from: int | None, form: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the fields that a form has changed. Raises ChangeRefused where somebody else has changed them since."""
    version = plan.versions.filter(pk=started_from).first() if started_from is not None else None
    began = PlanTerms.of(version) if version else PlanTerms()
    known = {part.name for part in fields(PlanTerms)}
    values = {
        name: value for name, value in form.items() if name in known and not _is_same(value, getattr(began, name))
    }
    now = plan_terms_in_force(plan).terms
    if taken := [name for name in values if getattr(now, name) != getattr(began, name)]:
        raise ChangeRefused(
            "terms_changed", f"The plan got other terms meanwhile ({', '.join(taken)}). Begin again with those."
        )
    return values


def plan_update(*, plan: Plan, name: str | None = None, archived: bool | None = None, actor: Actor) -> Plan:
    """Renames a plan, or takes it out of the choice; tenants that have it keep it."""
    with transaction.atomic(using=current_alias()):
        plan = Plan.objects.select_for_update().get(pk=plan.pk)
        before = {"name": plan.name, "archived": plan.archived_at is not None}
        if name is not None:
            plan.name = name
        if archived is not None and archived != before["archived"]:
            plan.archived_at = timezone.now() if archived else None
        was, becomes = changes(before, {"name": plan.name, "archived": plan.archived_at is not None})
        if becomes:
            plan.save(update_fields=["name", "archived_at"])
            audit_add(
                actor=actor,
                action="plan.changed",
                tenant_id=None,
                target="plan",
                target_id=plan.id,
                before=was,
                after=becomes,
            )
    return plan


def _is_same(one: Any, other: Any) -> bool:
    """Returns whether two values of a field say the same; the order of models says nothing."""
    if isinstance(one, list | tuple) and isinstance(other, list | tuple) and all(isinstance(it, str) for it in one):
        return sorted(one) == sorted(map(str, other))
    return bool(one == other)


def tenant_open(*, tenant: Tenant, plan: Plan, actor: Actor = SYSTEM) -> None:
    """Creates wallets for live and test mode and starts the plan: what a tenant needs before its first job."""
    with transaction.atomic(using=current_alias()):
        subscription = Subscription.objects.create(tenant=tenant, plan=plan, actor=str(actor)[:300])
        for livemode in (True, False):
            Wallet.objects.create(tenant=tenant, livemode=livemode, currency=plan.currency)
        subscription_begin(subscription)


def _unknown_currency(code: str) -> FieldError:
    return FieldError("/currency", "unknown_value", f'"{code[:20]}" is no currency of ISO 4217; write it like "EUR".')


def _checked(terms: PlanTerms, errors: list[FieldError]) -> PlanTerms:
    """Returns the terms as they are stored, and adds what is wrong to `errors`."""

    def wrong(pointer: str, code: str, detail: str) -> None:
        errors.append(FieldError(pointer, code, detail))

    markup, credit = terms.markup_percent, terms.included_credit
    if not markup.is_finite() or not -100 <= markup <= MOST_MARKUP or markup != markup.quantize(Decimal("0.0001")):
        wrong("/markup_percent", "out_of_range", f"Use -100 to {MOST_MARKUP}, with at most four places.")
    if not 0 <= terms.included_images <= MOST_IMAGES:
        wrong("/included_images", "out_of_range", f"Use a whole number from 0 to {MOST_IMAGES}.")
    amounts = {"included_credit": credit, "base_fee": terms.base_fee, "minimum_commitment": terms.minimum_commitment}
    for name, amount in amounts.items():
        try:
            amounts[name] = amount_check(amount, zero=True)
        except AmountInvalid as error:
            wrong(f"/{name}", error.code, str(error))
    _check_steps(terms.volume_discounts, wrong)
    allowed: list[str] | None = None if terms.allowed_models is None else []
    for index, name in enumerate(terms.allowed_models or ()):
        try:
            allowed = list(dict.fromkeys([*(allowed or ()), get_model(name).id]))
        except UnknownModel as error:
            wrong(f"/allowed_models/{index}", "unknown_model", str(error))
    dunning = Dunning.of(terms.dunning)
    errors += dunning_errors(dunning)
    if len(terms.default_budgets) > MOST_BUDGETS:
        wrong("/default_budgets", "too_many", f"A plan has at most {MOST_BUDGETS} budgets.")
    return replace(
        terms,
        included_credit=amounts["included_credit"],
        base_fee=amounts["base_fee"],
        minimum_commitment=amounts["minimum_commitment"],
        volume_discounts=list(terms.volume_discounts),
        allowed_models=allowed,
        default_budgets=list(terms.default_budgets),
        dunning=dunning.stored(),
    )


def _check_steps(steps: Sequence[Mapping[str, str]], wrong: Callable[[str, str, str], None]) -> None:
    """Tells what is wrong with the steps of a volume discount: each percentage once, and the steps going up."""
    before: Decimal | None = None
    for index, step in enumerate(steps):
        above, percent = Decimal(step["above"]), Decimal(step["percent"])
        if not 0 <= percent <= 100:
            wrong(f"/volume_discounts/{index}/percent", "out_of_range", "Use 0 to 100.")
        if above < 0 or (before is not None and above <= before):
            wrong(f"/volume_discounts/{index}/above", "out_of_range", "Each step lies above the one before it.")
        before = above
