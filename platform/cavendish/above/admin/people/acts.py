"""What operators do to an account: second factors, sessions, deactivation. Each with a reason."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.actor import Actor
from accounts.models import User
from accounts.people.services import person_close, person_factors_remove, person_reopen, person_sessions_end
from cavendish.above.ui.acts import ReasonAct


class PersonAct(ReasonAct):
    heading: Any = ""

    def __init__(self, *args: Any, person: User, **options: Any) -> None:
        self.person = person
        super().__init__(*args, **options)

    @property
    def title(self) -> str:
        return str(self.heading).replace("%s", self.person.name or self.person.email)


class ResetFactors(PersonAct):
    word, heading, danger = _("Reset two-factor authentication"), _("Reset two-factor authentication of %s"), True
    text = _("The password alone will sign in again. Make sure that the person is who they say they are.")

    def run(self, actor: Actor) -> str:
        person_factors_remove(user=self.person, actor=actor, reason=self.cleaned_data["reason"])
        return gettext("Two-factor authentication was reset.")


class EndSessions(PersonAct):
    word, heading, danger = _("Sign out everywhere"), _("Sign %s out everywhere"), True
    text = _("All sessions end at once.")

    def run(self, actor: Actor) -> str:
        person_sessions_end(user=self.person, actor=actor, reason=self.cleaned_data["reason"])
        return gettext("All sessions were ended.")


class Deactivate(PersonAct):
    word, heading, danger = _("Deactivate"), _("Deactivate %s"), True
    text = _("This person can no longer sign in, and all sessions end at once. Tenants' keys stay.")

    def run(self, actor: Actor) -> str:
        person_close(user=self.person, actor=actor, reason=self.cleaned_data["reason"])
        return gettext("The account is deactivated.")


class Reopen(PersonAct):
    word, heading = _("Reactivate"), _("Reactivate %s")

    def run(self, actor: Actor) -> str:
        person_reopen(user=self.person, actor=actor, reason=self.cleaned_data["reason"])
        return gettext("The account is active again.")


ACTS: dict[str, type[PersonAct]] = {
    "reset-factors": ResetFactors,
    "end-sessions": EndSessions,
    "deactivate": Deactivate,
    "reactivate": Reopen,
}
