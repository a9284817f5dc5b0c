"""Compares what the books say in one place with what they say in another. Every difference is a defect of ours.

A check is one file, `sql/<name>.sql`: a comment that says what is compared, then one query that returns what differs.
Its columns are `tenant_id`, `subject` (an id or a key), then what each side says. It takes `%(tenant)s` (NULL for all),
`%(first)s`, `%(end)s` (billing dates; a check of what has none looks at all of it), and for what was written since the
last run `%(since)s` with `%(jobs)s` and `%(books)s`, the first ids of its jobs and of its transactions. Where the sums
are too many to be held at once, a line `--! monthly` has it run for each month by itself. A new table brings its check
as a new file; jobs and objects have theirs in `generations/reconcile`, which is above billing.
"""

from __future__ import annotations

from billing.reconcile.checks import Check, Differences, Scope, Since, checks_in
from billing.reconcile.run import Snapshot, books_checks, snapshot

__all__ = ["Check", "Differences", "Scope", "Since", "Snapshot", "books_checks", "checks_in", "snapshot"]
