"""The files of invoices and credit notes, as the API and the pages send them."""

from __future__ import annotations

from django.http import HttpResponse

from billing.invoices.document_store import file_name
from billing.invoices.representation import invoice_csv
from billing.invoices.selectors import FullInvoice
from billing.models import Invoice
from cavendish.http.csv_files import PLAIN, CsvStyle


def draft_name(invoice: Invoice) -> str:
    """Returns the name of a draft's PDF: it has no number yet."""
    return f"draft-{invoice.month:%Y-%m}.pdf"


def csv_response(full: FullInvoice, style: CsvStyle = PLAIN) -> HttpResponse:
    """Returns the lines as CSV, and the tax as one of them; the column `amount` sums to the total."""
    number = full.invoice.number
    name = (file_name(number) if number else draft_name(full.invoice)).removesuffix(".pdf")
    return HttpResponse(
        b"".join(invoice_csv(full, style)),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}.csv"'},
    )
