"""The timeline's steps in plain words, each upstream answer under its step."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from cavendish.above.admin.audit.phrases import PHRASES
from cavendish.above.admin.jobs.headline import ordinal
from cavendish.above.admin.links import link
from cavendish.above.ui.formats import count, money, seconds, short_id, size
from cavendish.above.ui.labels import label
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


def timeline(job: Timeline) -> list[Shown]:
    """Returns all steps, and for each call after the first a line that says that it was tried again."""
    shown: list[Shown] = []
    for step in job.steps:
        facts = step.facts
        if isinstance(facts, Called) and facts.pause is not None and facts.number > 1:
            shown.append(_tried_again(facts))
        shown.append(_shown(step, job))
    return shown


def _tried_again(call: Called) -> Shown:
    title = _("Tried again, with the same key") if call.same_key else _("Tried again, with another key")
    text = _("After a pause of %s. The hold stayed.") % seconds(call.pause or 0)
    return Shown(call.started_at, f"+{seconds(call.pause or 0)}", "again", "waiting", title, text)


def _shown(step: Step, job: Timeline) -> Shown:
    since = _("with it") if step.since < 0.0005 else f"+{step.since:.3f} s"

    def made(icon: str, tone: str, title: str, text: SafeString | str = "", **more: Any) -> Shown:
        return Shown(step.at, since, icon, tone, title, text, **more)

    text: SafeString | str
    match step.facts:
        case steps.Accepted() as facts:
            key = link(ids.API_KEY, facts.key_id, facts.key_name or facts.key_prefix)
            text = format_html(_("By the key {}."), key)
            if facts.batch_id is not None:
                text = format_html(
                    _("As an item of the batch {}, by the key {}."), link(ids.BATCH, facts.batch_id), key
                )
            return Shown(step.at, seconds(0), "play", "", _("Accepted"), text)
        case steps.Held() as facts:
            amount = money(facts.amount, facts.currency, digits=4)
            return made("lock", "", _("Held %s") % amount, _budgets(facts))
        case steps.Claimed() as facts:
            who = facts.worker or _("a worker")
            text = _("After %s in the queue.") % seconds(facts.waited)
            if facts.attempt > 1:
                text = _("Claim %(n)s, after %(time)s in the queue.") % {
                    "n": facts.attempt,
                    "time": seconds(facts.waited),
                }
            return made("clock", "", _("Claimed by %s") % who, text)
        case Called() as facts:
            return _call(facts, made)
        case steps.GivenBack() as facts:
            if facts.is_loss:
                text = _("What it was doing is lost with it; another worker goes on.")
                return made("bad", "bad", _("The worker was lost"), text)
            return made("again", "waiting", _("Given back to the queue"), _reason(facts.reason))
        case steps.Stored() as facts:
            title = ngettext("Stored %s picture", "Stored %s pictures", len(facts.outputs)) % len(facts.outputs)
            pairs = [(_part(output), _output(output)) for output in facts.outputs]
            anchor = ids.encode(ids.OUTPUT, facts.outputs[0].id) if facts.outputs else ""
            return made("picture", "", title, pairs=pairs, anchor=anchor)
        case steps.Ended() as facts:
            return _ended(facts, made)
        case steps.Charged() as facts:
            back = money(facts.went_back, facts.currency, digits=4)
            if not facts.is_charged:
                return made("money", "", _("Not charged"), _("The whole hold of %s went back.") % back)
            text = _("The other %s of the hold went back.") % back if facts.went_back else _("All that was held.")
            return made("money", "", _("Charged %s") % money(facts.amount, facts.currency, digits=4), text)
        case steps.Booked() as facts:
            amount = money(facts.amount, facts.currency, digits=4, plus=True)
            title = _("Refunded %s") % amount if facts.kind == "refund" else _("Adjusted by %s") % amount
            return made("money", "waiting", title, f"“{facts.reason}” {facts.actor}")
        case steps.WebhookAttempted() as facts:
            good = facts.status is not None and facts.status < 300
            title = _("Webhook answered %s") % facts.status if facts.status else _("Webhook got no answer")
            where = link(ids.WEBHOOK_ENDPOINT, facts.endpoint_id, facts.url[:60])
            text = format_html(_("{}, {}, in {} ms. {}"), facts.event_type, where, facts.milliseconds, facts.error)
            return made("link", "good" if good else "bad", title, text)
        case steps.Audited() as facts:
            phrase = PHRASES.get(facts.action) or facts.action.replace(".", " ").replace("_", " ")
            text = f"“{facts.reason}”" if facts.reason else ""
            return made("shield", "waiting", f"{facts.actor_label or facts.actor_kind} {phrase}", text)
    if step.kind is steps.StepKind.CANCEL_REQUESTED:
        return made("off", "waiting", _("Asked to cancel"))
    return made("off", "off", _("Erased"), _("Its content is gone; what it cost stays."))


def _budgets(facts: steps.Held) -> str:
    if not facts.budgets:
        return _("The worst case, on the balance.")
    scopes = {"tenant": _("the tenant"), "key": _("the key"), "member": _("the member")}
    names = ", ".join(f"{scopes.get(row.scope, row.scope)} {row.scope_name}".strip() for row in facts.budgets)
    text = ngettext(
        "The worst case, on the balance and %(n)s budget: %(names)s.",
        "The worst case, on the balance and %(n)s budgets: %(names)s.",
        len(facts.budgets),
    )
    return text % {"n": len(facts.budgets), "names": names}


def _call(facts: Called, made: Made) -> Shown:
    which = ordinal(facts.number).capitalize()
    status = facts.status or _("no answer")
    title = _("%(which)s try: %(status)s") % {"which": which, "status": status}
    pairs: list[tuple[str, SafeString | str]] = []
    if facts.upstream_key:
        key = format_html("<code>{}</code>", facts.upstream_key)
        if facts.cooling_seconds:
            key = format_html(_("{}, then cooling for {}"), key, seconds(facts.cooling_seconds))
        pairs.append((_("Upstream key"), key))
    if facts.upstream_id:
        pairs.append((_("Interaction"), format_html("<code>{}</code>", facts.upstream_id)))
    if facts.is_good:
        text = ngettext("%s picture", "%s pictures", facts.pictures) % facts.pictures
        if facts.first_byte_seconds is not None:
            text = _("%(what)s. First byte after %(time)s.") % {"what": text, "time": seconds(facts.first_byte_seconds)}
        if facts.tokens_out is not None:
            pairs.append((_("Tokens"), _("%s out") % count(facts.tokens_out)))
        pairs.append((_("Came back"), size(facts.bytes)))
        return made("good", "good", title, text, pairs=pairs)
    text = (facts.code or "").replace("_", " ").lower().capitalize()
    pairs.append((_("Came back"), size(facts.bytes)))
    return made("bad", "bad", title, text, answer=facts.message, pairs=pairs)


def _reason(reason: str) -> str:
    reasons = {
        "upstream_busy": _("The upstream asked to come later."),
        "storage_away": _("The object storage did not answer; nothing that was bought is lost."),
    }
    return reasons.get(reason, reason)


def _part(output: StoredOutput) -> str:
    return _("Thought") if output.part == "thought" else _("Output")


def _output(output: StoredOutput) -> SafeString:
    facts = [f"{output.width} × {output.height}", output.mime_type.removeprefix("image/").upper(), size(output.bytes)]
    if output.watermark:
        facts.append(output.watermark)
    if output.c2pa:
        facts.append(_("Content Credentials present"))
    return format_html("<code>{}</code> {}", short_id(ids.encode(ids.OUTPUT, output.id)), ", ".join(facts))


def _ended(facts: steps.Ended, made: Made) -> Shown:
    match facts.status:
        case "succeeded":
            return made("good", "good", _("Succeeded"))
        case "canceled":
            return made("off", "off", _("Canceled"), label(facts.reason.replace("_", " ")))
        case _status:
            why = "" if facts.reason == facts.code else facts.reason.replace("_", " ")
            return made("bad", "bad", _("Failed: %s") % label(facts.code.replace("_", " ")), why)
