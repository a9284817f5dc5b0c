"""A file that is to become a batch: read, checked and kept as JSONL. Nothing is accepted and nothing is spent."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.core.files.uploadedfile import UploadedFile
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from cavendish.above.console.batches.items import Defaults, column_of, head_problems, item_line, items_of
from cavendish.above.console.batches.sheet import MAX_BYTES, SheetInvalid, SheetProblem, sheet_read
from cavendish.above.console.playground.prompt_templates import TemplateShown
from cavendish.above.console.workplace import Workplace
from cavendish.above.ui.sayings import said
from cavendish.db.storable import storable
from cavendish.gemini.reader import BYTE_ORDER_MARK
from cavendish.http.problems import Problem
from cavendish.storage import ObjectMissing
from generations.accept.funnel import check_active, request_spool
from generations.accept.storage import storage_check
from generations.batches.checks import MOST_PROBLEMS, BatchCheck, ItemProblem, ItemSample, batch_check
from generations.batches.representation import line_of
from generations.batches.source import file_mapped, line_spans, object_mapped
from generations.models import Batch, BatchItem, File, GenerationContent, ItemStatus
from generations.request import JSONL, upload_check
from generations.services import file_create

SAMPLES = 5
ITEMS_AT_ONCE = 200
KEPT_SECONDS = 3600
"""How long what was found in a file is remembered; then it is read once more."""


@dataclass(frozen=True)
class Read:
    """A file as a batch to be: `wrong` and `problems` are empty where it can be started."""

    file: File | None
    check: BatchCheck | None
    problems: Sequence[SheetProblem] = ()
    wrong: int = 0


def lines_take(work: Workplace, upload: UploadedFile[Any]) -> Read:
    """Checks a JSONL file of the API's own format, and keeps it where it is right. Raises Problem, SheetInvalid."""
    who = work.principal
    check_active(who)
    storage_check(tenant_id=work.tenant_id, incoming=upload.size or 0)
    with request_spool() as spool:
        path = _spooled(upload.chunks(), spool)
        return _kept(work, path, spool, name=upload.name or "", template=None, lines=None)


def table_take(
    work: Workplace, upload: UploadedFile[Any], *, template: TemplateShown | None, defaults: Defaults
) -> Read:
    """Makes JSONL of a table, checks it, and keeps it where it is right. Raises Problem, SheetInvalid."""
    who = work.principal
    check_active(who)
    # No more than tells that it is too large: what comes with a file may be gigabytes.
    sheet = sheet_read(upload.read(MAX_BYTES + 1), most_rows=settings.MAX_BATCH_ITEMS, most_problems=MOST_PROBLEMS)
    if problems := head_problems(sheet, template):
        raise SheetInvalid(problems)
    items = list(items_of(sheet, template, defaults))
    with request_spool() as spool:
        path = _spooled(map(item_line, items), spool)
        storage_check(tenant_id=work.tenant_id, incoming=path.stat().st_size)
        name = f"{Path(upload.name or 'batch').stem}.jsonl"
        return _kept(work, path, spool, name=name, template=template, lines=[item.line for item in items])


def failed_take(work: Workplace, batch: Batch) -> Read:
    """Makes JSONL of the items that ran and failed, as they were sent, checks it, and keeps it where it is right.

    Raises Problem, SheetInvalid.
    """
    check_active(work.principal)
    with request_spool() as spool:
        path = _spooled(_failed_lines(work, batch), spool)
        storage_check(tenant_id=work.tenant_id, incoming=path.stat().st_size)
        return _kept(work, path, spool, name="failed.jsonl", template=None, lines=None)


def _failed_lines(work: Workplace, batch: Batch) -> Iterator[bytes]:
    after = -1
    while True:
        with work.reading():
            items = list(failed_jobs(batch).filter(index__gt=after).order_by("index")[:ITEMS_AT_ONCE])
            contents = GenerationContent.objects.filter(generation_id__in=[item.generation_id for item in items])
            requests = dict(contents.values_list("generation_id", "request"))
        if not items:
            return
        for item in items:
            if request := requests.get(item.generation_id):
                yield line_of({"key": item.key, "request": request})
        after = items[-1].index


def failed_jobs(batch: Batch) -> QuerySet[BatchItem]:
    """Returns the items that became jobs and failed: what they were asked is kept with those."""
    rows: QuerySet[BatchItem] = BatchItem.objects.filter(
        batch_id=batch.id, status=ItemStatus.FAILED, generation_id__isnull=False
    )
    return rows


def stored_check(work: Workplace, file: File) -> BatchCheck:
    """Returns what is in a kept file, read once an hour. Raises Problem, also for a file that is gone."""
    known = cache.get(_cache_key(file))
    if known is not None:
        return _check_from(known)
    with request_spool() as spool:
        try:
            with object_mapped(file.storage_key, spool) as text:
                spans = line_spans(text, pointer="/file")
                found = batch_check(who=work.principal, text=text, spans=spans, spool=spool, samples=SAMPLES)
        except ObjectMissing:
            raise Problem(404, "not_found", "The file was deleted.") from None
    _remember(file, found)
    return found


def _kept(
    work: Workplace,
    path: Path,
    spool: Path,
    *,
    name: str,
    template: TemplateShown | None,
    lines: Sequence[int] | None,
) -> Read:
    """Checks the lines; `lines` are where each stands in the table that it was made of."""
    try:
        info = upload_check(path, declared=JSONL, name="batch.jsonl")
    except Problem as problem:
        raise SheetInvalid(
            [SheetProblem(0, "", said(problem.errors[0].detail if problem.errors else problem.detail))]
        ) from None
    with file_mapped(path) as text:
        spans = line_spans(text, pointer="/file")
        found = batch_check(who=work.principal, text=text, spans=spans, spool=spool, samples=SAMPLES)
        if found.wrong:
            places = lines or _lines_of(text, [span.start for span in spans])
            problems = [_problem(problem, places, template) for problem in found.problems]
            return Read(None, found, problems, found.wrong)
    file = file_create(
        tenant_id=work.tenant_id,
        livemode=work.livemode,
        name=storable(Path(name).name[:255]),
        path=path,
        info=info,
        expires=True,
    )
    _remember(file, found)
    return Read(file, found)


def _problem(problem: ItemProblem, lines: Sequence[int], template: TemplateShown | None) -> SheetProblem:
    column = column_of(problem.pointer, template)
    if not column and lines is not None and template is None:
        column = problem.pointer.removeprefix("/request").strip("/").replace("/", ".")
    return SheetProblem(lines[problem.index], column, said(problem.detail))


def _lines_of(text: Any, starts: Sequence[int]) -> list[int]:
    """Returns the line, from 1, of each of these places of a text, which ascend."""
    lines, line, at = [], 1, 0
    for start in starts:
        line += text[at:start].count(b"\n")
        at = start
        lines.append(line)
    return lines


def _spooled(chunks: Any, spool: Path) -> Path:
    spool.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = spool / "batch.jsonl"
    with path.open("wb") as target:
        for number, chunk in enumerate(chunks):
            target.write(chunk.removeprefix(BYTE_ORDER_MARK) if not number else chunk)
    if not path.stat().st_size:
        raise SheetInvalid([SheetProblem(0, "", _("This file is empty."))])
    return path


def _cache_key(file: File) -> str:
    return f"batch-check:{file.id.hex}"


def _remember(file: File, found: BatchCheck) -> None:
    values = {**asdict(found), "expected": str(found.expected), "worst_case": str(found.worst_case)}
    cache.set(_cache_key(file), values, KEPT_SECONDS)


def _check_from(values: dict[str, Any]) -> BatchCheck:
    return BatchCheck(
        items=values["items"],
        wrong=values["wrong"],
        problems=[ItemProblem(**problem) for problem in values["problems"]],
        samples=[ItemSample(**sample) for sample in values["samples"]],
        expected=Decimal(values["expected"]),
        worst_case=Decimal(values["worst_case"]),
        currency=values["currency"],
    )
