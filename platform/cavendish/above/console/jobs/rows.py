"""What a row of the list of jobs shows, read at once for a whole page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from accounts.models import ApiKey, User
from billing.models import Charge, Hold
from cavendish.above.console.jobs.advice import Advice, advice_of, sentence
from cavendish.above.ui import formats
from cavendish.db import ids
from generations.derivatives.sizes import WIDTHS
from generations.models import TERMINAL, Generation, Output, Status
from generations.show.prompts import prompts_of
from generations.show.representation import derived_url

PROMPT_CHARS = 160


@dataclass(frozen=True)
class Maker:
    """Who asked for it: a person or a key. `kind` is "member" or "key", `id` the public one, to filter a list by."""

    name: str
    kind: str
    id: str


@dataclass(frozen=True)
class Row:
    """A job as its row shows it. `amount` is what it was charged, or what is held for it (`is_held`)."""

    job: Generation
    public_id: str
    prompt: str
    thumbnail: str
    pictures: int
    maker: Maker
    amount: Decimal | None
    currency: str
    is_held: bool
    advice: Advice | None

    @property
    def is_active(self) -> bool:
        return self.job.status not in TERMINAL

    @property
    def state(self) -> SafeString:
        """The state, with how many tries it took where that is more than one."""
        if self.job.status == Status.SUCCEEDED and self.job.failures:
            text = _("Succeeded, try %s").replace("%s", str(self.job.failures + 1))
            return formats.status("good", text)
        return formats.state(self.job.status)

    @property
    def why(self) -> str:
        """What went wrong, as a sentence's beginning: "Google did not answer"."""
        return sentence(self.advice.short) if self.advice else ""

    @property
    def took(self) -> float | None:
        """Seconds from its start to its end; None for what has not both."""
        if self.job.started_at is None or self.job.finished_at is None:
            return None
        return (self.job.finished_at - self.job.started_at).total_seconds()


def rows_of(jobs: Sequence[Generation]) -> list[Row]:
    """Returns the rows in the order of the jobs, with six queries for any number. In the tenant's context."""
    job_ids = [job.id for job in jobs]
    prompts = prompts_of(job_ids, most=PROMPT_CHARS) if job_ids else {}
    charges = {charge.generation_id: charge for charge in Charge.objects.filter(generation_id__in=job_ids)}
    uncharged = [job_id for job_id in job_ids if job_id not in charges]
    holds = {hold.generation_id: hold for hold in Hold.objects.filter(generation_id__in=uncharged)} if uncharged else {}
    outputs: dict[UUID, list[Output]] = {}
    for output in Output.objects.filter(generation_id__in=job_ids, part=Output.Part.OUTPUT).order_by("index"):
        outputs.setdefault(output.generation_id, []).append(output)
    makers = makers_of(jobs)
    return [
        _row(job, prompts.get(job.id, ""), charges.get(job.id), holds.get(job.id), outputs.get(job.id, ()), makers)
        for job in jobs
    ]


def makers_of(jobs: Iterable[Any]) -> dict[UUID, Maker]:
    """Returns who asked for each job or batch, by its id: the person where it came from the console, else the key."""
    jobs = list(jobs)
    keys = ApiKey.objects.only("id", "name", "is_console").in_bulk({job.api_key_id for job in jobs})
    people = User.objects.only("id", "name", "email").in_bulk({job.member_id for job in jobs if job.member_id})
    return {job.id: _maker(job, keys, people) for job in jobs}


def thumbnail_of(output: Output, width: int = WIDTHS[0]) -> str:
    """Returns the signed address of a smaller picture, on whatever host the page was opened under: the page's policy
    allows no other.
    """
    return urlsplit(derived_url(output, width))._replace(scheme="", netloc="").geturl()


def _maker(job: Any, keys: Mapping[UUID, ApiKey], people: Mapping[UUID, User]) -> Maker:
    key, person = keys.get(job.api_key_id), people.get(job.member_id) if job.member_id else None
    if person is not None and (key is None or key.is_console):
        return Maker(person.name or person.email, "member", ids.encode(ids.USER, person.id))
    return Maker(key.name if key else _("Deleted key"), "key", ids.encode(ids.API_KEY, job.api_key_id))


def _row(
    job: Generation,
    prompt: str,
    charge: Charge | None,
    hold: Hold | None,
    outputs: Sequence[Output],
    makers: Mapping[UUID, Maker],
) -> Row:
    booked = charge or hold
    return Row(
        job=job,
        public_id=ids.encode(ids.GENERATION, job.id),
        prompt=" ".join(prompt.split()),
        thumbnail=thumbnail_of(outputs[0]) if outputs else "",
        pictures=len(outputs),
        maker=makers[job.id],
        amount=booked.amount if booked else None,
        currency=booked.currency if booked else "",
        is_held=charge is None and hold is not None,
        advice=advice_of(job.error) if job.status == Status.FAILED else None,
    )
