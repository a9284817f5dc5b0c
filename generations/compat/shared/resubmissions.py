"""A POST that the SDKs may send again: known by its bytes, so that the second joins the jobs of the first.

Only one whose connection we saw close before it had its answer is joined, within a minute, and by one request. Two
equal POSTs side by side are two jobs, and so are two of which the first was answered.

With an Idempotency-Key that says which request it is, and nothing else does.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from django.http import HttpResponse
from rest_framework.request import Request

from accounts.authentication.principal import Principal
from accounts.idempotency import current_keyed_request
from accounts.idempotency.digest import address_digest, request_digest
from cavendish.db import ids
from cavendish.db.tenancy import tenant_context
from cavendish.messaging import resubmissions
from generations.models import Generation


def jobs_of_replay() -> list[UUID]:
    """The jobs of the first request with this one's Idempotency-Key, if there are any."""
    keyed = current_keyed_request()
    return [UUID(job) for job in keyed.created_ids] if keyed is not None else []


class Resubmission:
    """The request's body, to be read once and whole, after which `jobs` and `mark` know it.

    A form is read by Django: `read_form` comes before that.
    """

    def __init__(self, request: Request, who: Principal) -> None:
        self._body = request._request
        self._who = who
        self._hash = address_digest(request._request, who.key_id.hex)
        self._keyed = current_keyed_request() is not None

    def read(self, size: int, /) -> bytes:
        chunk: bytes = self._body.read(size)
        self._hash.update(chunk)
        return chunk

    def read_form(self) -> None:
        """Reads a form's bytes, without its boundary: libraries make a new one each time. Django reads it again."""
        if not self._keyed:
            self._hash.update(request_digest(self._body))

    def jobs(self) -> list[UUID]:
        """The jobs of an equal request that went without its answer; empty, and then this one makes its own."""
        if self._keyed:
            return jobs_of_replay()
        decoded = [ids.decode(ids.GENERATION, text) for text in (resubmissions.take(self._name) or "").split(",")]
        jobs = [job for job in decoded if job is not None]
        if not jobs:
            return []
        with tenant_context(self._who.tenant_id):
            count = Generation.objects.filter(id__in=jobs, livemode=self._who.livemode, deleted_at=None).count()
        return jobs if count == len(jobs) else []

    def job(self) -> UUID | None:
        """The job of an equal request that makes one job and went without its answer; None, and then it makes one."""
        return next(iter(self.jobs()), None)

    def mark(self, answer: HttpResponse, jobs: Sequence[UUID]) -> None:
        """Has the layer in front note the request should its connection close before the answer is out."""
        if self._keyed:
            return
        named = ",".join(ids.encode(ids.GENERATION, job) for job in jobs)
        answer.headers["X-Cavendish-Resubmission"] = f"{self._name};{named}"

    @property
    def _name(self) -> str:
        return self._hash.hexdigest()
