"""`manage.py reconcile`: compares the books with themselves, jobs and stored objects, or with the upstream's bill.

Exits with 0 when nothing differs and with 1 when something does. It only reads, from one snapshot, while jobs run.
"""

from __future__ import annotations

import json
import sys
from argparse import ArgumentTypeError
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.models import Tenant
from billing.reconcile import Differences
from billing.reconcile.export_file import ALL_MODELS, SKUS, ZONE, Export, ExportUnreadable, export_read
from billing.reconcile.upstream import UpstreamDifference, upstream_compare
from cavendish.above.reconcile.compare import ALL, MOST_ROWS, OBJECTS, SAMPLE, Options, all_checks, compare
from cavendish.above.reconcile.models import ReconcileRun
from cavendish.above.reconcile.runs import run_of_command
from cavendish.above.reconcile.selectors import reconcile_clean_at
from cavendish.db import ids
from cavendish.db.migrated import migrations_missing, told
from cavendish.db.router import acting_as

LAST = "last"
OF_BOOKS: dict[str, Any] = {
    "tenant": None, "month": None, "checks": "", "since": None, "hashes": "", "no_objects": False,
}  # fmt: skip
OF_UPSTREAM: dict[str, Any] = {"upstream_zone": ZONE, "service": "", "tolerance": Decimal(0), "skus": SKUS}
"""Options that are of one comparison alone, with their defaults."""


def month(text: str) -> date:
    try:
        return date.fromisoformat(f"{text}-01")
    except ValueError:
        raise ArgumentTypeError("use YYYY-MM, for example 2026-11") from None


def since(text: str) -> datetime | str:
    if text == LAST:
        return LAST
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise ArgumentTypeError(f"use {LAST}, or a moment with its zone, for example 2026-11-28T00:00:00Z")
    return moment


def percent(text: str) -> Decimal:
    try:
        number = Decimal(text)
    except InvalidOperation:
        number = Decimal(-1)
    if not number.is_finite() or not 0 <= number <= 100:
        raise ArgumentTypeError("use a percentage from 0 to 100")
    return number


def zone(text: str) -> str:
    try:
        ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError):
        raise ArgumentTypeError("use the name of a time zone, for example America/Los_Angeles") from None
    return text


class Command(BaseCommand):
    help = "Compares jobs, charges, usage, ledger, holds, budgets, roll-ups, wallets, invoices and stored objects."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--tenant", metavar="SLUG or ID", help="only this tenant")
        parser.add_argument("--month", type=month, metavar="YYYY-MM", help="only what is billed in this month")
        parser.add_argument("--checks", default="", metavar="NAMES", help="only these checks, separated by commas")
        parser.add_argument(
            "--since",
            type=since,
            metavar="last",
            help="only what was written since the last run that found nothing, or since a moment (RFC 3339)",
        )
        parser.add_argument(
            "--hashes",
            nargs="?",
            const=SAMPLE,
            choices=[SAMPLE, ALL],
            default="",
            help="read stored bytes again and compare their SHA-256: of a sample of objects, or of all",
        )
        parser.add_argument("--no-objects", action="store_true", help="do not compare stored objects")
        parser.add_argument(
            "--rows",
            type=int,
            default=MOST_ROWS,
            metavar="N",
            help="how many differing rows to print per check (%(default)s)",
        )
        parser.add_argument("--json", action="store_true", help="print one JSON document")
        parser.add_argument(
            "--upstream", type=Path, metavar="FILE", help="compare with the upstream's billing export (CSV) instead"
        )
        parser.add_argument(
            "--upstream-zone", type=zone, default=ZONE, metavar="ZONE", help="time zone of the export (%(default)s)"
        )
        parser.add_argument(
            "--service",
            default="",
            metavar="NAME",
            help='with --upstream, the service whose rows are compared, for example "Gemini API"',
        )
        parser.add_argument(
            "--tolerance",
            type=percent,
            default=Decimal(0),
            metavar="PERCENT",
            help="with --upstream, the difference that passes",
        )
        parser.add_argument(
            "--skus", type=Path, default=SKUS, metavar="FILE", help="table of the SKUs' models and kinds (%(default)s)"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        _refuse_idle(options)
        # Each check would fail alone, and the run be of none.
        if missing := migrations_missing("default"):
            raise CommandError(told(missing))
        differs = self._compare_upstream(options) if options["upstream"] else self._compare_books(options)
        if differs:
            sys.exit(1)

    def _compare_books(self, options: dict[str, Any]) -> bool:
        limits = Options(
            tenant_id=_tenant_id(options["tenant"]),
            month=options["month"],
            checks=_select(options["checks"]),
            objects=not options["no_objects"],
            most=options["rows"],
            since=self._since(options["since"]),
            hashes=options["hashes"],
        )
        with run_of_command(whole=limits.whole, options=limits.as_json()) as run:
            for result in compare(run.books, limits):
                self._print(run.add(result), options["json"])
        results = run.results
        differing = [result for result in results if result.count]
        failed = [result.check for result in results if result.error]
        is_clean = run.outcome == ReconcileRun.Status.CLEAN
        if options["json"]:
            checks_json = [vars(result) for result in results]
            self.stdout.write(_json({"ok": is_clean, "at": run.books.at, "checks": checks_json}))
        else:
            if failed:
                self.stdout.write(f"Could not run: {', '.join(failed)}.")
            rows = sum(result.count for result in differing)
            self.stdout.write(
                f"{rows} rows differ in {len(differing)} of {len(results)} checks."
                if differing
                else f"Nothing differs: {len(results) - len(failed)} checks."
            )
        return not is_clean

    def _since(self, asked: datetime | str | None) -> datetime | None:
        if asked != LAST:
            return asked if isinstance(asked, datetime) else None
        with acting_as("operator"):
            at = reconcile_clean_at()
        if at is None:
            self.stderr.write("No run was clean yet: everything is compared.")
        return at

    def _print(self, result: Differences, as_json: bool) -> Differences:
        if not as_json:
            word = "FAILED " if result.error else "DIFFERS" if result.count else "ok     "
            self.stdout.write(f"{word} {result.check:<18} {result.seconds:6.1f} s  {result.about}")
            if result.error:
                self.stdout.write(f"        {result.error}")
            for row in result.rows:
                self.stdout.write("        " + "  ".join(f"{name}={_text(value)}" for name, value in row.items()))
            if result.count > len(result.rows):
                self.stdout.write(f"        … and {result.count - len(result.rows)} more rows")
        return result

    def _compare_upstream(self, options: dict[str, Any]) -> bool:
        try:
            export = export_read(
                options["upstream"], zone=options["upstream_zone"], skus=options["skus"], service=options["service"]
            )
        except (OSError, UnicodeDecodeError, ExportUnreadable) as error:
            raise CommandError(f"{options['upstream']} cannot be read as a billing export: {error}") from None
        if options["service"] and export.days is None and not export.unknown:
            services = ", ".join(sorted(export.foreign)) or "no service at all"
            raise CommandError(f"The file has no row of {options['service']}; it has {services}.")
        with run_of_command(whole=False, options={"upstream": options["upstream"].name}) as run:
            rows = upstream_compare(run.books, export, zone=options["upstream_zone"], tolerance=options["tolerance"])
            run.add(_upstream_result(export, rows, most=options["rows"]))
        differs = any(row.differs for row in rows)
        if options["json"]:
            self.stdout.write(_json(_upstream_json(export, rows, ok=not differs and not export.unknown)))
        else:
            self._print_upstream(export, rows)
        return differs or bool(export.unknown)

    def _print_upstream(self, export: Export, rows: list[UpstreamDifference]) -> None:
        for row in rows:
            word = "DIFFERS" if row.differs else "ok     "
            quantity, cost = row.ours.quantity - row.theirs.quantity, row.ours.cost - row.theirs.cost
            self.stdout.write(
                f"{word} {row.day} {_model(row)} {row.kind}: ours {row.ours.quantity:f} for {row.ours.cost:f}, "
                f"theirs {row.theirs.quantity:f} for {row.theirs.cost:f}, difference {quantity:+f} and {cost:+f}"
                + (f"; {row.free:f} of theirs were free" if row.free else "")
            )
        for sku, sums in sorted(export.unknown.items()):
            self.stdout.write(f"UNKNOWN SKU {sku!r}: {sums.quantity:f} for {sums.cost:f}; add it to the table of SKUs")
        for service, sums in sorted(export.foreign.items()):
            self.stdout.write(f"of another service: {service} for {sums.cost:f}")
        if other := sorted(export.currencies - {"USD"}):
            self.stdout.write(f"The export has amounts in {', '.join(other)}; ours are in USD.")


def _refuse_idle(options: dict[str, Any]) -> None:
    """Raises CommandError for options that do nothing together: who gave them would take the result for another."""
    others, word = (OF_BOOKS, "with") if options["upstream"] else (OF_UPSTREAM, "without")
    if idle := [f"--{name.replace('_', '-')}" for name, default in others.items() if options[name] != default]:
        raise CommandError(f"{word.capitalize()} --upstream there is no use for {', '.join(idle)}.")
    if options["since"] and options["month"]:
        raise CommandError("Give --month or --since, not both.")
    if options["no_objects"] and OBJECTS in options["checks"].split(","):
        raise CommandError(f"Give --no-objects or --checks {OBJECTS}, not both.")


def _tenant_id(text: str | None) -> UUID | None:
    if not text:
        return None
    with acting_as("operator"):
        tenant_id = ids.decode(ids.TENANT, text)
        tenants = Tenant.objects.filter(id=tenant_id) if tenant_id else Tenant.objects.filter(slug=text)
        tenant = tenants.first()
    if tenant is None:
        raise CommandError(f"There is no tenant {text!r}.")
    return tenant.id


def _select(names: str) -> tuple[str, ...]:
    requested = tuple(name for name in names.split(",") if name)
    known = [*(check.name for check in all_checks()), OBJECTS]
    if unknown := [name for name in requested if name not in known]:
        raise CommandError(f"There is no check {', '.join(unknown)}; there are {', '.join(known)}.")
    return requested


def _upstream_json(export: Export, rows: list[UpstreamDifference], *, ok: bool) -> dict[str, Any]:
    return {
        "ok": ok,
        "currencies": sorted(export.currencies),
        "rows": [
            {
                "day": row.day,
                "model": row.model,
                "kind": row.kind,
                "differs": row.differs,
                "ours": vars(row.ours),
                "theirs": vars(row.theirs),
                "free": row.free,
            }
            for row in rows
        ],
        "unknown_skus": [{"sku": sku, **vars(sums)} for sku, sums in sorted(export.unknown.items())],
        "other_services": {
            "rows": export.foreign_rows,
            "costs": {service: sums.cost for service, sums in sorted(export.foreign.items())},
        },
    }


def _model(row: UpstreamDifference) -> str:
    return "all models" if row.model == ALL_MODELS else row.model


def _upstream_result(export: Export, rows: list[UpstreamDifference], *, most: int) -> Differences:
    """Returns the comparison as a run keeps it."""
    result = Differences("upstream", "What the upstream billed is what was booked as its cost.")
    differing: list[dict[str, Any]] = [
        {
            "subject": f"{row.day} {_model(row)} {row.kind}",
            "ours": f"{row.ours.quantity:f} for {row.ours.cost:f}",
            "theirs": f"{row.theirs.quantity:f} for {row.theirs.cost:f}",
        }
        for row in rows
        if row.differs
    ]
    differing += [
        {"subject": f"unknown SKU {sku}", "theirs": f"{sums.quantity:f} for {sums.cost:f}"}
        for sku, sums in sorted(export.unknown.items())
    ]
    result.count, result.rows = len(differing), differing[:most]
    return result


def _json(document: dict[str, Any]) -> str:
    return json.dumps(document, default=_text, indent=1)


def _text(value: Any) -> str:
    return (
        f"{value:f}" if isinstance(value, Decimal) else value.isoformat() if hasattr(value, "isoformat") else str(value)
    )
