"""Template tags of the admin: links to things, and how jobs and audit events read."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import template

from cavendish.above.admin import links
from cavendish.above.admin.jobs import lists
from cavendish.above.ui import words
from cavendish.above.ui.audit.sentences import sentence
from cavendish.db import ids

register = template.Library()

register.filter("tenant_link", links.tenant_link)
register.filter("sentence", sentence)
register.filter("tier_word", words.tier_word)
register.filter("flag_words", words.flag_words)
register.simple_tag(lists.outcome, name="outcome")
register.simple_tag(lists.took, name="took")


@register.simple_tag
def job_link(generation_id: UUID) -> Any:
    return links.link(ids.GENERATION, generation_id)


@register.simple_tag
def thing_link(kind: str, value: UUID | None, text: str = "") -> Any:
    """Returns a link to a thing by the prefix of its ids: "ten", "gen", "key"."""
    return links.link(kind, value, text)


@register.filter
def note_id(value: UUID) -> str:
    return ids.encode(ids.CREDIT_NOTE, value)


@register.filter
def txn_id(value: UUID) -> str:
    return ids.encode(ids.LEDGER_TRANSACTION, value)
