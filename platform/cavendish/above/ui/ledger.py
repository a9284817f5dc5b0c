"""How movements of the ledger read."""

from __future__ import annotations

from billing.models import LedgerTransaction
from cavendish.above.ui.labels import label
from cavendish.above.ui.marks import named


def movement_text(row: LedgerTransaction) -> str:
    """Returns what moved: "Top-up: Wire 17"."""
    kind = label(row.get_kind_display())
    return named(kind, row.reason) if row.reason else kind
