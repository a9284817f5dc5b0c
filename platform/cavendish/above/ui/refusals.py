"""What a service refused, in the viewer's language where its sentence is known; else in English, as the API says it."""

from __future__ import annotations

from billing.errors import INVOICE_DETAILS, InvoiceRefused
from cavendish.above.ui.labels import label
from cavendish.above.ui.sayings import said
from cavendish.http.problems import Problem


def refusal_text(refusal: Problem) -> str:
    """Returns the sentence that says what is wrong, with its values."""
    if isinstance(refusal, InvoiceRefused):
        facts = {
            name: label(str(value).capitalize()) if name == "status" else value for name, value in refusal.facts.items()
        }
        return label(INVOICE_DETAILS[refusal.reason]).format(**facts)
    return said(refusal.detail)
