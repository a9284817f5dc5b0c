from __future__ import annotations

from pathlib import Path

from billing.reconcile import Check, checks_in

FOLDER = Path(__file__).parent / "sql"


def jobs_checks() -> list[Check]:
    return checks_in(FOLDER)
