"""Guard rules on all tenants' requests, or on one tenant's: a form for each type, with the API's own checks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar
from uuid import UUID

from django import forms
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.actor import Actor
from accounts.roles.checks import image_sizes
from cavendish.above.admin.settings.secret_page import secret_page
from cavendish.above.ui.acts import Act
from cavendish.above.ui.forms import AmountField
from cavendish.http.json_body import body_checked
from cavendish.http.problems import not_found
from generations.guard.bodies import RuleNew
from generations.guard.services import guard_rule_create, guard_rule_delete, guard_rule_rotate, guard_rule_update
from generations.models import GuardFallback, GuardRuleType, GuardStage
from generations.models.guard_rule import GuardRuleFields

TYPES = {
    GuardRuleType.WORDS: _("Words"),
    GuardRuleType.LIMITS: _("Limits"),
    GuardRuleType.LANGUAGES: _("Languages"),
    GuardRuleType.HOOK: _("Hook"),
}
STAGES = ((GuardStage.BEFORE, _("Before the job")), (GuardStage.AFTER, _("With the picture, after it")))
FALLBACKS = ((GuardFallback.REFUSE, _("Refuse the request")), (GuardFallback.ALLOW, _("Allow the request")))
MODES = (("", _("Live and test")), ("live", _("Live alone")), ("test", _("Test alone")))


class GuardAct(Act):
    """`tenant_id` is None for the rules on all tenants; `back` is where it was asked for."""

    request: HttpRequest
    tenant_id: UUID | None = None
    back = ""


class NewRule(GuardAct):
    word = _("Create rule")
    kind: ClassVar[GuardRuleType]
    heading: Any = ""

    mode = forms.ChoiceField(label=_("Mode"), choices=MODES, required=False)
    description = forms.CharField(
        label=_("Description"), max_length=200, required=False, help_text=_("Tenants read it.")
    )

    @property
    def title(self) -> str:
        return str(self.heading)

    def values(self) -> Mapping[str, Any]:
        """Returns the fields of the type."""
        raise NotImplementedError

    def run(self, actor: Actor) -> str | HttpResponse:
        mode = self.cleaned_data["mode"]
        body = {
            "type": self.kind.value,
            "livemode": None if not mode else mode == "live",
            "description": self.cleaned_data["description"],
            **self.values(),
        }
        _row, secret = guard_rule_create(tenant_id=self.tenant_id, actor=actor, values=body_checked(body, RuleNew))
        if secret is None:
            return gettext("The rule holds from the next request on.")
        title, back = gettext("The secret of the hook"), self.back
        return secret_page(self.request, title=title, secret=secret, back=back, text=_hook_text())


def _hook_text() -> str:
    return gettext("Each request to the hook is signed with it, as webhooks are.")


class NewWords(NewRule):
    kind, heading = GuardRuleType.WORDS, _("Refuse prompts with these words")
    words = forms.CharField(
        label=_("Words"), widget=forms.Textarea(attrs={"rows": 5}), help_text=_("One on each line.")
    )
    field_order = ("words", "mode", "description")

    def values(self) -> Mapping[str, Any]:
        return {"words": [word.strip() for word in self.cleaned_data["words"].splitlines() if word.strip()]}


class NewLimits(NewRule):
    kind, heading = GuardRuleType.LIMITS, _("Limit size and price of a request")
    max_image_size = forms.ChoiceField(label=_("Largest size"), required=False)
    max_amount = AmountField(
        label=_("Highest price"), required=False, zero=True, help_text=_("Of one request, in the tenant's currency.")
    )
    field_order = ("max_image_size", "max_amount", "mode", "description")

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        sizes: Any = self.fields["max_image_size"]
        sizes.choices = [("", _("no limit")), *((size, size) for size in image_sizes())]

    def values(self) -> Mapping[str, Any]:
        amount = self.cleaned_data["max_amount"]
        return {
            "max_image_size": self.cleaned_data["max_image_size"] or None,
            "max_amount": None if amount is None else str(amount),
        }


class NewLanguages(NewRule):
    kind, heading = GuardRuleType.LANGUAGES, _("Allow prompts in these languages alone")
    languages = forms.CharField(
        label=_("Languages"), max_length=300, help_text=_("Codes like “en, zh”, or of a script like “Latn”.")
    )
    field_order = ("languages", "mode", "description")

    def values(self) -> Mapping[str, Any]:
        return {"languages": self.cleaned_data["languages"].replace(",", " ").split()}


class NewHook(NewRule):
    kind, heading = GuardRuleType.HOOK, _("Ask a hook about each request")
    url = forms.CharField(label=_("URL"), max_length=2000, widget=forms.URLInput())
    stages = forms.MultipleChoiceField(
        label=_("When"), choices=STAGES, initial=[GuardStage.BEFORE], widget=forms.CheckboxSelectMultiple
    )
    timeout_seconds = forms.FloatField(label=_("Timeout in seconds"), initial=5)
    on_error = forms.ChoiceField(label=_("Without an answer"), choices=FALLBACKS, initial=GuardFallback.REFUSE)
    field_order = ("url", "stages", "timeout_seconds", "on_error", "mode", "description")

    def values(self) -> Mapping[str, Any]:
        return {name: self.cleaned_data[name] for name in ("url", "stages", "timeout_seconds", "on_error")}


class RuleAct(GuardAct):
    heading: Any = ""

    def __init__(self, *args: Any, rule: GuardRuleFields, **options: Any) -> None:
        self.rule = rule
        super().__init__(*args, **options)

    @property
    def title(self) -> str:
        named = str(TYPES[GuardRuleType(self.rule.type)])
        return str(self.heading).replace("%s", self.rule.description or named)


class Switch(RuleAct):
    enabled: ClassVar[bool]
    done: Any = ""

    def run(self, actor: Actor) -> str:
        values = {"enabled": self.enabled}
        if guard_rule_update(tenant_id=self.tenant_id, rule_id=self.rule.id, actor=actor, values=values) is None:
            raise not_found()
        return str(self.done)


class SwitchOff(Switch):
    word, heading, enabled = _("Switch off"), _("Switch off the rule “%s”"), False
    text, done = _("It holds no more from the next request on, and can be switched on again."), _("The rule is off.")


class SwitchOn(Switch):
    word, heading, enabled = _("Switch on"), _("Switch on the rule “%s”"), True
    text, done = _("It holds from the next request on."), _("The rule is on.")


class Delete(RuleAct):
    word, heading, danger = _("Delete"), _("Delete the rule “%s”"), True
    text = _("It holds no more from the next request on. What it refused so far is forgotten with it.")

    def run(self, actor: Actor) -> str:
        if not guard_rule_delete(tenant_id=self.tenant_id, rule_id=self.rule.id, actor=actor):
            raise not_found()
        return gettext("The rule was deleted.")


class Rotate(RuleAct):
    word, heading = _("Rotate secret"), _("Rotate the secret of “%s”")
    text = _("A new secret begins at once; for 24 hours requests are signed with the old one, too.")

    def run(self, actor: Actor) -> HttpResponse:
        rotated = guard_rule_rotate(tenant_id=self.tenant_id, rule_id=self.rule.id, actor=actor)
        if rotated is None:
            raise not_found()
        title, back = gettext("The secret of the hook"), self.back
        return secret_page(self.request, title=title, secret=rotated[1], back=back, text=_hook_text())


NEW: dict[str, type[NewRule]] = {act.kind.value: act for act in (NewWords, NewLimits, NewLanguages, NewHook)}
ACTS: dict[str, type[RuleAct]] = {"off": SwitchOff, "on": SwitchOn, "rotate": Rotate, "delete": Delete}
