"""Receipts: what says that a top-up came in. Payments on account, no sales: docs/decisions/0034-receipts.md."""

from __future__ import annotations
