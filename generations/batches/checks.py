"""What is wrong with the items of a batch, and what they would cost, before the batch is accepted. Nothing is held."""

from __future__ import annotations

import io
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any, cast

from django.conf import settings

from accounts.authentication.principal import Principal
from billing.models import Tier
from billing.money import ZERO
from cavendish.db.tenancy import tenant_context
from cavendish.http.problems import Problem
from generations.accept.funnel import check_model, check_one_each, check_size
from generations.accept.inputs import Inputs
from generations.accept.job_spec import JobSpec, estimate_input_of
from generations.accept.submission import generation_quote
from generations.batches.json_scan import Text
from generations.batches.source import ItemSpan, request_of
from generations.contracts import JobSpecBody
from generations.prompt_templates.selectors import template_finder
from generations.request import GenerationRequest, body_read, inputs_check, request_parse
from generations.request import Text as TextBlock

MOST_PROBLEMS = 100
QUOTED_AT_ONCE = 1_000


@dataclass(frozen=True)
class ItemProblem:
    """What is wrong with an item: `pointer` is into its request, or where that is none into the item."""

    index: int
    pointer: str
    detail: str


@dataclass(frozen=True)
class ItemSample:
    """An item as it would run: the text that the model gets, filled in where it comes from a template."""

    index: int
    key: str
    model: str
    prompt: str
    aspect_ratio: str
    image_size: str
    pictures: int


@dataclass(frozen=True)
class BatchCheck:
    """`problems` are the first MOST_PROBLEMS, of `wrong` items in all. The sums are of the items that are right, at the
    batch price, without pictures that a plan includes; `currency` is "" where no item is right.
    """

    items: int
    wrong: int
    problems: Sequence[ItemProblem]
    samples: Sequence[ItemSample]
    expected: Decimal
    worst_case: Decimal
    currency: str


def batch_check(*, who: Principal, text: Text, spans: Sequence[ItemSpan], spool: Path, samples: int = 0) -> BatchCheck:
    """Reads all items as the feeder will, pictures that come inline too; what they refer to is neither looked up nor
    fetched.

    Opens the tenant's context itself. Takes about a millisecond an item.
    """
    checker = _Checker(who, spool)
    found: list[ItemSample] = []
    waiting: list[tuple[int, JobSpec]] = []
    for index, span in enumerate(spans):
        read = checker.read(index, text[span.start : span.start + span.length])
        if read is None:
            continue
        parsed, spec = read
        waiting.append((index, spec))
        if len(found) < samples:
            found.append(_sample(index, span, parsed, spec))
        if len(waiting) >= QUOTED_AT_ONCE:
            checker.quote(waiting)
            waiting.clear()
    checker.quote(waiting)
    return BatchCheck(
        items=len(spans),
        wrong=len(checker.wrong),
        problems=sorted(checker.problems, key=lambda problem: problem.index),
        samples=found,
        expected=checker.expected,
        worst_case=checker.worst_case,
        currency=checker.currency,
    )


class _Checker:
    def __init__(self, who: Principal, spool: Path) -> None:
        self.who, self.spool = who, spool
        # A template of the tenant's is looked up once, not for each of thousands of items.
        self.templates = cache(template_finder(tenant_id=who.tenant_id, livemode=who.livemode))
        self.problems: list[ItemProblem] = []
        self.wrong: set[int] = set()
        self.expected = self.worst_case = ZERO
        self.currency = ""

    def read(self, index: int, item: bytes) -> tuple[GenerationRequest, JobSpec] | None:
        """Returns what an item asks for; None for one that is wrong, which is noted."""
        folder = self.spool / "item"
        try:
            tree = body_read(io.BytesIO(item), spool=folder, max_bytes=settings.MAX_BODY_BYTES)
            parsed = request_parse(request_of(tree, "native"), dialect="native", templates=self.templates)
            check_model(self.who, parsed.model)
            check_one_each(parsed)
            inputs_check(parsed)
            spec = _outline(parsed)
            check_size(self.who, spec)
        except Problem as problem:
            self._note(index, problem)
            return None
        finally:
            if folder.exists():
                shutil.rmtree(folder, ignore_errors=True)
        return parsed, spec

    def quote(self, specs: Sequence[tuple[int, JobSpec]]) -> None:
        with tenant_context(self.who.tenant_id):
            for index, spec in specs:
                try:
                    quote = generation_quote(
                        spec, tenant_id=self.who.tenant_id, livemode=self.who.livemode, tier=Tier.BATCH
                    )
                except Problem as problem:
                    self._note(index, problem)
                    continue
                self.expected += quote.expected.amount
                self.worst_case += quote.worst_case.amount
                self.currency = quote.currency

    def _note(self, index: int, problem: Problem) -> None:
        self.wrong.add(index)
        for pointer, detail in _details(problem):
            if len(self.problems) < MOST_PROBLEMS:
                self.problems.append(ItemProblem(index, pointer, detail))


def _outline(parsed: GenerationRequest) -> JobSpec:
    """Returns of a job's specification what its price is made of: the pictures that it names are not looked at."""
    estimate = estimate_input_of(parsed, Inputs())
    return JobSpec(estimate, estimate.resolution, cast(JobSpecBody, {}), estimated_bytes=0, notices=[])


def _details(problem: Problem) -> Iterator[tuple[str, str]]:
    if not problem.errors:
        yield "", problem.detail
    for error in problem.errors:
        yield error.pointer, error.detail


def _sample(index: int, span: ItemSpan, parsed: GenerationRequest, spec: JobSpec) -> ItemSample:
    texts = [block.text for step in parsed.steps for block in step.content if isinstance(block, TextBlock)]
    size: Any = spec.resolution
    return ItemSample(
        index=index,
        key=span.key or str(index),
        model=parsed.model.id,
        prompt="\n".join(texts),
        aspect_ratio=size.aspect_ratio if size else "",
        image_size=size.image_size if size else "",
        pictures=parsed.image_count,
    )
