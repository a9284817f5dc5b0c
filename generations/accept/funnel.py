"""From a request's body to an accepted generation: the one funnel behind every API, behind batches and behind tests.

`generation_accept` takes the body of an HTTP request; `generation_admit` takes what was read of it, wherever it came
from, to a job that waits.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol
from uuid import UUID

from django.conf import settings

from accounts.authentication.principal import Principal
from accounts.limits import current_reservation
from accounts.models import ApiKey
from accounts.policy.selectors import policy_accepted
from billing.models import Tier
from billing.prices.quotes import Quote
from cavendish.db.ids import new_id
from cavendish.db.tenancy import tenant_context
from cavendish.gemini.catalog import Model
from cavendish.http.problems import invalid_value
from cavendish.telemetry.metrics import ACCEPT_SECONDS
from cavendish.telemetry.tracing import span
from generations.accept.guards import guarded_submit
from generations.accept.inputs import inputs_store
from generations.accept.job_spec import JobSpec, job_spec_build
from generations.accept.made import Made
from generations.accept.submission import JobOwner, JobTerms, generation_quote, too_many_variants
from generations.accept.webhooks import job_webhooks_check
from generations.errors import ModelNotAllowed, PolicyNotAccepted, SizeNotAllowed, TenantInactive
from generations.prompt_templates.selectors import template_finder
from generations.request import Dialect, GenerationRequest, Readable, body_read, request_parse

Translate = Callable[[dict[str, Any]], dict[str, Any]]
"""From another API's body, as `body_read` returns it, to the body that `request_parse` reads."""

Join = Callable[[], UUID | None]
"""Called once a body is read and right: the job that it joins instead of making one."""


@dataclass(frozen=True)
class Accepted:
    ids: list[UUID]
    made: list[Made]
    """The jobs of `ids`, none where it joined one."""
    parsed: GenerationRequest

    @property
    def id(self) -> UUID:
        """The one job of a request that asks for no variants."""
        return self.ids[0]


def generation_accept(
    *,
    who: Principal,
    body: Readable,
    dialect: Dialect,
    translate: Translate | None = None,
    join: Join | None = None,
    cancel_after: float | None = None,
    data_urls: bool = False,
    variants: int = 1,
) -> Accepted:
    """Reads, checks, quotes, holds and queues. Raises Problem, and then nothing of it is kept.

    `data_urls` says how the body carries pictures (see `body_read`).
    `variants` are how many are made of a body that does not say so itself.
    In `cancel_after` seconds the job is canceled, unless it has ended by then.
    """
    with span("accept"), ACCEPT_SECONDS.time(), request_spool() as spool:
        parsed = _read(who, body, spool, dialect, translate, data_urls=data_urls)
        if variants > 1:
            parsed = replace(parsed, variants=variants)
        if join is not None and (joined := join()) is not None:
            return Accepted([joined], [], parsed)
        check_policy(who)
        images = _images(parsed)
        current_reservation().reserve(images)
        owner = JobOwner(who.tenant_id, who.key_id, who.member_id, who.livemode)
        made = generation_admit(parsed, spool=spool, owner=owner, terms=JobTerms(cancel_after=cancel_after))
    current_reservation().keep(images)
    return Accepted([one.id for one in made], made, parsed)


def generation_admit(
    parsed: GenerationRequest, *, spool: Path, owner: JobOwner, terms: JobTerms | None = None, may_ask: bool = True
) -> list[Made]:
    """Stores the inputs of a request, then holds its worst case and queues it. Returns its variants, mostly one.

    Without `terms` it is a single request's job. Raises Problem for inputs that cannot be had and what `guarded_submit`
    raises (unless `may_ask`, HooksNeeded where a guard hook has to be asked first); then nothing of it exists, and
    nothing that it brought stays stored.
    """
    terms = terms or JobTerms()
    if terms.item is not None:
        check_one_each(parsed)
    job_webhooks_check(parsed.webhooks)
    inputs = inputs_store(parsed, tenant_id=owner.tenant_id, livemode=owner.livemode, spool=spool)
    try:
        return guarded_submit(parsed, inputs, owner=owner, terms=terms, may_ask=may_ask)
    except BaseException:
        inputs.discard()
        raise


def quote_build(*, who: Principal, body: Readable, tier: str) -> tuple[GenerationRequest, JobSpec, Quote]:
    """What a body asks for, and what it would cost, all its variants together.

    It is read and checked as `generation_accept` does, or as an item of a batch is; nothing is held or kept.
    """
    with request_spool() as spool:
        parsed = _read(who, body, spool, "native")
        if tier == Tier.BATCH:
            check_one_each(parsed)
        else:
            current_reservation().check_ever_fits(_images(parsed))
        job_webhooks_check(parsed.webhooks)
        inputs = inputs_store(parsed, tenant_id=who.tenant_id, livemode=who.livemode, spool=spool, is_quote=True)
        try:
            spec = job_spec_build(parsed, inputs)
            check_size(who, spec)
            with tenant_context(who.tenant_id):
                if tier != Tier.BATCH and parsed.variants > 1:
                    _check_variants(who, parsed.variants)
                quote = generation_quote(
                    spec,
                    tenant_id=who.tenant_id,
                    livemode=who.livemode,
                    tier=tier,
                    covered=True,
                    variants=parsed.variants,
                )
        finally:
            inputs.discard()
    return parsed, spec, quote


def check_active(who: Principal) -> None:
    """Raises TenantInactive: a suspended or closing tenant reads and erases what it has, but brings nothing new."""
    if who.tenant_status != "active":
        raise TenantInactive(who.tenant_status, who.tenant_status_reason)


class MayUseModels(Protocol):
    """One whose right to models is checked: a key, or a batch that a key has made."""

    @property
    def allowed_models(self) -> Collection[str] | None: ...

    def may_use(self, model: str) -> bool: ...


def check_model(who: MayUseModels, model: Model) -> None:
    """Raises ModelNotAllowed for a model that the key may not use."""
    if not who.may_use(model.id):
        raise ModelNotAllowed(model.id, who.allowed_models or ())


def check_size(who: Principal, spec: JobSpec) -> None:
    """Of the specification: a request that names no size gets its model's default, which must be allowed too."""
    size = spec.resolution.image_size if spec.resolution else None
    if size is not None and who.allowed_sizes is not None and size not in who.allowed_sizes:
        raise SizeNotAllowed(size, who.allowed_sizes)


def check_one_each(parsed: GenerationRequest) -> None:
    """Raises Problem 422 for variants: an item of a batch makes one generation."""
    if parsed.variants > 1:
        raise invalid_value("/n", "not_supported", "An item of a batch makes one generation; send as many items.")


def check_policy(who: Principal) -> None:
    """Raises PolicyNotAccepted: live jobs need an owner's acceptance of the use policy, test jobs do not."""
    if who.livemode and not policy_accepted(who.policy_version):
        raise PolicyNotAccepted(who.policy_version)


@contextmanager
def request_spool() -> Iterator[Path]:
    """Yields a folder for the bytes of one request, beside the store so that keeping is a rename; removed after.

    Who writes there makes it: most requests bring no bytes.
    """
    folder = Path(settings.SPOOL_DIR) / "requests" / new_id().hex
    try:
        yield folder
    finally:
        if folder.exists():
            shutil.rmtree(folder, ignore_errors=True)


def _check_variants(who: Principal, variants: int) -> None:
    """Raises Problem 422 for more than the key may ever have at once, in the words of `generation_submit`; needs the
    tenant's context.
    """
    rows = ApiKey.objects.filter(tenant_id=who.tenant_id, id=who.key_id)
    limit = rows.values_list("jobs_in_flight", flat=True).first()
    if limit and limit < variants:
        raise too_many_variants(limit, variants)


def _images(parsed: GenerationRequest) -> int:
    """Returns how many pictures a request counts for in the limits."""
    return parsed.variants * parsed.max_images if parsed.response.wants_image else 0


def _read(
    who: Principal,
    body: Readable,
    spool: Path,
    dialect: Dialect,
    translate: Translate | None = None,
    *,
    data_urls: bool = False,
) -> GenerationRequest:
    """Parses the body and checks it against the key and the tenant, before anything is stored."""
    tree = body_read(body, spool=spool, max_bytes=settings.MAX_BODY_BYTES, data_urls=data_urls)
    templates = template_finder(tenant_id=who.tenant_id, livemode=who.livemode)
    parsed = request_parse(translate(tree) if translate else tree, dialect=dialect, templates=templates)
    check_active(who)
    check_model(who, parsed.model)
    return parsed
