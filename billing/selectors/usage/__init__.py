"""Reports of usage, from the roll-ups: one statement for JSON and CSV, so that their numbers cannot differ."""

from __future__ import annotations

from billing.selectors.usage.export import export_records, export_usage
from billing.selectors.usage.query import DIMENSIONS, METADATA, Cursor, UsageQuery
from billing.selectors.usage.read import Sums, UsagePage, UsageRow, usage_read, usage_tags

__all__ = [
    "DIMENSIONS",
    "METADATA",
    "Cursor",
    "Sums",
    "UsagePage",
    "UsageQuery",
    "UsageRow",
    "export_records",
    "export_usage",
    "usage_read",
    "usage_tags",
]
