"""The month of usage as a sheet and on paper, by what the page is grouped by."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from accounts.roles.permissions import Permission
from billing.exports.usage_statement import PDF, XLSX, UsageStatement, statement_pdf, statement_xlsx, usage_statement
from billing.usage.query import UsageQuery
from cavendish.above.console.pages import console_page
from cavendish.above.console.usage.report import asked_of
from cavendish.above.console.workplace import Workplace


def _statement(request: HttpRequest, work: Workplace) -> tuple[UsageStatement, str]:
    """Returns the statement, and the name of its file without the ending."""
    with work.reading():
        asked = asked_of(request, work)
        first = asked.month.first
        query = UsageQuery(
            start=first,
            end=asked.month.end,
            livemode=asked.livemode,
            group_by=(asked.dimension,) if asked.by != "tag" or asked.tag else ("model",),
            tag=asked.tag if asked.by == "tag" and asked.tag else None,
            tenant_id=work.tenant_id,
        )
        statement = usage_statement(query, whose=work.tenant.name, operator=False)
    return statement, f"usage-{asked.month.value}-by-{asked.by}"


def _attached(content: bytes, content_type: str, name: str) -> HttpResponse:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(content, content_type=content_type, headers=headers)


@console_page(Permission.BILLING, section="usage")
def usage_xlsx(request: HttpRequest, work: Workplace) -> HttpResponse:
    statement, name = _statement(request, work)
    return _attached(statement_xlsx(statement), XLSX, f"{name}.xlsx")


@console_page(Permission.BILLING, section="usage")
def usage_pdf(request: HttpRequest, work: Workplace) -> HttpResponse:
    statement, name = _statement(request, work)
    return _attached(statement_pdf(statement, at=timezone.now()), PDF, f"{name}.pdf")
