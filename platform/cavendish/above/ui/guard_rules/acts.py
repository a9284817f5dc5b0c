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
from cavendish.above.ui import formats
from cavendish.above.ui.acts import Act
from cavendish.above.ui.forms import AmountField, LinesField
from cavendish.above.ui.marks import words
from cavendish.above.ui.secret_page import secret_page
from cavendish.db import ids
from cavendish.http.json_body import body_checked
from cavendish.http.problems import not_found
from generations.guard.bodies import RuleChange, RuleNew
from generations.guard.services import guard_rule_create, guard_rule_delete, guard_rule_rotate, guard_rule_update
from generations.models import GuardFallback, GuardRule, GuardRuleType, GuardStage
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
    """`tenant_id` is None for the rules on all tenants; `back` is where it was asked for. `keys` are those that a rule
    can be for alone, as choices; `frame` is the template around a page of its own.
    """

    request: HttpRequest
    tenant_id: UUID | None = None
    back = ""
    frame = ""

    def hook_secret(self, secret: str) -> HttpResponse:
        return secret_page(
            self.request,
            title=gettext("The secret of the hook"),
            secret=secret,
            back=self.back,
            text=gettext("Each request to the hook is signed with it, as webhooks are."),
            frame=self.frame,
        )


class RuleForm(GuardAct):
    """A rule of one type: a new one, or with `rule` what it becomes."""

    kind: ClassVar[GuardRuleType]
    heading: Any = ""

    mode = forms.ChoiceField(label=_("Mode"), choices=MODES, required=False)
    api_key_id = forms.ChoiceField(label=_("Key"), required=False)
    description = forms.CharField(label=_("Description"), max_length=200, required=False)

    def __init__(
        self,
        *args: Any,
        rule: GuardRuleFields | None = None,
        keys: list[tuple[str, str]] | None = None,
        own: bool = False,
        **options: Any,
    ) -> None:
        self.rule = rule
        if rule is not None:
            options.setdefault("initial", self.initial_of(rule))
        super().__init__(*args, **options)
        self.word = _("Create rule") if rule is None else _("Save")
        if not own:
            self.fields["description"].help_text = _("Tenants read it.")
        key: Any = self.fields["api_key_id"]
        if keys:
            key.choices = [("", _("All keys")), *keys]
        else:
            del self.fields["api_key_id"]

    @property
    def title(self) -> str:
        if self.rule is None:
            return str(self.heading)
        return gettext("Change the rule “%s”") % (self.rule.description or TYPES[GuardRuleType(self.rule.type)])

    def initial_of(self, rule: GuardRuleFields) -> dict[str, Any]:
        """Returns what the form shows of a rule that there is."""
        key_id = rule.api_key_id if isinstance(rule, GuardRule) else None
        return {
            "mode": "" if rule.livemode is None else "live" if rule.livemode else "test",
            "api_key_id": ids.encode(ids.API_KEY, key_id) if key_id else "",
            "description": rule.description,
        }

    def values(self) -> Mapping[str, Any]:
        """Returns the fields of the type."""
        raise NotImplementedError

    def run(self, actor: Actor) -> str | HttpResponse:
        given = self.cleaned_data
        body = {
            "livemode": None if not given["mode"] else given["mode"] == "live",
            "description": given["description"],
            **({"api_key_id": given["api_key_id"] or None} if "api_key_id" in given else {}),
            **self.values(),
        }
        if self.rule is not None:
            values = body_checked(body, RuleChange, partial=True, type=self.rule.type)
            if guard_rule_update(tenant_id=self.tenant_id, rule_id=self.rule.id, actor=actor, values=values) is None:
                raise not_found()
            return gettext("Saved. The rule applies from the next request on.")
        values = body_checked({"type": self.kind.value, **body}, RuleNew)
        _row, secret = guard_rule_create(tenant_id=self.tenant_id, actor=actor, values=values)
        return gettext("The rule holds from the next request on.") if secret is None else self.hook_secret(secret)


class WordsForm(RuleForm):
    kind, heading = GuardRuleType.WORDS, _("Refuse prompts with these words")
    words = LinesField(label=_("Words"), widget=forms.Textarea(attrs={"rows": 5}), help_text=_("One on each line."))
    field_order = ("words", "mode", "api_key_id", "description")

    def initial_of(self, rule: GuardRuleFields) -> dict[str, Any]:
        return {**super().initial_of(rule), "words": rule.words}

    def values(self) -> Mapping[str, Any]:
        return {"words": self.cleaned_data["words"]}


class LimitsForm(RuleForm):
    kind, heading = GuardRuleType.LIMITS, _("Limit size and price of a request")
    max_image_size = forms.ChoiceField(label=_("Largest size"), required=False)
    max_amount = AmountField(
        label=_("Highest price"), required=False, zero=True, help_text=_("Of one request, in the tenant's currency.")
    )
    field_order = ("max_image_size", "max_amount", "mode", "api_key_id", "description")

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        sizes: Any = self.fields["max_image_size"]
        sizes.choices = [("", _("no limit")), *((size, size) for size in image_sizes())]

    def initial_of(self, rule: GuardRuleFields) -> dict[str, Any]:
        amount = "" if rule.max_amount is None else formats.money(rule.max_amount, digits=4)
        return {**super().initial_of(rule), "max_image_size": rule.max_image_size, "max_amount": amount}

    def values(self) -> Mapping[str, Any]:
        amount = self.cleaned_data["max_amount"]
        return {
            "max_image_size": self.cleaned_data["max_image_size"] or None,
            "max_amount": None if amount is None else str(amount),
        }


class LanguagesForm(RuleForm):
    kind, heading = GuardRuleType.LANGUAGES, _("Allow prompts in these languages alone")
    languages = forms.CharField(
        label=_("Languages"), max_length=300, help_text=_("Codes like “en, zh”, or of a script like “Latn”.")
    )
    field_order = ("languages", "mode", "api_key_id", "description")

    def initial_of(self, rule: GuardRuleFields) -> dict[str, Any]:
        return {**super().initial_of(rule), "languages": ", ".join(rule.languages)}

    def values(self) -> Mapping[str, Any]:
        return {"languages": words(self.cleaned_data["languages"])}


class HookForm(RuleForm):
    kind, heading = GuardRuleType.HOOK, _("Ask a hook about each request")
    url = forms.CharField(label=_("URL"), max_length=2000, widget=forms.URLInput())
    stages = forms.MultipleChoiceField(
        label=_("When"), choices=STAGES, initial=[GuardStage.BEFORE], widget=forms.CheckboxSelectMultiple
    )
    timeout_seconds = forms.FloatField(label=_("Timeout in seconds"), initial=5)
    on_error = forms.ChoiceField(label=_("Without an answer"), choices=FALLBACKS, initial=GuardFallback.REFUSE)
    names = ("url", "stages", "timeout_seconds", "on_error")
    field_order = (*names, "mode", "api_key_id", "description")

    def initial_of(self, rule: GuardRuleFields) -> dict[str, Any]:
        return {**super().initial_of(rule), **{name: getattr(rule, name) for name in self.names}}

    def values(self) -> Mapping[str, Any]:
        return {name: self.cleaned_data[name] for name in self.names}


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
        return self.hook_secret(rotated[1])


FORMS: dict[str, type[RuleForm]] = {form.kind.value: form for form in (WordsForm, LimitsForm, LanguagesForm, HookForm)}
ACTS: dict[str, type[RuleAct]] = {"off": SwitchOff, "on": SwitchOn, "rotate": Rotate, "delete": Delete}
CHANGE = "change"
"""The act that shows the form of the rule's type again."""


def act_of(rule: GuardRuleFields, name: str) -> type[RuleAct | RuleForm] | None:
    """Returns what an act's name does to a rule; None for a name that is none, and for a secret that it has not."""
    if name == CHANGE:
        return FORMS[rule.type]
    if name == "rotate" and rule.type != GuardRuleType.HOOK:
        return None
    return ACTS.get(name)


def offered(rule: GuardRuleFields) -> list[tuple[str, Any]]:
    """Returns the names and words of what can be done to a rule."""
    rotates = ["rotate"] if rule.type == GuardRuleType.HOOK else []
    names = ["off" if rule.enabled else "on", *rotates, "delete"]
    return [(CHANGE, _("Change")), *((name, ACTS[name].word) for name in names)]
