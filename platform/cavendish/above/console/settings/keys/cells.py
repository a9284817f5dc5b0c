"""How keys read: what they may do, what limits them, when they were used."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from accounts.keys.representation import key_json
from accounts.models import ApiKey
from cavendish.above.console.settings.words import may_do, numbered
from cavendish.above.ui import formats
from cavendish.above.ui.cells import in_row, key_name, model_name
from cavendish.above.ui.marks import facts, listed
from cavendish.db import ids

STATES = {"active": ("good", _("Active")), "expired": ("off", _("Expired")), "revoked": ("off", _("Revoked"))}


def state(key: ApiKey) -> SafeString:
    tone, word = STATES[key_json(key)["status"]]
    return formats.status(tone, str(word))


def address_of(key: ApiKey, view: str = "key") -> str:
    return reverse(f"console:{view}", args=[ids.encode(ids.API_KEY, key.id)])


def named(key: ApiKey) -> SafeString:
    """Returns the name as a link, and what the secret begins with."""
    below: Any = format_html("<code>{}…</code>", key.prefix)
    if key.is_console:
        below = gettext("what people do in the console")
    status = key_json(key)["status"]
    ended = format_html('<span class="tag">{}</span>', STATES[status][1]) if status != "active" else ""
    whose = format_html('<span class="quiet">{}</span>', person(key)) if key.member is not None else ""
    return format_html(
        '<span class="who"><span class="who-line"><a href="{}">{}</a>{}</span>{}<span class="quiet">{}</span></span>',
        address_of(key), key_name(key), ended, whose, below,
    )  # fmt: skip


def may(key: ApiKey) -> SafeString:
    where = []
    if key.allowed_models is not None:
        where.append(listed(model_name(model) for model in key.allowed_models))
    if key.ip_ranges:
        number = len(key.ip_ranges)
        where.append(numbered(ngettext("from one address range", "from %d address ranges", number), number))
    below = format_html('<span class="quiet">{}</span>', " · ".join(where)) if where else ""
    return format_html('<span class="permissions"><span>{}</span>{}</span>', may_do(key.scopes, key.livemode), below)


def used(key: ApiKey) -> SafeString | str:
    """Returns when the key was used last, and from where."""
    if key.is_console:
        return "–"
    if key.last_used_at is None:
        return gettext("Never")
    if not key.last_used_address:
        return formats.ago(key.last_used_at)
    return format_html(
        '<span class="who"><span>{}</span><span class="quiet num">{}</span></span>',
        formats.ago(key.last_used_at), key.last_used_address,
    )  # fmt: skip


def limits(key: ApiKey) -> list[str]:
    """Returns each limit that the key has of its own, in words."""
    texts = []
    if key.requests_per_minute:
        texts.append(gettext("%s requests a minute") % formats.count(key.requests_per_minute))
    if key.images_per_minute:
        texts.append(gettext("%s pictures a minute") % formats.count(key.images_per_minute))
    if key.jobs_in_flight is not None:
        texts.append(gettext("%s jobs at once") % formats.count(key.jobs_in_flight))
    if key.expires_at is not None:
        texts.append(gettext("until %s") % formats.day(timezone.localdate(key.expires_at), year=True))
    return texts


def limited(key: ApiKey, *, has_budget: bool) -> SafeString | str:
    texts = limits(key) + ([gettext("a budget")] if has_budget else [])
    return format_html('<span class="permissions">{}</span>', facts(*texts)) if texts else gettext("None")


def person(key: ApiKey) -> str:
    """Returns for whom the key counts."""
    return gettext("for %s") % (key.member.name or key.member.email) if key.member is not None else "–"


def buttons(key: ApiKey) -> Any:
    if key.is_console or key.revoked_at is not None:
        return ""
    return in_row(
        {"address": address_of(key, view), "word": word, "of": key_name(key), "dialog": True, "small": True}
        for view, word in (("key_rotate", _("Rotate")), ("key_revoke", _("Revoke")))
    )
