"""Bodies around invoices: payments, credit notes, voids, billing profiles, legal entities."""

from __future__ import annotations

from billing.fields import MOST_EMAILS, Email, Month
from cavendish.http.json_body import Body, Listed, Text


class DraftNew(Body):
    month = Month()


class VoidBody(Body):
    reason = Text(max_length=300)


class SendBody(Body):
    """Without `to` it goes to whom the profile names."""

    to = Listed(child=Email(max_length=254), allow_empty=False, max_length=MOST_EMAILS, required=False)
