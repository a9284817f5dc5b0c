"""The list of jobs: the filters of `GET /generations`, in the address under the API's names where it has them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet
from django.db.models.fields.json import KT
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from accounts.models import ApiKey, Membership
from cavendish.above.console.jobs.advice import failures
from cavendish.above.console.jobs.rows import Row, rows_of
from cavendish.above.console.workplace import Workplace
from cavendish.above.ui.cells import SINCE, UNTIL, key_name, models_choices
from cavendish.above.ui.lists import LOOK_THROUGH, Filter, FilterInvalid, List, equals
from cavendish.db import ids
from generations.labels.folding import MAX_CHARS, tag_folded
from generations.models import Generation, GenerationTag, Status

MOST_CHOICES = 200
"""Keys and members that a menu names, the newest ones."""

Apply = Callable[[QuerySet[Generation], str], QuerySet[Generation]]


@dataclass
class Loaded:
    """The rows of the page that is shown."""

    rows: list[Row] = field(default_factory=list)

    def load(self, jobs: Sequence[Generation]) -> None:
        self.rows = rows_of(jobs)

    @property
    def active(self) -> list[Row]:
        """Those that are not finished, whose rows are asked for again."""
        return [row for row in self.rows if row.is_active]


def jobs_list(work: Workplace, loaded: Loaded, *, key: str = "") -> List[Generation]:
    """Returns the list of the tenant's jobs in the session's mode; a page of it is loaded into `loaded`.

    In the tenant's context, since its menus name keys and members. `key` is the id of one that is chosen already, which
    may be older than those of the menu.
    """
    return List(
        title=_("Jobs"),
        rows=lambda: jobs_of(work),
        columns=(),
        filters=(
            Filter("status", _("State"), equals("status"), choices=Status.choices),
            Filter("error_code", _("Error"), _with_code, choices=failures),
            Filter("model", _("Model"), equals("model"), choices=models_choices),
            Filter("key_id", _("Key"), _of("api_key_id", ids.API_KEY), choices=_keys(work, key)),
            Filter("member_id", _("Member"), _of("member_id", ids.USER), choices=_members(work)),
            Filter("tag", _("Tag"), _tagged, index=_tagged, rank=1),
            Filter("batch_id", _("Batch"), _of_batch, placeholder="batch_…", index=_of_batch, rank=0),
            SINCE,
            UNTIL,
        ),
        look_through=LOOK_THROUGH,
        prepare=loaded.load,
    )


def jobs_of(work: Workplace) -> QuerySet[Generation]:
    """Returns the tenant's jobs of the session's mode that are not deleted."""
    rows: QuerySet[Generation] = Generation.objects.filter(
        tenant_id=work.tenant_id, livemode=work.livemode, deleted_at=None
    )
    return rows


def _keys(work: Workplace, chosen: str) -> list[tuple[str, Any]]:
    rows = ApiKey.objects.filter(tenant_id=work.tenant_id, livemode=work.livemode)
    keys = {key.id: key for key in rows.order_by("-id")[:MOST_CHOICES]}
    if (chosen_id := ids.decode(ids.API_KEY, chosen)) is not None and chosen_id not in keys:
        keys |= rows.in_bulk([chosen_id])
    named = [(ids.encode(ids.API_KEY, key.id), key_name(key)) for key in keys.values()]
    return sorted(named, key=lambda choice: choice[1].casefold())


def _members(work: Workplace) -> list[tuple[str, Any]]:
    rows = Membership.objects.filter(tenant_id=work.tenant_id).select_related("user").order_by("-id")[:MOST_CHOICES]
    named = [(ids.encode(ids.USER, row.user_id), row.user.name or row.user.email) for row in rows]
    return sorted(named, key=lambda choice: choice[1].casefold())


def _of(column: str, kind: str) -> Apply:
    return lambda rows, text: rows.filter(**{column: ids.decode(kind, text)})


def _with_code(rows: QuerySet[Generation], code: str) -> QuerySet[Generation]:
    return rows.alias(code=KT("error__code")).filter(code=code, status=Status.FAILED)


def _of_batch(rows: QuerySet[Generation], text: str) -> QuerySet[Generation]:
    batch = ids.decode(ids.BATCH, text)
    if batch is None:
        raise FilterInvalid(_t("Write the id of a batch, like batch_…."))
    return rows.filter(batch_id=batch)


def _tagged(rows: QuerySet[Generation], text: str) -> QuerySet[Generation]:
    folded = tag_folded(text) if len(text) <= MAX_CHARS else ""
    if not folded:
        raise FilterInvalid(_t("A tag has 1 to %s characters.").replace("%s", str(MAX_CHARS)))
    return rows.filter(Exists(GenerationTag.objects.filter(folded=folded, generation=OuterRef("id"))))
