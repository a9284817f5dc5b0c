"""Bodies that create and change plans."""

from __future__ import annotations

from django.core.validators import RegexValidator

from billing.budgets.bodies import BudgetDefault
from billing.fields import Money, Percent
from cavendish.http.json_body import Body, Flag, Listed, Moment, Text, WholeNumber

SLUG = RegexValidator(
    r"^[a-z0-9][a-z0-9-]{0,49}\Z", "Use small letters, digits and hyphens, at most fifty.", code="unknown_value"
)


class DunningBody(Body):
    remind_after_days = Listed(child=WholeNumber(min_value=1, max_value=365), max_length=12, default=list)
    suspend_after_days = WholeNumber(min_value=1, max_value=365, allow_null=True, default=None)


class VolumeDiscountBody(Body):
    above = Money(zero=True)
    percent = Percent()


class TermsBody(Body):
    markup_percent = Percent(required=False)
    included_images = WholeNumber(required=False, min_value=0, max_value=100_000_000)
    included_credit = Money(zero=True, required=False)
    base_fee = Money(zero=True, required=False)
    minimum_commitment = Money(zero=True, required=False)
    volume_discounts = Listed(child=VolumeDiscountBody(), required=False, max_length=10)
    allowed_models = Listed(child=Text(max_length=100), required=False, allow_null=True, max_length=50)
    default_budgets = Listed(child=BudgetDefault(), required=False, max_length=20)
    dunning = DunningBody(required=False)


class PlanBody(TermsBody):
    slug = Text(max_length=50, validators=[SLUG])
    name = Text(max_length=100)
    currency = Text(max_length=3, default="USD")


class VersionBody(TermsBody):
    effective_from = Moment(allow_null=True, default=None, help_text="As soon as possible when it is null or absent.")


class PlanChange(Body):
    name = Text(max_length=100, required=False)
    archived = Flag(required=False)
