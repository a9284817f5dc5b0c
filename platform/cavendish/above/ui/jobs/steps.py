"""The timeline's steps in plain words, each upstream answer under its step.

`Story` tells what tenants and operators read alike; each of their pages says the rest, and where its links lead.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from cavendish.above.ui.audit.phrases import PHRASES
from cavendish.above.ui.formats import count, money, seconds, short_id, size
from cavendish.above.ui.jobs.strip import ordinal
from cavendish.above.ui.labels import label
from cavendish.above.ui.marks import comma, listed
from cavendish.above.ui.sayings import said
from cavendish.db import ids
from generations.jobs import steps
from generations.jobs.steps import Called, Step, StoredOutput
from generations.jobs.timeline import Timeline


@dataclass(frozen=True)
class Shown:
    """A step as the page shows it. `answer` is what the upstream said, `pairs` the facts below it."""

    at: datetime
    since: str
    icon: str
    tone: str
    title: str
    text: SafeString | str = ""
    answer: str = ""
    pairs: Sequence[tuple[str, SafeString | str]] = field(default_factory=tuple)
    anchor: str = ""


Made = Callable[..., Shown]
"""Makes a step of the same moment from icon, tone, title, text and more."""


class Story:
    """A job's steps as its page shows them. `link` returns a link to a thing, or its name where there is none."""

    def link(self, kind: str, value: UUID, text: str = "") -> SafeString | str:
        raise NotImplementedError

    def accepted(self, facts: steps.Accepted, job: Timeline) -> SafeString | str:
        """Returns by whom it was asked for."""
        raise NotImplementedError

    def claimed(self, facts: steps.Claimed) -> str:
        """Returns the title of its start."""
        raise NotImplementedError

    def tried_again(self, call: Called) -> str:
        """Returns the title of a call after the first."""
        raise NotImplementedError

    def given_back(self, facts: steps.GivenBack) -> tuple[str, str]:
        """Returns the title and the text of its way back into the queue."""
        raise NotImplementedError

    def failure(self, code: str) -> str:
        """Returns an error's code in words."""
        return label(code.replace("_", " "))

    def call_pairs(self, facts: Called) -> list[tuple[str, SafeString | str]]:
        """Returns what is said of a call beside its answer."""
        return []

    def timeline(self, job: Timeline) -> list[Shown]:
        """Returns all steps, and for each call after the first a line that says that it was tried again."""
        shown: list[Shown] = []
        for step in job.steps:
            facts = step.facts
            if isinstance(facts, Called) and facts.pause is not None and facts.number > 1:
                text = _("After a pause of %s. The hold stayed.") % seconds(facts.pause)
                since = f"+{seconds(facts.pause)}"
                title = self.tried_again(facts)
                shown.append(Shown(facts.started_at, since, "again", "waiting", title, text))
            shown.append(self._shown(step, job))
        return shown

    def _shown(self, step: Step, job: Timeline) -> Shown:
        since = _("with it") if step.since < 0.0005 else "+" + _("%s s") % f"{step.since:.3f}"

        def made(icon: str, tone: str, title: str, text: SafeString | str = "", **more: Any) -> Shown:
            return Shown(step.at, since, icon, tone, title, text, **more)

        text: SafeString | str
        match step.facts:
            case steps.Accepted() as facts:
                return Shown(step.at, seconds(0), "play", "", _("Accepted"), self.accepted(facts, job))
            case steps.Held() as facts:
                amount = money(facts.amount, facts.currency, digits=4)
                return made("lock", "", _("Held %s") % amount, _budgets(facts))
            case steps.Claimed() as facts:
                text = _("After %s in the queue.") % seconds(facts.waited)
                if facts.attempt > 1:
                    text = _("Claim %(n)s, after %(time)s in the queue.") % {
                        "n": facts.attempt,
                        "time": seconds(facts.waited),
                    }
                return made("clock", "", self.claimed(facts), text)
            case Called() as facts:
                return self._call(facts, made)
            case steps.GivenBack() as facts:
                title, text = self.given_back(facts)
                icon, tone = ("bad", "bad") if facts.is_loss else ("again", "waiting")
                return made(icon, tone, title, text)
            case steps.Stored() as facts:
                title = ngettext("Stored %s picture", "Stored %s pictures", len(facts.outputs)) % len(facts.outputs)
                pairs = [(_part(output), _output(output)) for output in facts.outputs]
                anchor = ids.encode(ids.OUTPUT, facts.outputs[0].id) if facts.outputs else ""
                return made("picture", "", title, pairs=pairs, anchor=anchor)
            case steps.Ended() as facts:
                return self._ended(facts, made)
            case steps.Charged() as facts:
                back = money(facts.went_back, facts.currency, digits=4)
                if not facts.is_charged:
                    return made("money", "", _("Not charged"), _("The whole hold of %s went back.") % back)
                text = _("The other %s of the hold went back.") % back if facts.went_back else _("All that was held.")
                return made("money", "", _("Charged %s") % money(facts.amount, facts.currency, digits=4), text)
            case steps.Booked() as facts:
                amount = money(facts.amount, facts.currency, digits=4, plus=True)
                title = _("Refunded %s") % amount if facts.kind == "refund" else _("Adjusted by %s") % amount
                return made("money", "waiting", title, f"“{facts.reason}” {facts.actor}".strip())
            case steps.WebhookAttempted() as facts:
                good = facts.status is not None and facts.status < 300
                title = _("Webhook answered %s") % facts.status if facts.status else _("Webhook got no answer")
                where = self.link(ids.WEBHOOK_ENDPOINT, facts.endpoint_id, facts.url[:60])
                error = said(facts.error or "")
                text = format_html(_("{}, {}, in {} ms. {}"), facts.event_type, where, facts.milliseconds, error)
                return made("link", "good" if good else "bad", title, text)
            case steps.Audited() as facts:
                phrase = PHRASES.get(facts.action) or facts.action.replace(".", " ").replace("_", " ")
                text = f"“{facts.reason}”" if facts.reason else ""
                return made("shield", "waiting", f"{facts.actor_label or facts.actor_kind} {phrase}", text)
        if step.kind is steps.StepKind.CANCEL_REQUESTED:
            return made("off", "waiting", _("Asked to cancel"))
        return made("off", "off", _("Erased"), _("Its content is gone; what it cost stays."))

    def _call(self, facts: Called, made: Made) -> Shown:
        which = ordinal(facts.number).capitalize()
        status = facts.status or _("no answer")
        title = _("%(which)s try: %(status)s") % {"which": which, "status": status}
        pairs = self.call_pairs(facts)
        if facts.is_good:
            text = ngettext("%s picture", "%s pictures", facts.pictures) % facts.pictures
            if facts.first_byte_seconds is not None:
                text = _("%(what)s. First byte after %(time)s.") % {
                    "what": text,
                    "time": seconds(facts.first_byte_seconds),
                }
            if facts.tokens_out is not None:
                pairs.append((_("Tokens"), _("%s out") % count(facts.tokens_out)))
            pairs.append((_("Came back"), size(facts.bytes)))
            return made("good", "good", title, text, pairs=pairs)
        text = label((facts.code or "").replace("_", " ").lower().capitalize())
        pairs.append((_("Came back"), size(facts.bytes)))
        return made("bad", "bad", title, text, answer=facts.message, pairs=pairs)

    def _ended(self, facts: steps.Ended, made: Made) -> Shown:
        match facts.status:
            case "succeeded":
                return made("good", "good", _("Succeeded"))
            case "canceled":
                return made("off", "off", _("Canceled"), label(facts.reason.replace("_", " ")))
            case _status:
                why = "" if facts.reason == facts.code else facts.reason.replace("_", " ")
                return made("bad", "bad", _("Failed: %s") % self.failure(facts.code), why)


def _budgets(facts: steps.Held) -> str:
    if not facts.budgets:
        return _("The worst case, on the balance.")
    scopes = {"tenant": _("the tenant"), "key": _("the key"), "member": _("the member")}
    names = listed(f"{scopes.get(row.scope, row.scope)} {row.scope_name}".strip() for row in facts.budgets)
    text = ngettext(
        "The worst case, on the balance and %(n)s budget: %(names)s.",
        "The worst case, on the balance and %(n)s budgets: %(names)s.",
        len(facts.budgets),
    )
    return text % {"n": len(facts.budgets), "names": names}


def _part(output: StoredOutput) -> str:
    return _("Thought") if output.part == "thought" else _("Output")


def _output(output: StoredOutput) -> SafeString:
    facts = [f"{output.width} × {output.height}", output.mime_type.removeprefix("image/").upper(), size(output.bytes)]
    if output.watermark:
        facts.append(output.watermark)
    if output.c2pa:
        facts.append(_("Content Credentials present"))
    return format_html("<code>{}</code> {}", short_id(ids.encode(ids.OUTPUT, output.id)), comma().join(facts))
