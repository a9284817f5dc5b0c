"""The ledger: balanced movements of money, newest first; one of them; and the statement of a wallet."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django.db.models import OuterRef, Q, QuerySet, Subquery, Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from accounts.roles.operators import OperatorPermission, operator_can
from billing.ledger.selectors import ledger_transaction, top_up_left, wallet_statement
from billing.models import Invoice, LedgerEntry, LedgerTransaction
from billing.money import ZERO
from cavendish.above.admin.ledger.journal import DATEV, JournalAsked, file_of, journal_asked, postings_of
from cavendish.above.admin.ledger.selectors import cursor_text, statement_asked
from cavendish.above.admin.links import TENANT, link, tenant_link
from cavendish.above.admin.pages import operator_of, operator_page
from cavendish.above.ui import formats
from cavendish.above.ui.cells import MODE, SINCE, UNTIL
from cavendish.above.ui.labels import label
from cavendish.above.ui.ledger import movement_text
from cavendish.above.ui.lists import LOOK_THROUGH, Column, Filter, FilterInvalid, List, equals, list_page
from cavendish.above.ui.public_ids import find_or_404
from cavendish.above.ui.spreadsheet import MOST_ROWS, csv_response, list_rows
from cavendish.above.ui.words import actor_text
from cavendish.db import ids
from cavendish.http.downloads import CSV


def _rows() -> QuerySet[LedgerTransaction]:
    sides = LedgerEntry.objects.filter(transaction=OuterRef("pk"), account="wallet").values("transaction")
    wallet = Subquery(sides.annotate(sum=Sum("amount")).values("sum"))
    currency = Subquery(LedgerEntry.objects.filter(transaction=OuterRef("pk")).values("currency")[:1])
    rows: QuerySet[LedgerTransaction] = LedgerTransaction.objects.select_related("tenant")
    return rows.annotate(wallet=wallet, currency=currency)


def _wallet(row: Any) -> str:
    return formats.money(row.wallet, row.currency or "", digits=4, plus=True) if row.wallet is not None else "–"


def _movement(row: LedgerTransaction) -> Any:
    return link(ids.LEDGER_TRANSACTION, row.id, label(row.get_kind_display()))


def _rare_kind(rows: QuerySet[LedgerTransaction], value: str) -> QuerySet[LedgerTransaction] | None:
    """Narrows to movements of a kind; None for charges, which most are."""
    return rows.filter(kind=value) if value != LedgerTransaction.Kind.CHARGE else None


def _of_job(rows: QuerySet[LedgerTransaction], value: str) -> QuerySet[LedgerTransaction]:
    """Narrows to the movements of one job: its charge, by that index, and what was given back, among the few others."""
    generation_id = ids.decode(ids.GENERATION, value)
    if generation_id is None:
        raise FilterInvalid(_now("Write a job's id, like gen_…."))
    charge = Q(kind=LedgerTransaction.Kind.CHARGE)
    return rows.filter(charge & Q(generation_id=generation_id) | ~charge & Q(generation_id=generation_id))


LEDGER: List[LedgerTransaction] = List(
    title=_("Ledger"),
    rows=_rows,
    columns=(
        Column(_("When"), lambda row: formats.moment(row.at)),
        Column(_("Movement"), _movement, kind="th"),
        Column(_("Tenant"), tenant_link),
        Column(_("On the wallet"), _wallet, kind="r"),
        Column(_("Reason"), lambda row: row.reason[:80], wide=True),
        Column(_("Job"), lambda row: link(ids.GENERATION, row.generation_id), wide=True),
        Column(_("By"), lambda row: actor_text(row.actor)[:40] or "–", wide=True),
    ),
    filters=(
        TENANT,
        Filter("kind", _("Movement"), equals("kind"), choices=LedgerTransaction.Kind.choices, index=_rare_kind, rank=2),
        Filter("job", _("Job"), _of_job, placeholder="gen_…", index=_of_job, rank=0),
        Filter("reference", _("Reference"), equals("reference"), index=equals("reference"), rank=0),
        MODE,
        SINCE,
        UNTIL,
    ),
    look_through=LOOK_THROUGH,
    empty=_("Money moves with the first top-up or charge."),
)


@operator_page(section="ledger")
def ledger(request: HttpRequest) -> HttpResponse:
    return list_page(request, LEDGER, template="admin/ledger/ledger.html")


@operator_page(section="ledger")
def ledger_csv(request: HttpRequest) -> HttpResponse:
    rows = list_rows(request, LEDGER)
    if rows is None:
        return ledger(request)
    head = ("id", "at", "kind", "tenant", "mode", "wallet", "currency", "reason", "reference", "generation", "by")
    return csv_response("ledger", head, (_csv_row(row) for row in rows))


def _csv_row(row: Any) -> tuple[Any, ...]:
    return (
        ids.encode(ids.LEDGER_TRANSACTION, row.id), row.at, row.kind, row.tenant.slug,
        "live" if row.livemode else "test", row.wallet, row.currency, row.reason, row.reference,
        ids.encode(ids.GENERATION, row.generation_id) if row.generation_id else "", row.actor,
    )  # fmt: skip


@operator_page(section="ledger")
def transaction(request: HttpRequest, transaction_id: str) -> HttpResponse:
    booked = find_or_404(ids.LEDGER_TRANSACTION, transaction_id, ledger_transaction)
    row = booked.transaction
    context = {
        **_reversing(request, row),
        "row": row,
        "title": movement_text(row),
        "public_id": transaction_id,
        "entries": booked.entries,
        "currency": booked.entries[0].currency if booked.entries else "",
        "wallet": sum((entry.amount for entry in booked.entries if entry.account == "wallet"), ZERO),
        "sum": sum((entry.amount for entry in booked.entries), ZERO),
        "invoice": Invoice.objects.filter(id=row.invoice_id).first() if row.invoice_id else None,
    }
    return render(request, "admin/ledger/transaction.html", context)


def _reversing(request: HttpRequest, row: LedgerTransaction) -> dict[str, Any]:
    """Returns what a top-up's page says of taking it back: what was, what is left to whoever may, and the act."""
    if row.kind != LedgerTransaction.Kind.TOP_UP:
        return {}
    public = ids.encode(ids.TENANT, row.tenant_id), "reverse-top-up", ids.encode(ids.LEDGER_TRANSACTION, row.id)
    may = operator_can(operator_of(request), OperatorPermission.MONEY)
    return {
        "reversals": LedgerTransaction.objects.filter(reverses_id=row.id).values_list("id", flat=True),
        "left": top_up_left(row) if may else None,
        "action": {"address": reverse("admin:tenant_item_act", args=public), "word": _now("Reverse"), "dialog": True},
    }


@operator_page(section="ledger")
def statement(request: HttpRequest) -> HttpResponse:
    asked = statement_asked(request.GET)
    found = None
    if asked.tenant is not None and not asked.errors:
        found = wallet_statement(
            tenant_id=asked.tenant.id, livemode=asked.livemode, start=asked.start, end=asked.end, after=asked.cursor
        )
    context = {
        "asked": asked,
        "statement": found,
        "rows": [(row, movement_text(row.entry.transaction)) for row in found.rows] if found else [],
        "older": cursor_text(found.next) if found and found.next else "",
        "of_tenant": request.GET.get("tenant", "").strip(),
        "since": request.GET.get("since", ""),
        "until": request.GET.get("until", ""),
    }
    return render(request, "admin/ledger/statement.html", context, status=400 if asked.errors else 200)


@operator_page(section="ledger")
def statement_csv(request: HttpRequest) -> HttpResponse:
    asked = statement_asked(request.GET)
    if asked.tenant is None or asked.errors:
        return statement(request)
    found = wallet_statement(
        tenant_id=asked.tenant.id, livemode=asked.livemode, start=asked.start, end=asked.end, limit=MOST_ROWS
    )
    rows = [
        (
            row.entry.at, row.entry.transaction.kind, row.entry.transaction.reason, row.entry.amount, row.balance,
            row.entry.currency, ids.encode(ids.LEDGER_TRANSACTION, row.entry.transaction.id),
        )
        for row in (found.rows if found else [])
    ]  # fmt: skip
    head = ("at", "kind", "reason", "amount", "balance", "currency", "transaction")
    return csv_response(f"statement-{asked.tenant.slug}", head, rows)


@operator_page(section="ledger")
def journal(request: HttpRequest) -> HttpResponse:
    """The form of the journal's file; with what is wrong in it where no file could be made."""
    return _journal_page(request, journal_asked(request.GET))


@operator_page(section="ledger")
def journal_file(request: HttpRequest) -> HttpResponse:
    """The file; the page with the reason where it cannot be made."""
    asked = journal_asked(request.GET)
    if asked.errors:
        return _journal_page(request, asked)
    postings = postings_of(asked)
    currencies = sorted({row.currency for row in postings})
    if asked.form == DATEV and not asked.currency and len(currencies) > 1:
        wrong = _now("Name one: %s.") % ", ".join(currencies)
        return _journal_page(request, replace(asked, errors={"currency": wrong}))
    name, fill = file_of(asked, postings, asked.currency or (currencies or ["EUR"])[0])
    parts: list[bytes] = []
    fill(parts.append)
    return HttpResponse(
        b"".join(parts), content_type=CSV, headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )


def _journal_page(request: HttpRequest, asked: JournalAsked) -> HttpResponse:
    context = {"asked": asked, "of_tenant": request.GET.get("tenant", "").strip()}
    return render(request, "admin/ledger/journal.html", context, status=400 if asked.errors else 200)
