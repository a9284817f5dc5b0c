"""OpenAPI shapes of guard rules. They describe what `representation` writes."""

from __future__ import annotations

from rest_framework import serializers as s

from cavendish.http.schema import Page
from generations.guard.languages import MAX_FOREIGN
from generations.models import GuardFallback, GuardRuleType, GuardStage


class GuardRule(s.Serializer[object]):
    """A rule on requests. Every field is always present, and null where the rule's type has none."""

    id = s.CharField()
    object = s.CharField()
    type = s.ChoiceField(choices=GuardRuleType.values)
    enabled = s.BooleanField()
    description = s.CharField()
    livemode = s.BooleanField(allow_null=True, help_text="The mode that it holds for; null for both.")
    tenant_id = s.CharField(allow_null=True, help_text="null for a rule of the operator's on all tenants.")
    api_key_id = s.CharField(allow_null=True, help_text="The key whose requests it is for; null for those of all.")
    set_by_operator = s.BooleanField(help_text="Only the operator changes it.")
    words = s.ListField(
        child=s.CharField(),
        allow_null=True,
        help_text="None of them may be in a request: as whole words in any case, or as a part of the text where words "
        "are written without spaces.",
    )
    max_image_size = s.CharField(allow_null=True, help_text="The largest size of pictures.")
    max_amount = s.CharField(
        allow_null=True,
        help_text="The most that a request may cost at worst, all its variants together, in the tenant's currency.",
    )
    languages = s.ListField(
        child=s.CharField(),
        allow_null=True,
        help_text="Languages (ISO 639-1) or scripts (ISO 15924). More than "
        f"{MAX_FOREIGN:.0%} of a request's letters in other scripts refuse it; languages of one script are not told "
        "apart.",
    )
    url = s.CharField(allow_null=True, help_text="Where the hook is asked. A tenant does not see the operator's.")
    stages = s.ListField(child=s.ChoiceField(choices=GuardStage.values), allow_null=True)
    timeout_seconds = s.FloatField(allow_null=True)
    on_error = s.ChoiceField(
        choices=GuardFallback.values, allow_null=True, help_text="What holds where the hook gives no answer in time."
    )
    previous_secret_expires_at = s.DateTimeField(
        allow_null=True, help_text="Until when requests have a signature of the secret before the last rotation too."
    )
    refusals = s.IntegerField(allow_null=True, help_text="null for a tenant that reads a rule on all tenants.")
    created_at = s.DateTimeField()
    updated_at = s.DateTimeField()


class GuardRuleWithSecret(GuardRule):
    secret = s.CharField(required=False, help_text="`whsec_…`, of a hook. Shown only once.")


class GuardRulePage(Page):
    data = GuardRule(many=True)
