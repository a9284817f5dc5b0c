"""What went wrong, in a sentence, and what to do about it: the codes of docs/api/errors.md in plain words.

For whatever shows an error to a tenant's people: jobs, items of batches, the playground.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from cavendish.above.ui.labels import label
from generations.errors import ErrorCode


@dataclass(frozen=True)
class Line:
    """`short` ends a heading ("Failed: …"), `said` is a sentence, `act` what to do. `page` is where that is done, by
    its name in the console's address book, and `word` what the link says.
    """

    short: Promise
    said: Promise
    act: Promise
    page: str = ""
    word: Promise | str = ""


LINES: Mapping[str, Line] = {
    "safety_blocked": Line(
        _("the model refused it"),
        _("The model or its safety filters refused the request. It cost nothing."),
        _("The same request will be refused again. Change the prompt or the reference pictures, then run it again."),
    ),
    "no_image": Line(
        _("no picture came back"),
        _("The model answered with text instead of a picture. Only the text was charged."),
        _("Read its answer below. Ask more plainly for a picture, or raise the output token limit if it was reached."),
    ),
    "guard_refused": Line(
        _("a guard rule refused it"),
        _("A guard rule refused the request or its result."),
        _("Change the prompt, or have somebody who manages guard rules look at the rule."),
    ),
    "upstream_rejected": Line(
        _("Google rejected the request"),
        _("Google rejected the request. It cost nothing."),
        _("Read Google's answer below, change what it names, then run it again."),
    ),
    "upstream_unavailable": Line(
        _("Google did not answer"),
        _("Google gave no usable answer in any try. It cost nothing."),
        _("Nothing is wrong with your request. Run it again in a few minutes."),
    ),
    "deadline_exceeded": Line(
        _("it ran out of time"),
        _("The job did not finish before its deadline. It cost nothing."),
        _("Run it again. If this happens often, set a longer deadline or ask for a smaller size."),
    ),
    "internal": Line(
        _("the fault is on our side"),
        _("The fault is on our side, or a picture that it needed was deleted meanwhile. It cost nothing."),
        _("Run it again. If it fails again, send the job's id to support."),
    ),
    "insufficient_balance": Line(
        _("the balance was too low"),
        _("Your balance did not cover the most that this could cost."),
        _("Add funds, then run it again."),
        "billing", _("Billing"),
    ),
    "budget_exceeded": Line(
        _("a budget is used up"),
        _("A budget left no room for the most that this could cost."),
        _("Raise the budget, or wait until it resets."),
        "usage", _("Usage and budgets"),
    ),
    "price_missing": Line(
        _("it has no price"),
        _("No price is set for something that this request uses."),
        _("Ask the operator of the platform to set it."),
    ),
    "policy_not_accepted": Line(
        _("the use policy is not accepted"),
        _("Nobody has accepted the current use policy for your tenant."),
        _("An owner has to accept it. Test mode works without."),
        "settings", _("Settings"),
    ),
    "tenant_suspended": Line(
        _("the tenant is suspended"),
        _("Your tenant is suspended, so nothing new can be generated."),
        _("Ask the operator of the platform."),
    ),
    "model_not_allowed": Line(
        _("the model is not allowed"),
        _("The key may not use this model, or your plan does not offer it."),
        _("Choose another model, or change what the key may use."),
    ),
    "size_not_allowed": Line(
        _("the size is not allowed"),
        _("Pictures of this size are not allowed for your tenant."),
        _("Choose a smaller size."),
    ),
    "too_many_images": Line(
        _("it asks for too many pictures"),
        _("It asks for more pictures than are allowed in a minute."),
        _("Ask for fewer pictures at once."),
    ),
    "queue_full": Line(
        _("the queue is full"),
        _("As many of your jobs are waiting as may be."),
        _("Wait until some have finished, then try again."),
    ),
    "jobs_in_flight": Line(
        _("the key is at its limit"),
        _("As many jobs of this key are queued or running as may be."),
        _("Wait until some have finished, or raise the key's limit."),
    ),
    "rate_limited": Line(
        _("a rate limit was reached"),
        _("Too many requests came within a minute."),
        _("Wait a minute, then try again."),
    ),
    "storage_quota_exceeded": Line(
        _("the storage is full"),
        _("Your tenant stores as much as it may."),
        _("Delete pictures or files that you no longer need, then try again."),
    ),
    "test_limit_reached": Line(
        _("test mode is used up for today"),
        _("Test mode has a daily limit, and it is reached."),
        _("Try again tomorrow (UTC), or switch to live mode."),
    ),
    "too_many_batches": Line(
        _("too many batches are at work"),
        _("As many of your batches are at work as may be."),
        _("Wait for one to finish, or cancel one."),
    ),
    "too_many_fetches": Line(
        _("too many pictures are being fetched"),
        _("As many requests wait for pictures that they name by URL as may be."),
        _("Try again in a minute, or upload the pictures."),
    ),
    "input_deleted": Line(
        _("its file was deleted"),
        _("The batch's file was deleted before this item's turn came."),
        _("Upload the file again, and keep it until the batch has finished."),
    ),
    "cannot_be_stored": Line(
        _("it holds characters that cannot be stored"),
        _("The item holds text that cannot be stored, for example a NUL character."),
        _("Clean the text, then send the item again."),
    ),
    "not_found": Line(
        _("something it names does not exist"),
        _("It names a file, picture, template or turn that does not exist, or was deleted."),
        _("Correct what is named below, then send it again."),
    ),
    "invalid_request": Line(
        _("the request is wrong"),
        _("Something in the request is wrong. It cost nothing."),
        _("Correct what is named below, then send it again."),
    ),
    "malformed_json": Line(
        _("it is not JSON"),
        _("The line is not valid JSON. It cost nothing."),
        _("Write each item as one JSON object on a line of its own."),
    ),
    "canceled": Line(
        _("it was canceled"),
        _("The batch was canceled before this item's turn came. It cost nothing."),
        _("Send the item again in another batch if you still want it."),
    ),
    "expired": Line(
        _("its time was over"),
        _("The batch's time was over before this item's turn came. It cost nothing."),
        _("Send the items that are left in another batch."),
    ),
    "erased": Line(
        _("it was deleted"),
        _("The job of this item was deleted, with its picture."),
        _("Run it again if you need it."),
    ),
}  # fmt: skip
"""By code. What is no code of this table is shown with the API's own sentence."""

OWN_WORDS = frozenset(
    {"upstream_rejected", "no_image", "guard_refused", "invalid_request", "malformed_json", "not_found"}
)
"""Codes whose message says more than our sentence: Google's answer, the rule's words, what is wrong and where."""


@dataclass(frozen=True)
class Advice:
    """An error for people: `short` for a heading, `said` and `act` for the page, `detail` in the API's own words where
    those say more, and a `link` to where it is put right ("" for none) with its `word`.
    """

    code: str
    short: str
    said: str
    act: str
    detail: str = ""
    link: str = ""
    word: str = ""


def advice(
    code: str, message: str = "", *, facts: Mapping[str, Any] | None = None, names: Mapping[str, str] | None = None
) -> Advice:
    """Returns what to say of an error of a generation or of an item of a batch, in the viewer's language.

    `message` is the API's; `facts` are the rest of a refusal's fields, of which a budget is used. `names` are those of
    keys and members, by their public ids.
    """
    line = LINES.get(code)
    if line is None:
        words = label(code.replace("_", " ")) or gettext("it failed")
        return Advice(code, words, message or words.capitalize(), "")
    said, short = str(line.said), str(line.short)
    if code == "budget_exceeded" and isinstance(budget := (facts or {}).get("budget"), Mapping):
        short, said = _budget(budget, names or {})
    detail = message if code in OWN_WORDS and message != said else ""
    address = reverse(f"console:{line.page}") if line.page else ""
    return Advice(code, short, said, str(line.act), detail, address, str(line.word))


def advice_of(error: Mapping[str, Any] | None, *, names: Mapping[str, str] | None = None) -> Advice | None:
    """Returns what to say of an `error` as the API shows it; None without one."""
    if not error:
        return None
    return advice(str(error.get("code", "")), str(error.get("message", "")), facts=error, names=names)


def failures() -> list[tuple[str, str]]:
    """Returns the codes that a generation fails with, and their words, for a filter."""
    return [(str(code), sentence(LINES[code].short)) for code in ErrorCode]


def sentence(text: Promise | str) -> str:
    """Returns words with a capital at their beginning, and the rest of them as it is."""
    return f"{str(text)[:1].upper()}{str(text)[1:]}"


def _budget(budget: Mapping[str, Any], names: Mapping[str, str]) -> tuple[str, str]:
    name = names.get(str(budget.get("scope_id", "")), "")
    match budget.get("scope"):
        case "key":
            whose = gettext("the budget of the key %s").replace("%s", name) if name else gettext("the key's budget")
        case "member":
            whose = gettext("the budget of %s").replace("%s", name) if name else gettext("the member's budget")
        case _scope:
            whose = gettext("your tenant's budget")
    said = gettext("There was no room for it in %s.").replace("%s", whose)
    return gettext("%s is used up").replace("%s", whose), said
