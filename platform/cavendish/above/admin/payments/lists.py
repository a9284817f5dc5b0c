"""What was asked for at the payment provider, of all tenants or one; and the log of the provider's events."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext, ngettext, pgettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from billing.models import ProviderEvent, ProviderPayment
from billing.provider_payments.selectors import owed_payments, stuck_payments
from billing.provider_payments.troubles import is_stuck, payment_owed
from cavendish.above.admin.links import TENANT, link, tenant_link
from cavendish.above.admin.payments.acts import EventSetAside, EventTryAgain
from cavendish.above.ui import formats
from cavendish.above.ui.cells import created, in_row, unseen
from cavendish.above.ui.labels import label
from cavendish.above.ui.lists import LOOK_THROUGH, Column, Filter, List, equals
from cavendish.above.ui.payments import payment_state, problem_text
from cavendish.db import ids

Status = ProviderPayment.Status
TONES = {"received": "waiting", "processed": "good", "ignored": "off", "set_aside": "off"}


def state_cell(row: ProviderPayment) -> Any:
    """Returns the state, and why it cannot be booked or that an operator set it aside."""
    if is_stuck(row):
        state, why = formats.status("bad", gettext("Not booked")), problem_text(row.problem, row.problem_detail)
    else:
        state, why = payment_state(row), gettext("set aside") if row.set_aside_at is not None else ""
    return format_html('{} <span class="quiet small">{}</span>', state, why) if why else state


def _for(row: ProviderPayment) -> Any:
    payment = link(ids.PROVIDER_PAYMENT, row.id, label(row.get_purpose_display()))
    if row.invoice_id is None:
        return payment
    return format_html('{}<br><span class="quiet small">{}</span>', payment, link(ids.INVOICE, row.invoice_id))


def _owed(row: ProviderPayment) -> Any:
    owed = payment_owed(row)
    return format_html('<b class="bad">{}</b>', formats.money(owed, row.currency)) if owed > 0 else "–"


def _came(row: ProviderPayment) -> str:
    if row.came is not None:
        return formats.money(row.came, row.came_currency)
    return formats.money(row.received, row.currency) if row.booked_at else "–"


def _narrowed(rows: QuerySet[ProviderPayment], value: str) -> QuerySet[ProviderPayment]:
    match value:
        case "open":
            return rows.filter(status__in=ProviderPayment.OPEN)
        case "stuck":
            return stuck_payments(rows)
        case "owed":
            return owed_payments(rows)
        case _:
            return rows.filter(status=value)


def _few(rows: QuerySet[ProviderPayment], value: str) -> QuerySet[ProviderPayment] | None:
    """Narrows to what an index of its own serves: what is open, what cannot be booked, and what is owed."""
    return _narrowed(rows, value) if value in {"open", "stuck", "owed"} else None


PAYMENTS: List[ProviderPayment] = List(
    title=_("Provider payments"),
    rows=lambda: ProviderPayment.objects.select_related("tenant", "method"),
    columns=(
        Column(_("When"), created),
        Column(pgettext_lazy("payment", "For"), _for, kind="th"),
        Column(_("Asked for"), lambda row: formats.money(row.amount, row.currency), kind="r"),
        Column(_("Came"), _came, kind="r", wide=True),
        Column(_("Owed"), _owed, kind="r", wide=True),
        Column(_("State"), state_cell),
        Column(_("Tenant"), tenant_link),
        Column(_("Movement"), lambda row: link(ids.LEDGER_TRANSACTION, row.ledger_transaction_id), wide=True),
        Column(_("At the provider"), lambda row: formats.copy_id(row.reference) if row.reference else "–", wide=True),
    ),
    filters=(
        TENANT,
        Filter(
            "state", _("State"), _narrowed, index=_few, rank=1,
            choices=(
                ("open", pgettext_lazy("state", "Open")), ("stuck", _("Cannot be booked")),
                ("owed", pgettext_lazy("payment", "Taken back and owed")), ("succeeded", _("Succeeded")),
                ("failed", _("Failed")),
            ),
        ),
        Filter("reference", _("Reference"), equals("reference"), index=equals("reference"), rank=0),
    ),
    look_through=LOOK_THROUGH,
    empty=_("Nothing was asked for at a payment provider yet."),
)  # fmt: skip


def event_state(row: ProviderEvent) -> Any:
    """Returns the state, and why it waits, since how many tries and until when, or what was decided."""
    waits = row.state == ProviderEvent.State.RECEIVED
    state = formats.status(TONES[row.state], gettext("Waiting") if waits else label(row.get_state_display()))
    if row.state == ProviderEvent.State.SET_ASIDE:
        return format_html('{} <span class="quiet small">{}</span>', state, row.set_aside_note)
    if not row.error:
        return state
    why = problem_text(row.error, row.error_detail)
    if not waits:
        return format_html('{} <span class="quiet small">{}</span>', state, why)
    tries = ngettext("%s try", "%s tries", row.tries).replace("%s", formats.count(row.tries))
    due = formats.moment(row.due_at) if row.due_at > timezone.now() else gettext("now")
    return format_html(
        '{} <span class="bad small">{}</span> <br><span class="quiet small">{}, {} {}</span>',
        state, why, tries, pgettext("try", "next"), due,
    )  # fmt: skip


def _about(row: Any) -> Any:
    if row.payment_id is not None:
        return link(ids.PROVIDER_PAYMENT, row.payment_id, formats.short_id(row.object_reference))
    return formats.copy_id(row.object_reference) if row.object_reference else "–"


def _with_payments(rows: Iterable[Any]) -> None:
    """Reads at once which payments the events of a page are about."""
    named = {row.object_reference for row in rows if row.object_reference}
    found: dict[str, Any] = {}
    if named:
        mine = ProviderPayment.objects.filter(Q(reference__in=named) | Q(page_reference__in=named))
        for id_, *references in mine.values_list("id", "reference", "page_reference"):
            found |= dict.fromkeys(filter(None, references), id_)
    for row in rows:
        row.payment_id = found.get(row.object_reference)


def _waiting(rows: QuerySet[ProviderEvent], value: str) -> QuerySet[ProviderEvent]:
    match value:
        case "waiting":
            return rows.filter(state=ProviderEvent.State.RECEIVED)
        case "failing":
            return rows.filter(state=ProviderEvent.State.RECEIVED, tries__gt=0)
        case _:
            return rows.filter(state=ProviderEvent.State.SET_ASIDE)


def event_acts(row: ProviderEvent, *, small: bool = False) -> list[dict[str, Any]]:
    """Returns the buttons of an event that waits."""
    if row.state != ProviderEvent.State.RECEIVED:
        return []
    return [
        {
            "address": reverse(f"admin:provider_event_{name}", args=[row.reference]),
            "word": act.word, "of": row.type, "dialog": True, "small": small,
        }
        for name, act in (("retry", EventTryAgain), ("set_aside", EventSetAside))
    ]  # fmt: skip


RECEIVED: Column[Any] = Column(_("Received"), lambda row: formats.moment(row.received_at))
STATE: Column[Any] = Column(_("State"), event_state)
EVENT: Column[Any] = Column(_("Event"), lambda row: format_html('<span class="cut">{}</span>', row.type), kind="th")
ACT: Column[Any] = Column(unseen(_("Act")), lambda row: in_row(event_acts(row, small=True)), kind="r")
BELONGS: Sequence[Column[Any]] = (
    Column(_("About"), _about),
    Column(_("Tenant"), lambda row: link(ids.TENANT, row.tenant_id) if row.tenant_id else "–"),
)


def events_list(*, may: bool) -> List[Any]:
    """Returns the list of events, with buttons where they would act."""
    return List(
        title=_("Provider events"),
        rows=lambda: ProviderEvent.objects.all(),
        columns=(RECEIVED, STATE, EVENT, *BELONGS, *([ACT] if may else [])),
        filters=(
            Filter(
                "state", _("State"), _waiting, index=_waiting, rank=1,
                choices=(
                    ("waiting", _("Waiting")), ("failing", _("Waiting, failed before")), ("set_aside", _("Set aside")),
                ),
            ),
            Filter("id", _("Id"), equals("reference"), index=equals("reference"), rank=0),
        ),
        prepare=_with_payments,
        empty=_("The provider has told nothing yet."),
    )  # fmt: skip
