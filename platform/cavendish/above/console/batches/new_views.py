"""A new batch: choose what its rows are, upload them, look at what they make and cost, and start it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.conf import settings
from django.contrib import messages
from django.core.cache import cache
from django.core.files.uploadedfile import UploadedFile
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from accounts.roles.permissions import Permission
from billing.ledger.services import available
from billing.models import Wallet
from cavendish.above.console.batches.items import Defaults, columns_of, sample_rows
from cavendish.above.console.batches.sheet import SheetInvalid, SheetProblem
from cavendish.above.console.batches.uploads import Read, lines_take, stored_check, table_take
from cavendish.above.console.jobs.advice import Advice, advice, sentence
from cavendish.above.console.pages import console_page
from cavendish.above.console.playground.prompt_templates import TemplateShown, templates_offered
from cavendish.above.console.upload_admission import takes_files
from cavendish.above.console.workplace import Workplace
from cavendish.above.ui.formats import MONEY_IN_TABLES
from cavendish.above.ui.public_ids import find_or_404
from cavendish.above.ui.refusals import refusal_text
from cavendish.above.ui.sayings import said
from cavendish.above.ui.scripts import is_scripted
from cavendish.above.ui.spreadsheet import csv_response
from cavendish.db import ids
from cavendish.gemini.catalog import Model
from cavendish.http.problems import Problem
from generations.accept.funnel import check_active, check_policy, request_spool
from generations.batches.accept import BatchRequest, batch_of_file
from generations.batches.checks import BatchCheck
from generations.models import Batch, File
from generations.request import JSONL
from generations.selectors import file_find, models_offered
from generations.services import file_delete

TEMPLATE, PROMPTS, LINES = "template", "prompts", "jsonl"
KINDS = (PROMPTS, TEMPLATE, LINES)
MAX_NAME = 255
SMALL = Decimal(100)
"""Below it sums are shown to a hundredth of a cent."""
STARTED_SECONDS = 24 * 3600
"""How long it is known that a file was started, so that a second click starts no second batch."""


@dataclass(frozen=True)
class Choice:
    """What the form says: which rows, of which template, and what holds where a row does not say it."""

    kind: str
    template: TemplateShown | None
    templates: tuple[Sequence[TemplateShown], Sequence[TemplateShown]]
    models: Sequence[Model]
    defaults: Defaults
    name: str

    @property
    def model(self) -> Model:
        return next((model for model in self.models if model.id == self.defaults.model), self.models[0])

    @property
    def columns(self) -> list[str]:
        return columns_of(self.template)

    @property
    def query(self) -> str:
        """The choice as an address has it, for the sample and the tabs."""
        template = {"template": self.template.id} if self.template else {}
        return urlencode({"kind": self.kind, **template})


@console_page(Permission.GENERATE, section="jobs")
def new(request: HttpRequest, work: Workplace) -> HttpResponse:
    return _form(request, _choice(work, request.GET))


@console_page(Permission.GENERATE, section="jobs")
def sample(request: HttpRequest, work: Workplace) -> HttpResponse:
    """A CSV to begin with: the columns and two rows, with the mark by which Excel knows UTF-8."""
    choice = _choice(work, request.GET)
    head, *rows = sample_rows(choice.template, choice.model.id)
    name = choice.template.id if choice.template else PROMPTS
    response = csv_response(f"batch-{name}", head, rows)
    response.content = b"\xef\xbb\xbf" + response.content
    return response


@takes_files
@console_page(Permission.GENERATE, section="jobs")
def upload(request: HttpRequest, work: Workplace) -> HttpResponse:
    """Takes the file. What is wrong is listed by line and column; what is right is shown before it is started."""
    if request.method != "POST":
        return HttpResponseRedirect(reverse("console:batch_new"))
    choice = _choice(work, request.POST)
    file = request.FILES.get("file")
    if not isinstance(file, UploadedFile):
        return _form(request, choice, problems=[SheetProblem(0, "", _("Choose a file."))])
    try:
        if choice.kind == LINES:
            read = lines_take(work, file)
        else:
            read = table_take(work, file, template=choice.template, defaults=choice.defaults)
    except SheetInvalid as invalid:
        return _form(request, choice, problems=invalid.problems, file_name=file.name or "")
    except Problem as problem:
        return _form(request, choice, refusal=_advice(problem), file_name=file.name or "")
    if read.file is None:
        return _form(request, choice, problems=read.problems, read=read, file_name=file.name or "")
    address = reverse("console:batch_preview", args=[ids.encode(ids.FILE, read.file.id)])
    return HttpResponseRedirect(f"{address}?{urlencode({'name': choice.name})}" if choice.name else address)


@console_page(Permission.GENERATE, section="jobs")
def preview(request: HttpRequest, work: Workplace, file_id: str) -> HttpResponse:
    """What the file makes and costs, and the button that starts it."""
    file = _file_of(work, file_id)
    refusal: Advice | None = None
    if request.method == "POST":
        if "discard" in request.POST:
            file_delete(tenant_id=work.tenant_id, file_id=file.id, livemode=work.livemode)
            messages.info(request, _("The file is deleted. Nothing was started."))
            return HttpResponseRedirect(reverse("console:batch_new"))
        try:
            return HttpResponseRedirect(_started(request, work, file, file_id))
        except Problem as problem:
            refusal = _advice(problem)
    try:
        check = stored_check(work, file)
    except Problem as problem:
        raise Http404 from problem
    context = {
        "file": file,
        "file_id": file_id,
        "check": check,
        "name": (request.POST.get("name") or request.GET.get("name", ""))[:MAX_NAME],
        "refusal": refusal,
        "covered": _is_covered(work, check),
        # A price at a button is not rounded to less than it is.
        "digits": MONEY_IN_TABLES if check.worst_case < SMALL else 2,
    }
    return render(request, "console/batches/preview.html", context, status=422 if refusal else 200)


def _started(request: HttpRequest, work: Workplace, file: File, file_id: str) -> str:
    """Starts the batch, once for a file. Returns the address of its page. Raises Problem."""
    key = f"batch-started:{file.id.hex}"
    if not cache.add(key, "", STARTED_SECONDS):
        known = cache.get(key)
        messages.info(request, _("This file was started already; a second click does nothing."))
        return reverse("console:batch", args=[known]) if known else reverse("console:batches")
    try:
        batch = _batch(work, file_id, request.POST.get("name", "").strip()[:MAX_NAME])
    except BaseException:
        cache.delete(key)
        raise
    public_id = ids.encode(ids.BATCH, batch.id)
    cache.set(key, public_id, STARTED_SECONDS)
    messages.success(request, _("The batch is started."))
    return reverse("console:batch", args=[public_id])


def _batch(work: Workplace, file_id: str, name: str) -> Batch:
    who = work.principal
    check_active(who)
    check_policy(who)
    with request_spool() as spool:
        return batch_of_file(
            who=who,
            batch_request=BatchRequest(Batch.Dialect.NATIVE, name=name),
            name=file_id,
            pointer="/file",
            spool=spool,
        )


def _form(
    request: HttpRequest,
    choice: Choice,
    *,
    problems: Sequence[SheetProblem] = (),
    read: Read | None = None,
    refusal: Advice | None = None,
    file_name: str = "",
) -> HttpResponse:
    wrong = bool(problems) or refusal is not None
    context = {
        "choice": choice,
        "kinds": KINDS,
        "problems": problems,
        "read": read,
        "more": read.wrong - len({problem.line for problem in problems}) if read else 0,
        "refusal": refusal,
        "file_name": file_name,
        "max_rows": settings.MAX_BATCH_ITEMS,
    }
    scripted = is_scripted(request)
    template = "console/batches/new_form.html" if scripted else "console/batches/new.html"
    return render(request, template, context, status=422 if wrong and not scripted else 200)


def _choice(work: Workplace, given: QueryDict) -> Choice:
    own, shipped = templates_offered(work)
    models = [model for model in models_offered(work.principal) if model.deprecated is None]
    kind = given.get("kind", PROMPTS)
    kind = kind if kind in KINDS else PROMPTS
    template = None
    if kind == TEMPLATE:
        all_templates = [*own, *shipped]
        template = next((one for one in all_templates if one.id == given.get("template")), all_templates[0])
    model = given.get("model", "")
    if model not in {one.id for one in models}:
        model = models[0].id if models else ""
    defaults = Defaults(model, given.get("aspect_ratio", "")[:20], given.get("image_size", "")[:20])
    return Choice(kind, template, (own, shipped), models, defaults, given.get("name", "").strip()[:MAX_NAME])


def _is_covered(work: Workplace, check: BatchCheck) -> bool:
    """Whether what is free of the balance covers the most that the batch can cost."""
    if not work.livemode:
        return True
    with work.reading():
        wallet = Wallet.objects.filter(
            tenant_id=work.tenant_id, livemode=True, currency=check.currency or "USD"
        ).first()
        return wallet is not None and available(wallet) >= check.worst_case


def _file_of(work: Workplace, text: str) -> File:
    with work.reading():
        file = find_or_404(ids.FILE, text, lambda value: file_find(value, livemode=work.livemode))
    if file.mime_type != JSONL:
        raise Http404
    return file


def _advice(problem: Problem) -> Advice:
    known = advice(problem.code, problem.detail, facts=problem.extra)
    if known.act:
        return known
    text = said(problem.errors[0].detail) if problem.errors else refusal_text(problem)
    return Advice(problem.code, sentence(known.short), text, "")
