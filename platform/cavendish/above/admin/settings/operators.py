"""Who runs the platform, as which role, and with which keys."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import OperatorKey, OperatorRole, User
from accounts.operators.selectors import operator_find, operator_keys, operators
from accounts.roles.operators import OperatorPermission, operator_can
from cavendish.above.admin.links import link
from cavendish.above.admin.pages import operator_act, operator_of, operator_page
from cavendish.above.admin.settings.acts.operators import ACTS, CreateKey, CreateOperator, RevokeKey
from cavendish.above.ui import formats
from cavendish.above.ui.cells import created, in_row, unseen
from cavendish.above.ui.labels import label
from cavendish.above.ui.lists import Column, Filter, List, equals, list_page
from cavendish.above.ui.public_ids import find_or_404, row_or_404
from cavendish.db import ids

ROLE: Filter[Any] = Filter("role", _("Role"), equals("operator_role"), choices=OperatorRole.choices)


def _state(person: User) -> Any:
    if person.is_active:
        return formats.state("active")
    return formats.status("off", str(_("Deactivated")))


OPERATORS = (
    Column[User](_("Operator"), lambda person: link(ids.USER, person.id, person.name or person.email), kind="th"),
    Column[User](_("Email"), lambda person: person.email, wide=True),
    Column[User](_("Role"), lambda person: label(person.get_operator_role_display())),
    Column[User](_("State"), _state, wide=True),
    Column[User](_("Signed in"), lambda person: formats.ago(person.last_login), wide=True),
)


def _operator_acts(person: User, viewer: User) -> Any:
    if person == viewer:
        return _("you")
    public_id = ids.encode(ids.USER, person.id)
    buttons = (
        {
            "address": reverse("admin:operator_act", args=[public_id, name]), "word": act.word, "of": person.email,
            "dialog": True, "small": True,
        }
        for name, act in ACTS.items()
    )  # fmt: skip
    return in_row(buttons)


@operator_page(section="settings")
def operators_page(request: HttpRequest) -> HttpResponse:
    viewer = operator_of(request)
    may = operator_can(viewer, OperatorPermission.OPERATORS)
    acts: Column[User] = Column(unseen(_("Acts")), lambda person: _operator_acts(person, viewer), kind="r")
    table: List[User] = List(
        title=_("Operators"), rows=operators, columns=(*OPERATORS, acts) if may else OPERATORS, filters=(ROLE,)
    )
    action = {"address": reverse("admin:operator_new"), "word": CreateOperator.word, "main": True, "dialog": True}
    context = {"actions": [action] if may else [], "subnav": "operators"}
    return list_page(request, table, template="admin/settings/list.html", context=context)


@operator_page(OperatorPermission.OPERATORS, section="settings")
def operator_new(request: HttpRequest) -> HttpResponse:
    act = CreateOperator(request.POST or None)
    act.request = request
    return operator_act(request, act, back=reverse("admin:operators"))


@operator_page(OperatorPermission.OPERATORS, section="settings")
def operator_item_act(request: HttpRequest, operator_id: str, act: str) -> HttpResponse:
    row = find_or_404(ids.USER, operator_id, operator_find)
    if act not in ACTS:
        raise Http404
    return operator_act(request, ACTS[act](request.POST or None, operator=row), back=reverse("admin:operators"))


def _key_state(key: OperatorKey) -> Any:
    if key.revoked_at is not None:
        return formats.state("revoked")
    if key.expires_at is not None and key.expires_at <= timezone.now():
        return formats.state("expired")
    if key.created_by is not None and not key.created_by.is_active:
        return formats.status("off", str(_("Its operator is deactivated")))
    return formats.state("active")


def _revoke(key: OperatorKey) -> Any:
    if key.revoked_at is not None:
        return ""
    address = reverse("admin:operator_key_revoke", args=[ids.encode(ids.OPERATOR_KEY, key.id)])
    action = {"address": address, "word": RevokeKey.word, "of": key.name, "dialog": True, "small": True}
    return render_to_string("ui/action.html", {"action": action})


def _by_state(rows: Any, value: str) -> Any:
    return rows.filter(revoked_at__isnull=value == "active")


def _maker(key: OperatorKey) -> Any:
    return key.created_by.email if key.created_by is not None else _("manage.py")


KEYS = (
    Column[OperatorKey](_("Name"), lambda key: key.name, kind="th"),
    Column[OperatorKey](_("Prefix"), lambda key: formats.copy(key.prefix), wide=True),
    Column[OperatorKey](_("Role"), lambda key: label(key.get_role_display())),
    Column[OperatorKey](_("State"), _key_state),
    Column[OperatorKey](_("Used"), lambda key: formats.ago(key.last_used_at), wide=True),
    Column[OperatorKey](_("Expires"), lambda key: formats.moment(key.expires_at) if key.expires_at else "–", wide=True),
    Column[OperatorKey](_("By"), _maker, wide=True),
    Column[OperatorKey](_("Created"), created, wide=True),
)
REVOKE: Column[OperatorKey] = Column(unseen(_("Act")), _revoke, kind="r")


@operator_page(section="settings")
def keys_page(request: HttpRequest) -> HttpResponse:
    may = operator_can(operator_of(request), OperatorPermission.OPERATORS)
    table: List[OperatorKey] = List(
        title=_("Operator keys"),
        rows=operator_keys,
        columns=(*KEYS, REVOKE) if may else KEYS,
        filters=(
            Filter("role", _("Role"), equals("role"), choices=OperatorRole.choices),
            Filter("state", _("State"), _by_state, choices=(("active", _("Active")), ("revoked", _("Revoked")))),
        ),
        empty=_("A program of yours that calls the operators' API needs one."),
    )
    action = {"address": reverse("admin:operator_key_new"), "word": CreateKey.word, "main": True, "dialog": True}
    context = {"actions": [action] if may else [], "subnav": "operator_keys"}
    return list_page(request, table, template="admin/settings/list.html", context=context)


@operator_page(OperatorPermission.OPERATORS, section="settings")
def key_new(request: HttpRequest) -> HttpResponse:
    act = CreateKey(request.POST or None)
    act.request = request
    return operator_act(request, act, back=reverse("admin:operator_keys"))


@operator_page(OperatorPermission.OPERATORS, section="settings")
def key_revoke(request: HttpRequest, key_id: str) -> HttpResponse:
    row = row_or_404(ids.OPERATOR_KEY, key_id, operator_keys())
    return operator_act(request, RevokeKey(request.POST or None, key=row), back=reverse("admin:operator_keys"))
