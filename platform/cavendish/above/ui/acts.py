"""Acts: a form, what it would change, and one button that says what it does.

An act is a form with `run`, which calls a service. It opens in a dialog where the browser runs scripts, and is a page
of its own where it does not. `preview` says before and after; with a script it follows the typing, without one the
first click shows it and the second one acts.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django import forms
from django.contrib import messages
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.actor import Actor
from cavendish.above.ui.refusals import refusal_text
from cavendish.above.ui.sayings import said
from cavendish.above.ui.scripts import is_scripted, towards
from cavendish.http.problems import Problem

MAX_REASON_CHARS = 300
ONCE_SECONDS = 24 * 3600
"""How long a form that has acted is remembered."""


@dataclass(frozen=True)
class Change:
    """A line of what will be booked: its name, the value now and the value after, as texts."""

    name: str
    now: str
    after: str

    @property
    def differs(self) -> bool:
        return self.now != self.after


@dataclass(frozen=True)
class PreviewTable:
    """A table below the changes: its caption, the heads of its columns, its rows. The first column names a row."""

    caption: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True)
class Preview:
    """What an act would change; `notes` are sentences below, `tables` what follows from it."""

    changes: Sequence[Change] = ()
    notes: Sequence[str] = ()
    title: str = field(default_factory=lambda: _("What will change"))
    tables: Sequence[PreviewTable] = ()


class Act(forms.Form):
    """A form whose `run` calls a service.

    Subclasses set `word` (what the button says), `title` (with the object's name in it) and, where they help, `text`,
    `danger` and `typed` (what must be typed before something is lost for good).
    """

    word: str | Promise = ""
    danger = False
    slow = False
    """Whether the preview takes seconds: it then waits for a pause in the typing, and is not made twice."""
    text: str | Promise = ""
    typed = ""
    more: Sequence[str] = ()
    """Names of fields that most leave as they are: they stand in a fold whose summary is `more_word`."""
    more_word: str | Promise = ""
    required_css_class = "required"

    def __init__(self, *args: Any, **options: Any) -> None:
        options.setdefault("label_suffix", "")
        super().__init__(*args, **options)
        if self.typed:
            self.fields["typed"] = forms.CharField(
                label=_("Type %s to go on").replace("%s", self.typed),
                widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
            )

    def first_fields(self) -> list[forms.BoundField]:
        """Returns the fields that everybody sees."""
        return [field for field in self if field.name not in self.more]

    def more_fields(self) -> list[forms.BoundField]:
        """Returns the fields of the fold."""
        return [self[name] for name in self.more if name in self.fields]

    def more_open(self) -> bool:
        """Returns whether the fold has to be seen: something in it is wrong, or is set already."""
        if self.is_bound:
            return any(name in self.errors or self.data.get(name) for name in self.more)
        return any(self.get_initial_for_field(self.fields[name], name) for name in self.more if name in self.fields)

    @property
    def title(self) -> str:
        """Returns the heading: the act and the name of what it is done to."""
        return str(self.word)

    def button(self) -> str:
        """Returns what the button says; with values of the form where they help: "Top up $2,000.00"."""
        return str(self.word)

    def clean_typed(self) -> str:
        typed: str = self.cleaned_data["typed"]
        if typed.strip() != self.typed:
            raise forms.ValidationError(_("This is not %s.").replace("%s", self.typed))
        return typed

    def preview(self) -> Preview | None:
        """Returns what a valid form would change; None where there is nothing to compare. Raises Problem."""
        return None

    def run(self, actor: Actor) -> str | HttpResponse:
        """Does it. Returns the message for whoever did it, or a page of its own. Raises Problem."""
        raise NotImplementedError

    def show_refusal(self, refusal: Problem) -> None:
        """Shows each error beside its field, and a refusal without errors above the form."""
        if not refusal.errors:
            self.add_error(None, refusal_text(refusal))
        for error in refusal.errors:
            names = [name for name in error.pointer.split("/") if name in self.fields]
            self.add_error(names[-1] if names else None, said(error.detail))

    def digest(self) -> str:
        """Returns what the shown preview was computed from, so that nothing else is booked by the click after it."""
        values = sorted((name, str(value)) for name, value in self.cleaned_data.items() if name != "typed")
        return hashlib.sha256(repr(values).encode()).hexdigest()[:32]


class ReasonAct(Act):
    """An act whose reason stands in the audit log."""

    reason = forms.CharField(
        label=gettext_lazy("Reason"), max_length=MAX_REASON_CHARS, help_text=gettext_lazy("Stands in the audit log.")
    )


def act_page(
    request: HttpRequest, act: Act, *, actor: Actor, back: str, extra: dict[str, Any] | None = None
) -> HttpResponse:
    """Shows an act, its preview, or does it and goes back with its message.

    A script (`HX-Request`) gets the dialog's content, and a preview with each change of the form.
    """
    scripted = is_scripted(request)
    preview: Preview | None = None
    if act.is_bound and act.is_valid():
        if "confirm" in request.POST and _acted(request):
            return _done_already(request, back)
        try:
            asked = "confirm" in request.POST
            seen = scripted or request.POST.get("seen") == act.digest()
            if not (act.slow and asked and seen):
                preview = act.preview()
            unseen = preview is not None and not seen
            if asked and not unseen:
                if not _first(request):
                    return _done_already(request, back)
                outcome = act.run(actor)
                if isinstance(outcome, HttpResponse):
                    return outcome
                messages.success(request, outcome)
                return towards(request, back)
        except Problem as refusal:
            preview = None
            cache.delete(_once(request))
            act.show_refusal(refusal)
    silent = scripted and "confirm" not in request.POST
    context = {
        "act": act,
        "preview": preview,
        "back": back,
        "path": request.get_full_path(),
        "seen": act.digest() if preview is not None else "",
        "scripted": scripted,
        "silent": silent,
        "once": request.POST.get("once") or secrets.token_urlsafe(12),
        **(extra or {}),
    }
    only_preview = scripted and request.method == "POST" and "confirm" not in request.POST
    template = "ui/act_preview.html" if only_preview else "ui/act_panel.html" if scripted else "ui/act.html"
    bad = act.is_bound and bool(act.errors) and not only_preview
    # htmx swaps what comes with 200 only, which is why a script gets that.
    return render(request, template, context, status=422 if bad and not scripted else 200)


def _once(request: HttpRequest) -> str:
    return f"act:{request.POST.get('once', '')[:40]}"


def _acted(request: HttpRequest) -> bool:
    """Returns whether this shown form has acted; asked before its preview, which could refuse what is booked."""
    return bool(request.POST.get("once")) and _once(request) in cache


def _first(request: HttpRequest) -> bool:
    """Returns whether this shown form acts for the first time: a double click, or a page sent again, acts once."""
    return not request.POST.get("once") or bool(cache.add(_once(request), True, ONCE_SECONDS))


def _done_already(request: HttpRequest, back: str) -> HttpResponse:
    messages.info(request, _("This was done already; a second click does nothing."))
    return towards(request, back)
