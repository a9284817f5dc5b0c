"""What a mail says, once for both of its parts: the text and the HTML are made from it, so neither says more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import NamedTuple

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import formats
from django.utils.translation import gettext as _


class Link(NamedTuple):
    """A word and the address behind it; in the text part the address stands below the word."""

    word: str
    address: str


class Fact(NamedTuple):
    """A line of a mail's table."""

    name: str
    value: str


@dataclass(frozen=True)
class Letter:
    """A mail in the language that is active when it is made. All texts are plain.

    `text` are the paragraphs before the rest, `code` what is typed somewhere, `button` the one thing to do, `after` the
    paragraphs below it, `links` what helps then. `title` heads the HTML part where the subject is too long for that.
    `signature` is who writes, where that is not the platform.
    """

    subject: str
    text: Sequence[str]
    title: str = ""
    code: str = ""
    facts: Sequence[Fact] = ()
    button: Link | None = None
    after: Sequence[str] = ()
    links: Sequence[Link] = ()
    signature: str = ""

    def render(self) -> tuple[str, str]:
        """Returns the text part and the HTML part."""
        context = {"letter": self, "base_url": settings.BASE_URL}
        text = render_to_string("mail/letter.txt", context).strip() + "\n"
        return text, render_to_string("mail/letter.html", context)


def link(word: str, path: str) -> Link:
    """Returns a link to a page of the platform."""
    return Link(word, f"{settings.BASE_URL}{path}")


def moment_text(at: datetime) -> str:
    """Returns a moment for people whose time zone is not known: "29 November 2026, 14:05 UTC"."""
    # Translators: a moment in a mail, in Django's date format.
    return f"{formats.date_format(at.astimezone(UTC), _('j F Y, H:i'))} UTC"


def day_text(on: date) -> str:
    """Returns a day in full: "29 November 2026"."""
    # Translators: a day in a mail, in Django's date format.
    return formats.date_format(on, _("j F Y"))
