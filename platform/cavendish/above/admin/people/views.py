"""People: the list, and one person's page."""

from __future__ import annotations

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.models import AuditEvent, Membership, User
from accounts.roles.operators import operator_can, person_permission
from cavendish.above.admin.links import address_of, link
from cavendish.above.admin.pages import operator_act, operator_of, operator_page, refused
from cavendish.above.admin.people.acts import ACTS
from cavendish.above.ui import formats
from cavendish.above.ui.cells import created
from cavendish.above.ui.labels import label
from cavendish.above.ui.lists import Column, Filter, List, list_page, yes_or_no
from cavendish.db import ids

YES_NO = (("yes", _("Yes")), ("no", _("No")))


def _matching(rows: QuerySet[User], text: str) -> QuerySet[User]:
    return rows.filter(Q(email__icontains=text) | Q(name__icontains=text))


PEOPLE: List[User] = List(
    title=_("People"),
    rows=lambda: User.objects.all(),
    columns=(
        Column(_("Person"), lambda person: link(ids.USER, person.id, person.name or person.email), kind="th"),
        Column(_("Email"), lambda person: person.email),
        Column(_("State"), lambda person: formats.state("active" if person.is_active else "closed")),
        Column(_("Operator"), lambda person: label(person.get_operator_role_display()) if person.is_staff else "–"),
        Column(_("Signed in"), lambda person: formats.ago(person.last_login), wide=True),
        Column(_("Since"), created, wide=True),
    ),
    filters=(
        Filter("q", _("Email or name"), _matching, kind="search"),
        Filter(
            "active",
            _("State"),
            yes_or_no("is_active"),
            choices=(("yes", _("Active")), ("no", _("Closed"))),
        ),
        Filter("operator", _("Operator"), yes_or_no("is_staff"), choices=YES_NO),
    ),
)


@operator_page(section="people")
def people(request: HttpRequest) -> HttpResponse:
    return list_page(request, PEOPLE)


@operator_page(section="people")
def person(request: HttpRequest, person_id: str) -> HttpResponse:
    row = _person_of(person_id)
    factors = list(Authenticator.objects.filter(user=row).values_list("type", flat=True))
    actions = []
    if operator_can(operator_of(request), person_permission(row)):
        offered = ["reset-factors"] if factors else []
        offered += ["end-sessions", "deactivate"] if row.is_active else ["reactivate"]
        actions = [
            {
                "address": reverse("admin:person_act", args=[person_id, name]),
                "word": ACTS[name].word,
                "danger": ACTS[name].danger,
                "dialog": True,
            }
            for name in offered
            if row != request.user or name == "end-sessions"
        ]
    context = {
        "row": row,
        "public_id": person_id,
        "memberships": Membership.objects.select_related("tenant").filter(user=row).order_by("created_at"),
        "factors": factors,
        "sessions": UserSession.objects.filter(user=row).order_by("-last_seen_at")[:20],
        "audit": AuditEvent.objects.filter(target_id__in=[str(row.id), row.id.hex]).order_by("-id")[:10],
        "actions": actions,
    }
    return render(request, "admin/people/person.html", context)


@operator_page(section="people")
def person_act(request: HttpRequest, person_id: str, act: str) -> HttpResponse:
    row = _person_of(person_id)
    if act not in ACTS or (row == request.user and act != "end-sessions"):
        raise Http404
    permission = person_permission(row)
    if not operator_can(operator_of(request), permission):
        return refused(request, permission)
    return operator_act(request, ACTS[act](request.POST or None, person=row), back=address_of(ids.USER, row.id))


def _person_of(text: str) -> User:
    value = ids.decode(ids.USER, text)
    row: User | None = User.objects.filter(id=value).first() if value else None
    if row is None:
        raise Http404
    return row
