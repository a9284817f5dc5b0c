"""What is unsafe now, each with the act that ends it: the first thing on the settings' front page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.members.selectors import members_listed, people_with_two_factors
from accounts.models import ApiKey, Role, Tenant, TenantStatus, WebhookEndpoint
from accounts.policy.selectors import policy_accepted
from accounts.roles.permissions import Permission
from cavendish.above.console.settings.keys.cells import address_of
from cavendish.above.console.settings.keys.selectors import (
    OLD,
    UNUSED,
    is_limited,
    keys_working,
    secrets_since,
    with_budget,
)
from cavendish.above.console.settings.words import numbered
from cavendish.above.console.workplace import Workplace
from cavendish.above.ui.marks import between, listed
from cavendish.db import ids

NAMED = 3
"""How many things a line names; the rest is a number."""


@dataclass(frozen=True)
class Risk:
    """`tone` "bad" is for what stands open or stops work, "note" for what would be better otherwise."""

    tone: Literal["bad", "note"]
    text: str
    about: Any
    address: str
    word: str
    dialog: bool = False


def risks_of(work: Workplace) -> list[Risk]:
    """Returns what the person could make safer, the worst first. Open no context around it."""
    found: list[Risk] = []
    tenant = work.tenant
    own_factor = bool(people_with_two_factors([work.person.id]))
    if tenant.status == TenantStatus.CLOSING and work.may(Permission.CLOSE):
        text, about = _("This tenant is closing"), _("Export what you need, or keep it, before it is erased.")
        found.append(Risk("bad", text, about, reverse("console:leaving"), _("Export or keep")))
    with work.reading():
        found += _policy(work, tenant)
        if work.may(Permission.WEBHOOKS):
            found += _webhooks(work)
        found += _factors(work, tenant, own_factor=own_factor)
        if work.may(Permission.KEYS):
            found += _keys(work)
    return sorted(found, key=lambda risk: risk.tone != "bad")


def _policy(work: Workplace, tenant: Tenant) -> list[Risk]:
    if tenant.policy_version == settings.POLICY_VERSION:
        return []
    text, about = _("The use policy is not accepted"), _("Live keys are blocked until an owner accepts it.")
    tone: Literal["bad", "note"] = "bad"
    if policy_accepted(tenant.policy_version):
        text, tone = _("There is a new use policy"), "note"
        about = _("Live jobs keep running for now. An owner needs to accept it.")
    return [Risk(tone, text, about, reverse("console:use_policy"), _("Read it"))]


def _factors(work: Workplace, tenant: Tenant, *, own_factor: bool) -> list[Risk]:
    found = []
    if not own_factor:
        text, about = _("You have no second factor"), _("Anyone who learns your password can sign in.")
        found.append(Risk("bad", text, about, reverse("mfa_index"), _("Set it up")))
    if work.may(Permission.MEMBERS):
        owners = members_listed(work.tenant_id).filter(role=Role.OWNER, has_two_factors=False)
        names = [row.user.name or row.user.email for row in owners.exclude(user_id=work.person.id)[:20]]
        if names:
            text = ngettext("An owner has no second factor", "%d owners have no second factor", len(names))
            address = f"{reverse('console:members')}?role=owner&two_factor=off"
            found.append(Risk("bad", numbered(text, len(names)), _listed(names), address, _("Show them")))
    if work.may(Permission.SETTINGS) and not tenant.requires_two_factor:
        about = _("Members can sign in with just a password.")
        word = _("Require it") if own_factor else _("See")
        address = reverse("console:two_factor_require") if own_factor else reverse("console:security")
        found.append(Risk("note", _("A second factor is not required"), about, address, word, dialog=own_factor))
    return found


def _webhooks(work: Workplace) -> list[Risk]:
    rows = WebhookEndpoint.objects.filter(tenant_id=work.tenant_id, subject=None)
    failing = rows.filter(status=WebhookEndpoint.Status.ENABLED, failing_since__isnull=False)
    ended = rows.filter(status=WebhookEndpoint.Status.DISABLED).exclude(
        disabled_reason__in=["", WebhookEndpoint.Reason.BY_TENANT]
    )
    found = []
    for chosen, text in (
        (failing, ngettext("A webhook endpoint is failing", "%d webhook endpoints are failing", failing.count())),
        (ended, ngettext("A failing webhook was disabled", "%d failing webhooks were disabled", ended.count())),
    ):
        listed = list(chosen.order_by("-id")[: NAMED + 1])
        if listed:
            address = reverse("console:webhook", args=[ids.encode(ids.WEBHOOK_ENDPOINT, listed[0].id)])
            about = _listed([row.url for row in listed])
            found.append(Risk("bad", numbered(text, len(listed)), about, address, _("See deliveries")))
    return found


def _keys(work: Workplace) -> list[Risk]:
    keys = keys_working(work.tenant_id)
    if not keys:
        return []
    now = timezone.now()
    aged = [key for key in keys if now - key.created_at > OLD]
    since = secrets_since(work.tenant_id, aged) if aged else {}
    unused = [key for key in keys if key.last_used_at is None and now - key.created_at > UNUSED]
    old = [key for key in aged if now - since[key.id] > OLD and key not in unused]
    budgets = with_budget(work.tenant_id, [key.id for key in keys])
    free = [key for key in keys if key.livemode and not is_limited(key) and key.id not in budgets]
    found = []
    if old:
        text = ngettext("A key is older than a year", "%d keys are older than a year", len(old))
        found.append(_of_keys(text, old, _("Rotate"), "key_rotate"))
    if unused:
        text = ngettext("A key was never used", "%d keys were never used", len(unused))
        found.append(_of_keys(text, unused, _("Revoke"), "key_revoke"))
    if free:
        text = ngettext("A live key has no limit and no budget", "%d live keys have no limit and no budget", len(free))
        found.append(_of_keys(text, free, _("Set limits"), "key_change"))
    return found


def _of_keys(text: str, keys: list[ApiKey], word: str, view: str) -> Risk:
    """Returns a line about keys: with one of them the act itself, with several the list."""
    links = [format_html('<a href="{}">{}</a>', address_of(key), key.name) for key in keys[:NAMED]]
    about = format_html("{}{}", format_html_join(between(), "{}", ((link,) for link in links)), _more(len(keys)))
    only = keys[0] if len(keys) == 1 else None
    address = address_of(only, view) if only else reverse("console:keys")
    return Risk("note", numbered(text, len(keys)), about, address, word if only else _("See keys"), dialog=bool(only))


def _listed(names: list[str]) -> str:
    return listed(names[:NAMED]) + _more(len(names))


def _more(number: int) -> str:
    return _(" and %d more") % (number - NAMED) if number > NAMED else ""
