"""`manage.py reconcile`: the books against themselves, jobs and stored objects, or against the upstream's bill.

Exits with 0 when nothing differs and with 1 when something does. It only reads, from one snapshot, beside running jobs.
"""

from __future__ import annotations

import json
import sys
from argparse import ArgumentTypeError
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.models import Tenant
from billing.reconcile import Check, Differences, Scope, books_checks, snapshot
from billing.reconcile.upstream import (
    SKUS,
    ZONE,
    Export,
    ExportUnreadable,
    UpstreamDifference,
    export_read,
    upstream_compare,
)
from cavendish.db import ids
from cavendish.db.router import acting_as
from cavendish.storage import objects
from generations.reconcile import jobs_checks, objects_compare


def month(text: str) -> date:
    try:
        return date.fromisoformat(f"{text}-01")
    except ValueError:
        raise ArgumentTypeError("a month is written like 2026-11") from None


def percent(text: str) -> Decimal:
    try:
        found = Decimal(text)
    except InvalidOperation:
        found = Decimal(-1)
    if not found.is_finite() or not 0 <= found <= 100:
        raise ArgumentTypeError("a tolerance is a percentage from 0 to 100")
    return found


def zone(text: str) -> str:
    try:
        ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError):
        raise ArgumentTypeError("no such time zone; one is called America/Los_Angeles") from None
    return text


class Command(BaseCommand):
    help = "Compares jobs, charges, usage, ledger, holds, budgets, roll-ups, wallets, invoices and stored objects."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--tenant", metavar="SLUG or ID", help="only this tenant's")
        parser.add_argument("--month", type=month, metavar="YYYY-MM", help="only what is billed in this month")
        parser.add_argument("--checks", default="", metavar="NAMES", help="only these, parted by commas")
        parser.add_argument("--no-objects", action="store_true", help="leave the stored objects out")
        parser.add_argument("--rows", type=int, default=20, metavar="N", help="rows shown of each check (20)")
        parser.add_argument("--json", action="store_true", help="one JSON document instead of lines")
        parser.add_argument("--upstream", type=Path, metavar="FILE", help="the upstream's billing export instead (CSV)")
        parser.add_argument(
            "--upstream-zone", type=zone, default=ZONE, metavar="ZONE", help="of its days (%(default)s)"
        )
        parser.add_argument("--tolerance", type=percent, default=Decimal(0), metavar="PERCENT", help="with --upstream")
        parser.add_argument("--skus", type=Path, default=SKUS, metavar="FILE", help="which SKU is which model and kind")

    def handle(self, *args: Any, **options: Any) -> None:
        differs = self._upstream(options) if options["upstream"] else self._books(options)
        if differs:
            sys.exit(1)

    def _books(self, options: dict[str, Any]) -> bool:
        scope = Scope(tenant_id=_tenant(options["tenant"]), month=options["month"])
        checks = _chosen([*books_checks(), *jobs_checks()], options["checks"])
        with_objects = not options["no_objects"] and options["checks"] in {"", "objects"}
        found = []
        with snapshot() as books:
            for check in checks:
                found.append(self._told(books.run(check, scope, most=options["rows"]), options["json"]))
            if with_objects:
                compared = objects_compare(books, scope, store=objects(), most=options["rows"])
                found.append(self._told(compared, options["json"]))
        differing = [one for one in found if one.count]
        if options["json"]:
            self.stdout.write(_json({"ok": not differing, "at": books.at, "checks": [vars(one) for one in found]}))
        else:
            rows = sum(one.count for one in differing)
            self.stdout.write(
                f"{rows} rows differ in {len(differing)} of {len(found)} checks."
                if differing
                else f"Nothing differs: {len(found)} checks."
            )
        return bool(differing)

    def _told(self, found: Differences, as_json: bool) -> Differences:
        if not as_json:
            word = "DIFFERS" if found.count else "ok     "
            self.stdout.write(f"{word} {found.check:<18} {found.seconds:6.1f} s  {found.about}")
            for row in found.rows:
                self.stdout.write("        " + "  ".join(f"{name}={_shown(value)}" for name, value in row.items()))
            if found.count > len(found.rows):
                self.stdout.write(f"        … and {found.count - len(found.rows)} more rows")
        return found

    def _upstream(self, options: dict[str, Any]) -> bool:
        try:
            export = export_read(options["upstream"], zone=options["upstream_zone"], skus=options["skus"])
        except (OSError, UnicodeDecodeError, ExportUnreadable) as error:
            raise CommandError(f"{options['upstream']} cannot be read as a billing export: {error}") from None
        with snapshot() as books:
            found = upstream_compare(books, export, zone=options["upstream_zone"], tolerance=options["tolerance"])
        differs = any(one.differs for one in found)
        if options["json"]:
            self.stdout.write(_json(_document(export, found, ok=not differs and not export.unknown)))
        else:
            self._upstream_lines(export, found)
        return differs or bool(export.unknown)

    def _upstream_lines(self, export: Export, found: list[UpstreamDifference]) -> None:
        for one in found:
            mark = "DIFFERS" if one.differs else "ok     "
            quantity, cost = one.ours.quantity - one.theirs.quantity, one.ours.cost - one.theirs.cost
            self.stdout.write(
                f"{mark} {one.day} {one.model} {one.kind}: ours {one.ours.quantity:f} for {one.ours.cost:f}, "
                f"theirs {one.theirs.quantity:f} for {one.theirs.cost:f}, difference {quantity:+f} and {cost:+f}"
            )
        for sku, sums in sorted(export.unknown.items()):
            self.stdout.write(f"UNKNOWN SKU {sku!r}: {sums.quantity:f} for {sums.cost:f}; add it to the table of SKUs")
        if other := sorted(export.currencies - {"USD"}):
            self.stdout.write(f"The export has amounts in {', '.join(other)}; ours are in USD.")


def _tenant(text: str | None) -> UUID | None:
    if not text:
        return None
    with acting_as("operator"):
        wanted = ids.decode(ids.TENANT, text)
        found = Tenant.objects.filter(id=wanted) if wanted else Tenant.objects.filter(slug=text)
        tenant = found.first()
    if tenant is None:
        raise CommandError(f"There is no tenant {text!r}.")
    return tenant.id


def _chosen(checks: list[Check], names: str) -> list[Check]:
    if not names:
        return checks
    wanted = [name for name in names.split(",") if name]
    known = {check.name: check for check in checks}
    if unknown := [name for name in wanted if name not in {*known, "objects"}]:
        raise CommandError(f"There is no check {', '.join(unknown)}; there are {', '.join([*known, 'objects'])}.")
    return [known[name] for name in wanted if name in known]


def _document(export: Export, found: list[UpstreamDifference], *, ok: bool) -> dict[str, Any]:
    return {
        "ok": ok,
        "currencies": sorted(export.currencies),
        "rows": [
            {
                "day": one.day,
                "model": one.model,
                "kind": one.kind,
                "differs": one.differs,
                "ours": vars(one.ours),
                "theirs": vars(one.theirs),
            }
            for one in found
        ],
        "unknown_skus": [{"sku": sku, **vars(sums)} for sku, sums in sorted(export.unknown.items())],
    }


def _json(document: dict[str, Any]) -> str:
    return json.dumps(document, default=lambda value: _shown(value), indent=1)


def _shown(value: Any) -> str:
    return (
        f"{value:f}" if isinstance(value, Decimal) else value.isoformat() if hasattr(value, "isoformat") else str(value)
    )
