"""Operators, their roles and their keys. The services ask for the permission themselves, too."""

from __future__ import annotations

from datetime import datetime, time
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.actor import Actor
from accounts.models import OperatorKey, OperatorRole, User
from accounts.operators.services import (
    operator_create,
    operator_key_create,
    operator_key_revoke,
    operator_remove,
    operator_role_change,
)
from cavendish.above.ui.acts import Act, Change, Preview
from cavendish.above.ui.forms import DayField
from cavendish.above.ui.labels import label, labelled
from cavendish.above.ui.marks import in_brackets
from cavendish.above.ui.secret_page import secret_page


class RoleField(forms.ChoiceField):
    def __init__(self, **options: Any) -> None:
        super().__init__(**{"label": _("Role"), "choices": labelled(OperatorRole.choices), **options})


class CreateOperator(Act):
    word = _("Create operator")
    text = _(
        "Somebody with an account keeps its password. Without one an account is made, whose password is shown once."
    )

    email = forms.EmailField(label=_("Email"), max_length=254)
    name = forms.CharField(label=_("Name"), max_length=200, required=False, help_text=_("Of a new account."))
    role = RoleField(initial=OperatorRole.READ_ONLY, help_text=_("What each may do stands under Roles."))
    request: HttpRequest

    def run(self, actor: Actor) -> str | HttpResponse:
        values = self.cleaned_data
        user, password = operator_create(
            email=values["email"], name=values["name"], role=OperatorRole(values["role"]), actor=actor
        )
        if password is None:
            return gettext("%s is an operator now.") % user.email
        return secret_page(
            self.request,
            title=gettext("The password of %s") % user.email,
            secret=password,
            text=gettext("They change it after signing in, and set up a second factor where the admin requires one."),
            back=reverse("admin:operators"),
        )


class OperatorAct(Act):
    heading: Any = ""

    def __init__(self, *args: Any, operator: User, **options: Any) -> None:
        self.operator = operator
        super().__init__(*args, **options)

    @property
    def title(self) -> str:
        return str(self.heading).replace("%s", self.operator.name or self.operator.email)


class ChangeRole(OperatorAct):
    word, heading = _("Change role"), _("Change the role of %s")
    text = _("Those of their keys that have more permissions are revoked.")

    role = RoleField()

    def __init__(self, *args: Any, operator: User, **options: Any) -> None:
        options.setdefault("initial", {"role": operator.operator_role})
        super().__init__(*args, operator=operator, **options)

    def preview(self) -> Preview:
        now, after = OperatorRole(self.operator.operator_role), OperatorRole(self.cleaned_data["role"])
        return Preview([Change(gettext("Role"), label(now.label), label(after.label))])

    def run(self, actor: Actor) -> str:
        role = OperatorRole(self.cleaned_data["role"])
        operator_role_change(user_id=self.operator.id, role=role, actor=actor)
        return gettext("The role of %s was changed.") % self.operator.email


class Remove(OperatorAct):
    word, heading, danger = _("Remove"), _("Remove %s as an operator"), True
    text = _("Their keys are revoked. Their account and their memberships stay.")

    def run(self, actor: Actor) -> str:
        operator_remove(user_id=self.operator.id, actor=actor)
        return gettext("%s is no operator any more.") % self.operator.email


class CreateKey(Act):
    word = _("Create key")
    text = _("For programs of yours that call the operators' API.")

    name = forms.CharField(label=_("Name"), max_length=100, help_text=_("What it is for."))
    role = RoleField(initial=OperatorRole.READ_ONLY)
    expires_on = DayField(
        label=_("Expires on"), required=False, help_text=_("At the end of this day; empty for never.")
    )
    request: HttpRequest

    @property
    def title(self) -> str:
        return gettext("Create an operator key")

    def clean_expires_on(self) -> datetime | None:
        on = self.cleaned_data["expires_on"]
        if on is None:
            return None
        at = timezone.make_aware(datetime.combine(on, time.max))
        if at <= timezone.now():
            raise forms.ValidationError(gettext("This day is over."))
        return at

    def run(self, actor: Actor) -> HttpResponse:
        values = self.cleaned_data
        row, secret = operator_key_create(
            name=values["name"], role=OperatorRole(values["role"]), expires_at=values["expires_on"], actor=actor
        )
        title, back = gettext("The secret of %s") % row.name, reverse("admin:operator_keys")
        return secret_page(self.request, title=title, secret=secret, back=back)


class RevokeKey(Act):
    word, danger = _("Revoke"), True
    text = _("Requests with it are refused from now on. This cannot be undone.")

    def __init__(self, *args: Any, key: OperatorKey, **options: Any) -> None:
        self.key = key
        super().__init__(*args, **options)

    @property
    def title(self) -> str:
        return gettext("Revoke %s") % in_brackets(self.key.name, self.key.prefix)

    def run(self, actor: Actor) -> str:
        if not operator_key_revoke(key_id=self.key.id, actor=actor):
            return gettext("%s was revoked already.") % self.key.prefix
        return gettext("%s is revoked.") % self.key.prefix


ACTS: dict[str, type[OperatorAct]] = {"role": ChangeRole, "remove": Remove}
