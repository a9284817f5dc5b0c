"""Files of the books: a tenant's own with its key, all tenants' or one's with an operator's."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from django.http.response import HttpResponse, HttpResponseBase
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.authentication.tenant_or_operator import (
    HasScopeOrIsOperator,
    TenantOrOperatorAuthentication,
    principal_context,
)
from accounts.roles.operators import OperatorPermission
from billing.exports import schema
from billing.exports.asked import Asked
from billing.exports.datev import FORMATS, datev_export
from billing.exports.focus import focus_export
from billing.exports.journal import journal, journal_export
from billing.exports.statement import MonthStatement, month_statement, statement_export, statement_json
from billing.exports.tables import invoices_export, ledger_export, payments_export
from billing.exports.usage_statement import PDF, XLSX, UsageStatement, statement_pdf, statement_xlsx, usage_statement
from billing.invoices.selectors import OVERDUE
from billing.models import Invoice, LedgerTransaction
from billing.months import month_after
from billing.spans import SPAN
from billing.usage.parameters import month_parameters
from billing.usage.schema import USAGE_FILTERS
from cavendish.http.csv_files import Write
from cavendish.http.downloads import CSV, file_response
from cavendish.http.problems import invalid_value, not_found
from cavendish.http.schema import CSV_STYLE, problems

ANSWERS = {(200, "text/csv"): str, **problems(401, 403, 404, 422)}


class ExportView(APIView):
    authentication_classes = (TenantOrOperatorAuthentication,)
    permission_classes = (HasScopeOrIsOperator,)
    scopes = {"GET": "billing"}
    operator_permissions = {"GET": OperatorPermission.VIEW}


def csv_file(name: str, asked: Asked, fill: Callable[[Write], object]) -> HttpResponseBase:
    def filled(write: Write) -> None:
        with principal_context(asked.user):
            fill(write)

    return file_response(f"{name}.csv", CSV, filled, alias="operator" if asked.is_operator else "default")


class LedgerCsv(ExportView):
    @extend_schema(
        operation_id="ledger_csv",
        responses=ANSWERS,
        parameters=[*schema.SPAN, schema.KIND, schema.TENANT, *CSV_STYLE],
        tags=["wallet"],
    )
    def get(self, request: Request) -> HttpResponseBase:
        """Every movement of the wallet as CSV, the first first; the amounts of all of them sum to the balance."""
        asked = Asked(request, takes=(*SPAN, "kind"))
        style, kind = asked.style(), asked.choice("kind", tuple(LedgerTransaction.Kind.values))
        start, end = asked.span()
        asked.close()
        return csv_file(
            "ledger",
            asked,
            lambda write: ledger_export(
                write,
                style=style,
                tenant_id=asked.tenant_id,
                livemode=None if asked.is_operator else asked.livemode,
                kind=kind,
                start=start,
                end=end,
                operator=asked.is_operator,
            ),
        )


class InvoicesCsv(ExportView):
    @extend_schema(
        operation_id="invoices_list_csv",
        responses=ANSWERS,
        parameters=[*schema.DAYS, schema.STATUS, schema.TENANT, *CSV_STYLE],
        tags=["invoices"],
    )
    def get(self, request: Request) -> HttpResponseBase:
        """Invoices as CSV with what was paid and credited of each; `from` and `to` are days of issue."""
        asked = Asked(request, takes=(*SPAN, "status"))
        status = asked.choice("status", (*Invoice.Status.values, OVERDUE))
        excerpt = asked.excerpt()
        asked.close()
        return csv_file("invoices", asked, lambda write: invoices_export(write, excerpt, status=status))


class PaymentsCsv(ExportView):
    @extend_schema(
        operation_id="payments_csv",
        responses=ANSWERS,
        parameters=[*schema.DAYS, schema.TENANT, *CSV_STYLE],
        tags=["invoices"],
    )
    def get(self, request: Request) -> HttpResponseBase:
        """Payments of invoices as CSV; `from` and `to` are days on which they came in."""
        asked = Asked(request, takes=SPAN)
        excerpt = asked.excerpt()
        asked.close()
        return csv_file("payments", asked, lambda write: payments_export(write, excerpt))


class JournalCsv(ExportView):
    @extend_schema(
        operation_id="journal_csv",
        responses=ANSWERS,
        parameters=[*schema.DAYS, schema.FORMAT, schema.CURRENCY, schema.TENANT, *CSV_STYLE],
        tags=["wallet"],
    )
    def get(self, request: Request) -> HttpResponseBase:
        """The ledger of live mode as a journal: a line for each account, charges by day. With `format=datev` as
        DATEV's Buchungsstapel, which has an encoding and signs of its own.
        """
        asked = Asked(request, takes=(*SPAN, "format", "currency"))
        style, form, currency = asked.style(), asked.choice("format", FORMATS), asked.text("currency")
        first, last = asked.days()
        if form == "datev" and (last - timedelta(days=1)).year != first.year:
            asked.wrong("to", "out_of_range", "A file for DATEV lies within one business year.")
        asked.close()
        start, end = asked.instants(first, last)
        with principal_context(asked.user):
            postings = list(journal(tenant_id=asked.tenant_id, start=start, end=end, zone=asked.zone))
        if form != "datev":
            return csv_file(f"journal-{first}", asked, lambda write: journal_export(write, iter(postings), style=style))
        currencies = sorted({row.currency for row in postings})
        if currency is None and len(currencies) > 1:
            raise invalid_value("/currency", "required", f"Name one of {', '.join(currencies)}.")
        chosen = currency or (currencies or ["EUR"])[0]
        return csv_file(
            f"EXTF_Buchungsstapel-{first}",
            asked,
            lambda write: datev_export(
                write, postings, first=first, last=last - timedelta(days=1), currency=chosen, made=timezone.now()
            ),
        )


def asked_statement(request: Request, *, is_csv: bool) -> tuple[Asked, MonthStatement]:
    asked = Asked(request, takes=("month",), is_csv=is_csv)
    month = asked.month()
    if is_csv:
        asked.style()
    asked.close()
    tenant = asked.one_tenant()
    start, end = asked.instants(month, month_after(month))
    with principal_context(asked.user):
        statement = month_statement(
            tenant_id=tenant.id, livemode=asked.livemode, month=month, zone=asked.zone, start=start, end=end
        )
    if statement is None:
        raise not_found()
    return asked, statement


class WalletStatementView(ExportView):
    @extend_schema(
        operation_id="wallet_statement",
        responses={200: schema.WalletStatement, **problems(401, 403, 404, 422)},
        parameters=[schema.MONTH, schema.ONE_TENANT],
        tags=["wallet"],
    )
    def get(self, request: Request) -> Response:
        """A month of the wallet: the opening balance, what moved it (charges by day), the closing balance."""
        return Response(statement_json(asked_statement(request, is_csv=False)[1]))


class WalletStatementCsv(ExportView):
    @extend_schema(
        operation_id="wallet_statement_csv",
        responses=ANSWERS,
        parameters=[schema.MONTH, schema.ONE_TENANT, *CSV_STYLE],
        tags=["wallet"],
    )
    def get(self, request: Request) -> HttpResponseBase:
        """The same as CSV."""
        asked, statement = asked_statement(request, is_csv=True)
        style = asked.style()
        name = f"statement-{statement.month:%Y-%m}"
        return csv_file(name, asked, lambda write: statement_export(write, statement, style=style))


class UsageFocusCsv(ExportView):
    @extend_schema(
        operation_id="usage_focus_csv",
        responses=ANSWERS,
        parameters=[*schema.DAYS, schema.TENANT, *CSV_STYLE],
        tags=["usage"],
    )
    def get(self, request: Request) -> HttpResponseBase:
        """Usage with the columns of FOCUS, for tools of cloud costs; operators get the upstream's cost too."""
        asked = Asked(request, takes=SPAN)
        excerpt = asked.excerpt(running=True)
        asked.close()
        return csv_file(f"focus-{excerpt.first}", asked, lambda write: focus_export(write, excerpt))


class UsageStatementView(ExportView):
    """A statement of usage, as a sheet or on paper."""

    def statement(self, request: Request) -> UsageStatement:
        parameters = month_parameters(request)
        query = parameters.query()
        with principal_context(parameters.user):
            whose = parameters.tenant_name(query.tenant_id)
            return usage_statement(query, whose=whose, operator=parameters.is_operator)


def _attached(content: bytes, content_type: str, name: str) -> HttpResponse:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(content, content_type=content_type, headers=headers)


class UsageStatementXlsx(UsageStatementView):
    @extend_schema(
        operation_id="usage_statement_xlsx",
        responses={(200, XLSX): bytes, **problems(401, 403, 404, 422)},
        parameters=[schema.GROUP_BY, schema.MONTH, *USAGE_FILTERS],
        tags=["usage"],
    )
    def get(self, request: Request) -> HttpResponse:
        """What was used in a month, by team, tag, key or model, as a sheet."""
        return _attached(statement_xlsx(self.statement(request)), XLSX, "usage.xlsx")


class UsageStatementPdf(UsageStatementView):
    @extend_schema(
        operation_id="usage_statement_pdf",
        responses={(200, PDF): bytes, **problems(401, 403, 404, 422)},
        parameters=[schema.GROUP_BY, schema.MONTH, *USAGE_FILTERS],
        tags=["usage"],
    )
    def get(self, request: Request) -> HttpResponse:
        """The same on paper."""
        return _attached(statement_pdf(self.statement(request), at=timezone.now()), PDF, "usage.pdf")
