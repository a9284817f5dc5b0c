"""Sentences of services in the viewer's language. Services say them in English, as the API does, values and all."""

from __future__ import annotations

import re
from functools import cache

from django.utils.translation import get_language, gettext, gettext_noop

from cavendish.above.ui.labels import label

SENTENCES = (
    # Accounts
    gettext_noop("The current use policy is {version}. Read and accept that version."),
    gettext_noop("{email} is an operator already; change the role."),
    gettext_noop("Nobody has verified the address {email} of this account yet."),
    gettext_noop("You cannot grant: {scopes}."),
    gettext_noop("Use only: {models}."),
    gettext_noop("Use only addresses within {ranges}."),
    gettext_noop("Use at most {most}."),
    gettext_noop("Use at most {most} ranges."),
    gettext_noop("Use at most {most} reminders."),
    gettext_noop("You already own {most} tenants, the most that one person can open."),
    gettext_noop("A note has at most {most} characters."),
    gettext_noop("A tenant has at most {most} webhook endpoints. Delete one first."),
    gettext_noop("{email} is already a member."),
    gettext_noop("A tenant can invite at most {most} people in 24 hours."),
    gettext_noop("{email} is already invited. Resend that invitation, or revoke it first."),
    gettext_noop("{email} is already invited."),
    gettext_noop("The email was sent less than {minutes} minutes ago."),
    gettext_noop("This key has permissions that you lack: you can narrow or revoke it, not widen it."),
    gettext_noop("The console's key has no secret to rotate or revoke. Limit it, or give it a budget."),
    gettext_noop("Enter a name that people will recognise the key by."),
    gettext_noop("You cannot change or remove your own role; ask another operator."),
    gettext_noop('This is the last active operator with the role "full". Give it to somebody else first.'),
    gettext_noop("Write something."),
    gettext_noop("Enter a reason. The tenant sees it whenever a request is refused."),
    gettext_noop("Only the operator creates tenants here. Ask for an invitation."),
    gettext_noop("An empty list would allow nothing. Use null to allow all."),
    # Webhooks
    gettext_noop("The receiver answered {status}."),
    gettext_noop("The receiver redirects, which is not followed."),
    gettext_noop("The endpoint was disabled before it was sent."),
    gettext_noop("This delivery is being sent. Wait for its end."),
    gettext_noop("No address accepts connections."),
    gettext_noop("The whole request took too long."),
    # Fetches
    gettext_noop("Only https:// URLs are fetched."),
    gettext_noop("The host is a loopback address, which is not fetched."),
    gettext_noop("The host is a {kind} address, which is not fetched."),
    gettext_noop("It could not be fetched in time."),
    gettext_noop("The host redirects to something that is not a URL."),
    gettext_noop("The host compressed its response although the request did not allow it."),
    gettext_noop("The host redirects more than {most} times."),
    gettext_noop("The host responded with status {status}."),
    gettext_noop('The host responded with the type "{type}".'),
    gettext_noop("The URL is longer than {most} characters."),
    gettext_noop("Too many files are being fetched already."),
    gettext_noop("Too many files are being fetched; try again."),
    # Plans and prices
    gettext_noop("Use -100 to {most}, with at most four places."),
    gettext_noop("Use a whole number from 0 to {most}."),
    gettext_noop("A plan has at most {most} budgets."),
    gettext_noop("Use 0 to 100."),
    gettext_noop("Each step lies above the one before it."),
    gettext_noop("The plan has terms from that moment on already."),
    gettext_noop("Only a price per picture may differ by size."),
    gettext_noop("The upstream sells tokens; only a plan has prices per picture."),
    gettext_noop("It starts more than ten years ahead."),
    gettext_noop("{model} {kind} {tier} has a price from that moment on already."),
    gettext_noop("No price is set for {kinds} of {model}."),
    gettext_noop("{plan} is archived; no tenant can be moved to it."),
    gettext_noop("The currency cannot change: this month has charges in another one. Try again next month."),
    gettext_noop(
        "The currency cannot change from {old} to {new}: the balance is {balance}, {held} is held, the credit limit is "
        "{limit}. All must be zero, for nothing is exchanged."
    ),
    # Money
    gettext_noop("The limit of a month is less than one top-up of {amount}."),
    gettext_noop("Say how much is added: more than 0."),
    gettext_noop("Save a payment method first: none is the default."),
    gettext_noop("Use a multiple of {least} {currency}."),
    gettext_noop("A tenant has at most {most}; remove one first."),
    gettext_noop("The provider does not know this token."),
    gettext_noop("The bank wants to ask the payer."),
    gettext_noop("A payment for the same is under way; look again in a while."),
    gettext_noop("No payment provider is set up on this platform: ask its operator how to pay."),
    gettext_noop("The payment provider gave no clear answer. Try again in a minute."),
    gettext_noop("Stripe gave no reason."),
    gettext_noop(
        "{amount} {currency} cannot be taken: {free} is free, {held} is held for generations that have not ended."
    ),
    gettext_noop("{amount} cannot be paid out: {own} was paid in and is free."),
    gettext_noop("{amount} cannot be taken: without credits {paid} is there."),
    gettext_noop("{left} {currency} of this top-up is left to take back."),
    gettext_noop("This top-up was taken back whole already."),
    gettext_noop("The charge is in {one}, the wallet in {other}."),
    gettext_noop("Of this charge {left} {currency} is left to give back."),
    gettext_noop("The credit would have expired already."),
    gettext_noop("The tenant has no wallet."),
    gettext_noop(
        "{left} {currency} of it went into the balance and {used} is used since. Raise the credit limit by that, then "
        "take the payment back."
    ),
    gettext_noop("{day} is still to come; today is {today} in {zone}."),
    gettext_noop("Invoice {number} is of {day}; its payment cannot have come before {first}."),
    # Budgets
    gettext_noop("A tenant, key or member has at most {most} budgets; change or delete one of them."),
    gettext_noop("Use a time in the future, within {days} days."),
    gettext_noop("{value} is out of range; use a whole number from 0 to {most}."),
    gettext_noop("{value} is there twice; name each percentage once."),
    gettext_noop("A raise goes above the limit."),
    gettext_noop("A raise needs both raise_to and raise_until."),
    # Billing profiles and companies
    gettext_noop("A logo has at most {most} bytes."),
    gettext_noop("A logo is a PNG or a JPEG."),
    gettext_noop("A logo is a PNG or a JPEG of at most four million pixels."),
    gettext_noop("{value} is no IBAN: its check digits are wrong."),
    gettext_noop("{value} is no BIC; it has 8 or 11 letters and digits, like COBADEFF."),
    gettext_noop("{value} is no code of the list VATEX, like VATEX-EU-132."),
    gettext_noop("{value} is no percentage from 0 to 100."),
    gettext_noop("{value} is no currency of ISO 4217, like EUR."),
    gettext_noop("{value} is no email address."),
    gettext_noop("{value} is no date; write it like 2026-11-30."),
    gettext_noop("{value} is no month; write it like 2026-11."),
    gettext_noop("This part is required."),
    gettext_noop("A prefix has up to 24 letters, digits, . _ - and /, and may hold {year} and {month}."),
    gettext_noop("S goes with a rate above zero, every other category with none or zero."),
    gettext_noop("These currencies have a rate from this day on; rates are never changed."),
    gettext_noop("Usage is summed by at most {most} metadata keys."),
    # Tenants
    gettext_noop("The tenant is {status}. Close it first, so that it can export its data."),
    gettext_noop("The erasure has already begun."),
    gettext_noop("The erasure has already begun and cannot be canceled."),
    # Playground, batches, gallery
    gettext_noop("A tag has 1 to {most} characters."),
    gettext_noop("A generation has at most {most} tags."),
    gettext_noop("A tenant has at most {most} collections. Delete one first."),
    gettext_noop("The tag is too long."),
    gettext_noop("The tag is empty."),
    gettext_noop("A file may have {most} bytes."),
    gettext_noop("A batch has at most {most} items; send several batches."),
    gettext_noop("A batch has at least one item."),
    gettext_noop("The body is UTF-16 or UTF-32; send UTF-8."),
    gettext_noop("This key may have {limit} generations queued or running at once; n is {variants}."),
    gettext_noop("{model} takes no video; use {others} for it."),
    gettext_noop("{model} takes no pictures as input."),
    gettext_noop("{model} takes at most {most} pictures; {given} are given."),
    gettext_noop("{model} takes at most {most} pictures with the role {role}; this is one more."),
    gettext_noop("{model} takes no pictures with the role {role}; use {taken}, or no role."),
    gettext_noop("The picture has {width} × {height} pixels; at most {most} million are taken."),
    gettext_noop("The value has {length} characters; at most {most} are taken."),
    gettext_noop("{name} is {value}; it takes {expected}."),
    gettext_noop("It has {length} keys; at most {most} are taken."),
    gettext_noop("The picture has too many pixels to be scaled; use the original."),
    gettext_noop("The guard rules were changed meanwhile; try again."),
    gettext_noop("The guard rules are being changed; try again."),
    gettext_noop("The operator of this platform set this rule; only the operator can change or delete it."),
    gettext_noop("{value} is out of range; use a number from {low} to {high}."),
    gettext_noop("It responded with status {status}."),
    gettext_noop("{count} slots stand in the prompt; at most {most} are taken."),
    gettext_noop("The prompt does not contain [{name}]."),
    gettext_noop("There is a slot {name} already."),
    gettext_noop("{name} is no slot of this template."),
    gettext_noop("It is an item of a batch; the tenant sends it again in another one."),
    gettext_noop("Its API key was revoked or has expired, so the tenant does not want its jobs any more."),
    # What became of a job
    gettext_noop("The batch was canceled before this item's turn came."),
    gettext_noop("The batch's time was over before this item's turn came; nothing is charged."),
    gettext_noop("The file of this batch was deleted before this item's turn came."),
    gettext_noop("The platform failed; nothing is charged."),
    gettext_noop("The generation did not end before its deadline."),
    gettext_noop("A picture or an earlier turn that this generation needs was erased."),
    gettext_noop("The request was blocked for safety."),
    gettext_noop("The upstream refused."),
    gettext_noop("The upstream did not accept the platform's access."),
    gettext_noop("The generation was deleted."),
    gettext_noop("The content of this generation was erased; its events and its charge are kept."),
    # Reconcile's file
    gettext_noop("The file lacks {lacking}; it has {columns}."),
    gettext_noop("Line {line}: {text} is no number."),
    gettext_noop("Line {line}: {text} is no date and no time."),
    gettext_noop("The file holds no rows."),
    gettext_noop('No line of the file names the columns; one of them is called "SKU description".'),
)
"""As the code writes them, `{name}` where a value stands. A test compares them with it."""

KINDS = (
    gettext_noop("private"), gettext_noop("link-local"), gettext_noop("reserved"), gettext_noop("cloud metadata"),
)  # fmt: skip
"""Values of such sentences that are words."""

_PLACE = re.compile(r"\{(\w+)\}")


def said(text: str) -> str:
    """Returns what a service said in the viewer's language; as it is where the sentence is not known."""
    known = label(text)
    if known != text or (get_language() or "en") == "en":
        return known
    for sentence, parts in _with_values():
        if values := _values(text, parts):
            return gettext(sentence).format(**{name: _word(name, value) for name, value in values.items()})
    return text


@cache
def _with_values() -> tuple[tuple[str, list[str]], ...]:
    """Returns the sentences with values, those first that say most, and each as its words and names in turns."""
    found = [(sentence, parts) for sentence in SENTENCES if len(parts := _PLACE.split(sentence)) > 1]
    return tuple(sorted(found, key=lambda pair: -sum(map(len, pair[1][::2]))))


def _values(text: str, parts: list[str]) -> dict[str, str]:
    """Returns what stands at the places of a sentence; nothing where it is another one.

    Each value ends where the next words first follow. No regular expression: with several values it would take
    seconds for a text that is long.
    """
    first, last, names = parts[0], parts[-1], parts[1::2]
    if not text.startswith(first) or not text.endswith(last):
        return {}
    values = {}
    at, end = len(first), len(text) - len(last)
    for name, words in zip(names, [*parts[2:-1:2], ""], strict=True):
        until = text.find(words, at + 1, end) if words else end
        if until <= at:
            return {}
        values[name] = text[at:until]
        at = until + len(words)
    return values


def _word(name: str, value: str) -> str:
    """Returns a value in the viewer's language where it is a word."""
    return label(value.capitalize()) if name == "status" else label(value) if name == "kind" else value
