"""What a request was refused for, in plain words with what to do. Nothing that was typed is lost by it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from accounts.roles.permissions import Permission
from cavendish.above.console.playground.form import Form
from cavendish.above.console.workplace import Workplace
from cavendish.above.ui.formats import count, money, size
from cavendish.above.ui.marks import sentences
from cavendish.above.ui.refusals import refusal_text
from cavendish.above.ui.sayings import said
from cavendish.http.problems import FieldError, Problem

FIELDS = {
    "model": "model",
    "tools": "search",
    "n": "n",
    "system_instruction": "system",
    "previous_generation_id": "from",
    "seed": "seed",
    "thinking_level": "thinking",
    "aspect_ratio": "ratio",
    "image_size": "size",
    "mime_type": "format",
    "tags": "tags",
}
"""Fields of the form by the last name of an API field's place."""

DETAILS = {
    ("prompt", "empty"): gettext_noop("Write what the picture should show."),
    ("prompt", "required"): gettext_noop("Write what the picture should show."),
    ("seed", "wrong_type"): gettext_noop("A seed is a whole number."),
    ("from", "not_finished"): gettext_noop(
        "The previous turn has not succeeded. Wait for it to finish, or start anew."
    ),
    ("from", "not_found"): gettext_noop("The previous turn was deleted. Start anew."),
    ("from", "not_stored"): gettext_noop("The previous turn was not kept, so nothing can go on from it. Start anew."),
    ("reference", "not_found"): gettext_noop("A reference was deleted. Remove it."),
}  # fmt: skip
"""Sentences for what a person at the form can set right, by field and the error's code."""


UPLOADS = {
    "empty": gettext_noop("The file is empty."),
    "not_media": gettext_noop("This is not a picture or video that the models take."),
    "not_an_image": gettext_noop("This picture cannot be read."),
    "not_a_video": gettext_noop("This video cannot be read."),
    "truncated": gettext_noop("The file is cut off; send the whole one."),
    "too_many_pixels": gettext_noop("This picture has too many pixels."),
    "not_jsonl": gettext_noop("This is not a picture or video that the models take."),
    "wrong_kind": gettext_noop("This is not a picture or video that the models take."),
    "too_large": gettext_noop("The file is too large."),
}
"""Why a file was not taken, by the error's code."""


@dataclass(frozen=True)
class Refused:
    """A title, sentences on what happened, and addresses with words that help."""

    title: str
    text: str
    links: Sequence[tuple[str, str]] = ()


def field_of(pointer: str, form: Form) -> str:
    """Returns the field of the form where an error of the API belongs; "" for none of them.

    Slots of a template are "slot-NAME", references "reference-NUMBER" from 1 on.
    """
    parts = [part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:]]
    if parts[:2] == ["template", "values"]:
        return f"slot-{parts[2]}" if len(parts) > 2 else "template"
    if parts[:1] == ["template"]:
        return "template"
    if parts[:1] == ["input"]:
        first = 0 if form.template else 1
        place = int(parts[1]) - first if len(parts) > 1 and parts[1].isdigit() else -1
        if form.references and 0 <= place < len(form.references):
            return f"reference-{place + 1}"
        return "reference" if form.references and len(parts) == 1 and (form.prompt or form.template) else "prompt"
    return next((FIELDS[part] for part in reversed(parts) if part in FIELDS), "")


def errors_of(problem: Problem, form: Form) -> dict[str, str]:
    """Returns a sentence for each field that the problem names."""
    errors: dict[str, str] = {}
    for error in problem.errors:
        name = field_of(error.pointer, form)
        errors.setdefault(name, sentence(error, name))
    return errors


def sentence(error: FieldError, name: str) -> str:
    if name.startswith("slot-") and error.code in {"required", "empty"}:
        return _("Fill in “{}”.").format(name.removeprefix("slot-").replace("_", " "))
    known = DETAILS.get((name.partition("-")[0], error.code))
    return _(known) if known else said(error.detail)


def upload_sentence(problem: Problem, work: Workplace) -> str:
    """Returns why a file was not taken as a reference."""
    codes = [problem.code, *(error.code for error in problem.errors)]
    known = next((UPLOADS[code] for code in codes if code in UPLOADS), None)
    return _(known) if known else refused_of(problem, work).text


def refused_of(problem: Problem, work: Workplace) -> Refused:
    """Returns why and what to do, for this person: who cannot do it is told whom to ask."""
    make = _SAYS.get(problem.code)
    if make is not None:
        return make(problem.extra, work)
    if problem.code.startswith("tenant_"):
        return Refused(
            _("This tenant cannot generate right now"),
            refusal_text(problem),
            ((reverse("console:settings"), _("Settings")),),
        )
    return Refused(_("Request refused"), refusal_text(problem))


def _budget(extra: dict[str, Any], work: Workplace) -> Refused:
    budget = extra.get("budget") or {}
    periods = {"day": _("daily"), "week": _("weekly"), "month": _("monthly"), "total": _("total")}
    figures = {name: _quantity(budget, name) for name in ("used", "limit", "wanted")}
    text = _("{used} of {limit} are used, and this may need up to {wanted}.").format(**figures)
    if Decimal(str(budget.get("held") or 0)):
        text += " " + _("{held} is on hold for running generations; what they do not use comes back.").format(
            held=_quantity(budget, "held")
        )
    if resets := budget.get("resets_at"):
        at = timezone.localtime(datetime.fromisoformat(str(resets)))
        text += " " + _("It resets on {moment}.").format(moment=f"{at:%Y-%m-%d %H:%M}")
    titles = {
        "key": _("The console's {period} budget is used up"),
        "member": _("Your {period} budget is used up"),
        "tenant": _("This tenant's {period} budget is used up"),
    }
    title = titles[str(budget.get("scope") or "tenant")].format(period=periods.get(str(budget.get("period")), ""))
    text += " " + _("Draft at a smaller size, or have the budget raised.")
    return Refused(title, text, _if_may(work, Permission.BILLING, "console:budgets", _("Budgets")))


def _quantity(budget: dict[str, Any], name: str) -> str:
    amount = Decimal(str(budget.get(name) or 0))
    if budget.get("metric") == "money":
        return money(amount, str(budget.get("currency") or ""))
    return count(int(amount))


def _balance(extra: dict[str, Any], work: Workplace) -> Refused:
    wallet = extra.get("wallet") or {}
    currency = str(wallet.get("currency") or "")
    wanted = money(Decimal(str(wallet.get("wanted") or 0)), currency)
    text = _("This may need up to {wanted}, and the balance does not cover it.").format(wanted=wanted)
    if Decimal(str(wallet.get("held") or 0)):
        held = money(Decimal(str(wallet["held"])), currency)
        text += " " + _("{held} is on hold for running generations; what they do not use comes back.").format(held=held)
    if Decimal(str(wallet.get("tax_kept") or 0)):
        tax = money(Decimal(str(wallet["tax_kept"])), currency)
        text += " " + _("{tax} of it is kept back for the tax of what was used, with this.").format(tax=tax)
    if not work.may(Permission.BILLING):
        text += " " + _("Ask an owner or somebody with the role Billing to top up.")
    return Refused(_("The balance is too low"), text, _if_may(work, Permission.BILLING, "console:top_up", _("Top up")))


def _policy(extra: dict[str, Any], work: Workplace) -> Refused:
    may = work.may(Permission.POLICY)
    text = (
        _("Accept it once for the whole tenant, then generate. Test mode works without.")
        if may
        else _("An owner accepts it once for the whole tenant; ask one. Test mode works without.")
    )
    return Refused(
        _("The use policy is not accepted yet"),
        text,
        ((reverse("policy"), _("Read and accept the use policy")),) if may else (),
    )


def _rate(extra: dict[str, Any], work: Workplace) -> Refused:
    return Refused(
        _("Rate limit reached"),
        _("As many requests or pictures a minute were made as are allowed. Wait a minute, then generate again."),
    )


def _queue(extra: dict[str, Any], work: Workplace) -> Refused:
    return Refused(
        _("Queue limit reached"),
        _("{limit} generations wait or run already, which is the limit. Wait until some have ended.").format(
            limit=extra.get("limit", "")
        ),
        ((reverse("console:jobs"), _("Jobs")),),
    )


def _test_day(extra: dict[str, Any], work: Workplace) -> Refused:
    return Refused(
        _("Daily test limit reached"),
        _("Test mode is used up for today and starts again at midnight UTC. Live mode is not affected."),
    )


def _storage(extra: dict[str, Any], work: Workplace) -> Refused:
    text = _("{used} of {limit} are stored. Delete pictures or files that are no longer needed.").format(
        used=size(int(extra.get("used") or 0)), limit=size(int(extra.get("limit") or 0))
    )
    return Refused(_("The storage is full"), text, ((reverse("console:gallery"), _("Gallery")),))


def _guard(extra: dict[str, Any], work: Workplace) -> Refused:
    reason = str(extra.get("reason") or "")
    text = _("A guard rule of this tenant or of the operator stands against it. Try different wording.")
    return Refused(_("A guard rule refused this"), sentences(text, reason))


def _model(extra: dict[str, Any], work: Workplace) -> Refused:
    return Refused(
        _("This model is not available"), _("The plan or the tenant's settings do not offer it. Choose another one.")
    )


def _size(extra: dict[str, Any], work: Workplace) -> Refused:
    return Refused(_("This size is not available"), _("The tenant's settings do not allow it. Choose a smaller one."))


def _if_may(work: Workplace, permission: Permission, view: str, words: str) -> Sequence[tuple[str, str]]:
    return ((reverse(view), words),) if work.may(permission) else ()


_SAYS = {
    "budget_exceeded": _budget,
    "insufficient_balance": _balance,
    "policy_not_accepted": _policy,
    "rate_limited": _rate,
    "too_many_images": _rate,
    "queue_full": _queue,
    "jobs_in_flight": _queue,
    "test_limit_reached": _test_day,
    "storage_quota_exceeded": _storage,
    "guard_refused": _guard,
    "model_not_allowed": _model,
    "size_not_allowed": _size,
}
