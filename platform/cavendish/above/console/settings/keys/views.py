"""API keys: the list, a key, and what is done to it."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.keys.representation import STATUSES
from accounts.models import ApiKey, AuditEvent, Membership, Scope
from accounts.roles.permissions import Permission, scopes_of
from cavendish.above.console.settings.keys import acts, cells
from cavendish.above.console.settings.keys.selectors import OLD, keys_of, secrets_since, with_budget
from cavendish.above.console.settings.pages import acting, listed, settings_page, shown
from cavendish.above.console.settings.words import PERMISSIONS
from cavendish.above.console.workplace import Workplace
from cavendish.above.ui.audit.sentences import sentence
from cavendish.above.ui.cells import created, model_name, unseen
from cavendish.above.ui.labels import SCOPES
from cavendish.above.ui.lists import Column, Filter, List
from cavendish.above.ui.marks import listed as words_listed
from cavendish.above.ui.public_ids import row_or_404
from cavendish.db import ids

page = settings_page(Permission.KEYS, current="keys")
EVENTS_SHOWN = 10


@page
def keys(request: HttpRequest, work: Workplace) -> HttpResponse:
    ended = request.GET.get("state") in {"revoked", "expired"}
    with work.reading():
        working = keys_of(work.tenant_id, livemode=work.livemode).filter(revoked_at=None)
        budgets = with_budget(work.tenant_id, list(working.values_list("id", flat=True)))
    table: List[ApiKey] = List(
        title=_("API keys"),
        rows=lambda: keys_of(work.tenant_id, livemode=work.livemode).filter(**({} if ended else {"revoked_at": None})),
        columns=(
            Column(_("Key"), cells.named, kind="th"),
            Column(_("What it may do"), cells.may),
            Column(_("Last used"), cells.used, wide=True),
            Column(_("Limits"), lambda key: cells.limited(key, has_budget=key.id in budgets), wide=True),
            Column(_("Age"), created, wide=True),
            Column(unseen(gettext_lazy("Acts")), cells.buttons, kind="r"),
        ),
        filters=(
            Filter(
                "state", _("State"), lambda rows, value: rows.filter(STATUSES[value]()),
                choices=[(name, word) for name, (_tone, word) in cells.STATES.items()],
            ),
            Filter("q", _("Search"), lambda rows, text: rows.filter(name__icontains=text), placeholder=_("Name")),
        ),
        empty=_("Create a key for each program, so that each can be limited and revoked alone."),
    )  # fmt: skip
    create = {"address": reverse("console:key_new"), "word": _("Create key"), "main": True, "dialog": True}
    lead = _("Live keys make pictures that are charged.") if work.livemode else _("Test keys get free samples.")
    return listed(request, work, table, actions=[create], modes=True, lead=lead)


@page
def key_new(request: HttpRequest, work: Workplace) -> HttpResponse:
    scopes = [scope for scope in Scope.values if scope in scopes_of(work.role)]
    options = {"scopes": scopes, "people": _people(work), "livemode": work.livemode}
    return acting(request, work, acts.CreateKey, back=reverse("console:keys"), **options)


@page
def key(request: HttpRequest, work: Workplace, key_id: str) -> HttpResponse:
    row = _key(work, key_id)
    with work.reading():
        since = secrets_since(work.tenant_id, [row])[row.id]
        has_budget = bool(with_budget(work.tenant_id, [row.id]))
        events = []
        if work.may(Permission.AUDIT):
            found = AuditEvent.objects.filter(tenant_id=work.tenant_id, target_id=row.id.hex, target="api_key")
            events = [(event, sentence(event, full=False)) for event in found.order_by("-id")[:EVENTS_SHOWN]]
    ends = row.previous_expires_at
    context = {
        "key": row,
        "public_id": ids.encode(ids.API_KEY, row.id),
        "state": cells.state(row),
        "may": [(SCOPES[scope], PERMISSIONS[scope]) for scope in SCOPES if scope in row.scopes],
        "models": words_listed(model_name(model) for model in row.allowed_models or []),
        "limits": cells.limits(row),
        "has_budget": has_budget,
        "secret_since": since,
        "is_old": timezone.now() - since > OLD and row.revoked_at is None and not row.is_console,
        "overlap_until": ends if ends is not None and ends > timezone.now() and row.revoked_at is None else None,
        "events": events,
    }
    return shown(request, work, "console/settings/keys/key.html", context)


@page
def key_change(request: HttpRequest, work: Workplace, key_id: str) -> HttpResponse:
    row = _key(work, key_id)
    back = cells.address_of(row)
    if row.is_console:
        return acting(request, work, acts.ChangeLimits, back=back, key=row)
    scopes = [scope for scope in Scope.values if scope in scopes_of(work.role) or scope in row.scopes]
    return acting(request, work, acts.ChangeKey, back=back, key=row, scopes=scopes, people=_people(work))


@page
def key_rotate(request: HttpRequest, work: Workplace, key_id: str) -> HttpResponse:
    return acting(request, work, acts.RotateKey, back=reverse("console:keys"), key=_key(work, key_id, secret=True))


@page
def key_revoke(request: HttpRequest, work: Workplace, key_id: str) -> HttpResponse:
    return acting(request, work, acts.RevokeKey, back=reverse("console:keys"), key=_key(work, key_id, secret=True))


def _key(work: Workplace, public: str, *, secret: bool = False) -> ApiKey:
    """Returns a key of either mode; with `secret` none of the console's, which has none."""
    with work.reading():
        rows = ApiKey.objects.filter(tenant_id=work.tenant_id).select_related("member", "created_by")
        row: ApiKey = row_or_404(ids.API_KEY, public, rows)
    if secret and row.is_console:
        raise Http404
    return row


def _people(work: Workplace) -> list[tuple[str, str]]:
    with work.reading():
        rows = Membership.objects.filter(tenant_id=work.tenant_id).select_related("user").order_by("user__email")
        return [(ids.encode(ids.USER, row.user_id), row.user.name or row.user.email) for row in rows[:1000]]
