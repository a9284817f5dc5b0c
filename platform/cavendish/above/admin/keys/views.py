"""API keys of all tenants: the list, and one key's page."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from accounts.models import ApiKey
from accounts.roles.operators import OperatorPermission, operator_can
from cavendish.above.admin.links import TENANT, link, tenant_link
from cavendish.above.admin.pages import operator_of, operator_page
from cavendish.above.ui import formats
from cavendish.above.ui.cells import MODE, created, key_name
from cavendish.above.ui.lists import Column, Filter, List, list_page
from cavendish.db import ids

STATES = (("active", _("Active")), ("expired", _("Expired")), ("revoked", _("Revoked")))


def key_state(key: ApiKey) -> str:
    """Returns active, expired or revoked."""
    if key.revoked_at is not None:
        return "revoked"
    return "expired" if key.expires_at is not None and key.expires_at <= timezone.now() else "active"


def _by_state(rows: QuerySet[ApiKey], value: str) -> QuerySet[ApiKey]:
    now = timezone.now()
    match value:
        case "revoked":
            return rows.exclude(revoked_at=None)
        case "expired":
            return rows.filter(revoked_at=None, expires_at__lte=now)
        case _:
            return rows.filter(Q(expires_at=None) | Q(expires_at__gt=now), revoked_at=None)


def _matching(rows: QuerySet[ApiKey], text: str) -> QuerySet[ApiKey]:
    return rows.filter(Q(prefix__startswith=text[:17]) | Q(name__icontains=text))


KEYS: List[ApiKey] = List(
    title=_("API keys"),
    rows=lambda: ApiKey.objects.select_related("tenant"),
    columns=(
        Column(_("Key"), lambda key: link(ids.API_KEY, key.id, key_name(key)), kind="th"),
        Column(_("Prefix"), lambda key: format_html("<code>{}</code>", key.prefix)),
        Column(_("Tenant"), tenant_link),
        Column(_("State"), lambda key: formats.state(key_state(key))),
        Column(_("Mode"), lambda key: formats.livemode(key.livemode), wide=True),
        Column(_("Used"), lambda key: formats.ago(key.last_used_at), wide=True),
        Column(_("Created"), created, wide=True),
    ),
    filters=(
        Filter("q", _("Name or prefix"), _matching, kind="search"),
        TENANT,
        Filter("state", _("State"), _by_state, choices=STATES),
        MODE,
    ),
    empty=_("A tenant's page creates them."),
)


@operator_page(section="keys")
def keys(request: HttpRequest) -> HttpResponse:
    return list_page(request, KEYS)


@operator_page(section="keys")
def key(request: HttpRequest, key_id: str) -> HttpResponse:
    value = ids.decode(ids.API_KEY, key_id)
    row: Any = (
        ApiKey.objects.select_related("tenant", "member", "created_by").filter(id=value).first() if value else None
    )
    if row is None:
        raise Http404
    state = key_state(row)
    actions = []
    if operator_can(operator_of(request), OperatorPermission.KEYS) and state != "revoked" and not row.is_console:
        tenant = ids.encode(ids.TENANT, row.tenant_id)
        actions = [
            {
                "address": reverse("admin:tenant_item_act", args=[tenant, name, key_id]),
                "word": word,
                "danger": name == "revoke-key",
                "dialog": True,
            }
            for name, word in (("rotate-key", _("Rotate")), ("revoke-key", _("Revoke")))
        ]
    context = {"key": row, "public_id": key_id, "state": state, "actions": actions}
    return render(request, "admin/keys/key.html", context)
