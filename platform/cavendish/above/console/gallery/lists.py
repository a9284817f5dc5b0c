"""Which pictures the gallery shows: its filters, each with the index that serves it."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cavendish.above.console.workplace import Workplace
from cavendish.above.ui.cells import SINCE, UNTIL, models_choices
from cavendish.above.ui.lists import Filter, FilterInvalid, List, equals
from cavendish.db import ids
from cavendish.db.storable import is_storable
from generations.labels.folding import tag_folded
from generations.models import CollectionOutput, GenerationTag, Output
from generations.search.selectors import OF_OUTPUTS, with_terms
from generations.search.terms import terms_asked

PAGE = 50
LOOK_THROUGH = 5_000
"""Pictures among which a page looks for what no index serves. The wall looks further as it is scrolled."""
RATINGS = [(str(number), str(number)) for number in range(5, 0, -1)]


def pictures_of(work: Workplace) -> QuerySet[Output]:
    """Returns the results of this mode that are kept, with their generations. Needs the tenant's context."""
    rows: QuerySet[Output] = Output.objects.filter(
        tenant_id=work.tenant_id,
        part=Output.Part.OUTPUT,
        generation__livemode=work.livemode,
        generation__deleted_at=None,
    )
    return rows.select_related("generation")


def gallery_list(request: HttpRequest, work: Workplace, *, up_to: UUID | None = None) -> List[Output]:
    """Returns the list of a tenant's pictures in this mode, from the newest or from the one `up_to` on.

    It is read in the tenant's context.
    """
    mode = work.livemode

    def rows() -> QuerySet[Output]:
        every = pictures_of(work)
        return every.filter(id__lte=up_to) if up_to else every

    def with_words(found: QuerySet[Output], text: str) -> QuerySet[Output]:
        terms = terms_asked(text, tenant_id=work.tenant_id, livemode=mode)
        if not terms:
            raise FilterInvalid(_("There is no word in it to search for."))
        return with_terms(found, terms, column=OF_OUTPUTS)

    return List(
        title=gettext_lazy("Gallery"),
        rows=rows,
        columns=(),
        filters=(
            Filter("q", gettext_lazy("Search prompts"), with_words, index=with_words, rank=2),
            Filter("model", gettext_lazy("Model"), equals("generation__model"), choices=models_choices),
            Filter("member", gettext_lazy("Person"), _by(ids.USER, "generation__member_id")),
            Filter("key", gettext_lazy("API key"), _by(ids.API_KEY, "generation__api_key_id")),
            Filter("tag", gettext_lazy("Tag"), _tagged, index=_tagged, rank=1),
            Filter("collection", gettext_lazy("Collection"), _collected, index=_collected, rank=0),
            Filter("rating", gettext_lazy("Rating"), equals("rating"), choices=RATINGS, index=equals("rating"), rank=1),
            Filter("favorite", gettext_lazy("Favorites"), _favorite, choices=[("yes", "")], index=_favorite, rank=1),
            SINCE,
            UNTIL,
        ),
        page_size=PAGE,
        # A word is looked for in each row too, where many have it.
        look_through=LOOK_THROUGH // 2 if request.GET.get("q") else LOOK_THROUGH,
    )


def _by(prefix: str, field: str) -> Callable[[QuerySet[Output], str], QuerySet[Output]]:
    def apply(rows: QuerySet[Output], text: str) -> QuerySet[Output]:
        value = ids.decode(prefix, text)
        if value is None:
            raise FilterInvalid(_("Choose one of the list."))
        return rows.filter(**{field: value})

    return apply


def _tagged(rows: QuerySet[Output], text: str) -> QuerySet[Output]:
    tag = tag_folded(text) if is_storable(text) else ""
    if not tag:
        raise FilterInvalid(_("Choose one of the list."))
    return rows.filter(Exists(GenerationTag.objects.filter(folded=tag, generation=OuterRef("generation_id"))))


def _collected(rows: QuerySet[Output], text: str) -> QuerySet[Output]:
    collection: UUID | None = ids.decode(ids.COLLECTION, text)
    if collection is None:
        raise FilterInvalid(_("Choose one of the list."))
    return rows.filter(Exists(CollectionOutput.objects.filter(collection=collection, output=OuterRef("id"))))


def _favorite(rows: QuerySet[Output], value: str) -> QuerySet[Output]:
    return rows.filter(favorite=True)
