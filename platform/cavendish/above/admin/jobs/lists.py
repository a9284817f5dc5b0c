"""The list of jobs."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.db.models.fields.json import KT
from django.utils.translation import gettext_lazy as _

from accounts.models import ApiKey
from cavendish.above.admin.links import TENANT, link, tenant_link
from cavendish.above.ui import formats
from cavendish.above.ui.cells import MODE, SINCE, UNTIL, created, model_name, models_choices
from cavendish.above.ui.labels import label
from cavendish.above.ui.lists import LOOK_THROUGH, Column, Filter, FilterInvalid, List, equals
from cavendish.db import ids
from generations.models import Generation
from generations.models.generation import Status


def took(job: Generation) -> str:
    """Returns how long a job ran, from its claim to its end."""
    if job.started_at is None or job.finished_at is None:
        return "–"
    return formats.seconds((job.finished_at - job.started_at).total_seconds())


def outcome(job: Generation) -> Any:
    """Returns the state with what went wrong, or how many tries it took."""
    if job.status == Status.FAILED and job.error:
        return formats.status("bad", label(str(job.error.get("code", "")).replace("_", " ")))
    if job.status == Status.SUCCEEDED and job.failures:
        return formats.status("good", str(_("Succeeded, try %s")).replace("%s", str(job.failures + 1)))
    return formats.state(job.status)


def of_batch(rows: QuerySet[Generation], text: str) -> QuerySet[Generation]:
    batch = ids.decode(ids.BATCH, text)
    if batch is None:
        raise FilterInvalid(str(_("Write the id of a batch, like batch_….")))
    return rows.filter(batch_id=batch)


def of_key(rows: QuerySet[Generation], text: str) -> QuerySet[Generation]:
    key = ids.decode(ids.API_KEY, text)
    if key is None:
        raise FilterInvalid(str(_("Write the id of a key, like key_….")))
    return rows.filter(api_key_id=key)


def of_keys_tenant(rows: QuerySet[Generation], text: str) -> QuerySet[Generation]:
    """Narrows to the jobs of the tenant that has the key: those are the ones with an index."""
    tenant = ApiKey.objects.filter(id=ids.decode(ids.API_KEY, text)).values_list("tenant_id", flat=True).first()
    return rows.filter(tenant_id=tenant) if tenant else rows.none()


def with_code(rows: QuerySet[Generation], text: str) -> QuerySet[Generation]:
    """Narrows to the jobs that failed with a code, as the index `generations_of_code` has them."""
    return rows.alias(code=KT("error__code")).filter(code=text, status=Status.FAILED)


def of_rare_status(rows: QuerySet[Generation], value: str) -> QuerySet[Generation] | None:
    """Narrows to the jobs of a state that few have; None for the one that most end with."""
    return rows.filter(status=value) if value != Status.SUCCEEDED else None


JOBS: List[Generation] = List(
    title=_("Jobs"),
    rows=lambda: Generation.objects.select_related("tenant").all(),
    columns=(
        Column(_("Age"), created),
        Column(_("Job"), lambda job: link(ids.GENERATION, job.id), kind="th"),
        Column(_("Tenant"), tenant_link),
        Column(_("Model"), lambda job: f"{model_name(job.model)} · {job.image_size}".removesuffix(" · "), wide=True),
        Column(_("State"), outcome),
        Column(_("Mode"), lambda job: formats.livemode(job.livemode), wide=True),
        Column(_("Took"), took, kind="r", wide=True),
    ),
    filters=(
        TENANT,
        Filter("status", _("State"), equals("status"), choices=Status.choices, index=of_rare_status, rank=3),
        Filter(
            "code", _("Error code"), with_code, placeholder="upstream_unavailable", index=with_code, rank=2, lead="code"
        ),
        Filter("model", _("Model"), equals("model"), choices=models_choices),
        MODE,
        SINCE,
        UNTIL,
        Filter("batch", _("Batch"), of_batch, placeholder="batch_…", index=of_batch, rank=0),
        Filter("key", _("API key"), of_key, placeholder="key_…", index=of_keys_tenant, covers=False, rank=0),
    ),
    look_through=LOOK_THROUGH,
    empty=_("Jobs stand here as soon as a tenant submits one."),
)
