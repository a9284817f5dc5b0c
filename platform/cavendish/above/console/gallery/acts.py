"""Acts on pictures: share, end a link, delete; on collections; on several pictures at once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext_lazy

from accounts.actor import Actor
from cavendish.above.console.gallery.details import Link
from cavendish.above.console.pictures.shapes import Sight
from cavendish.above.console.workplace import Workplace
from cavendish.above.ui import formats
from cavendish.above.ui.acts import Act, Preview
from cavendish.above.ui.forms import MomentField
from cavendish.above.ui.marks import entries, sentences
from cavendish.db import ids
from cavendish.http.problems import Problem, not_found
from generations.collections.services import (
    collection_create,
    collection_delete,
    collection_output_add,
    collection_output_remove,
    collection_update,
)
from generations.labels.services import generation_tags_change
from generations.models import Collection, Generation, Output
from generations.services import generation_delete, share_link_create, share_link_revoke

OWN, FOREVER = "own", ""
LASTS = (
    ("1", pgettext_lazy("lasts", "1 day")),
    ("7", pgettext_lazy("lasts", "7 days")),
    ("30", pgettext_lazy("lasts", "30 days")),
    (OWN, gettext_lazy("Until a moment that I choose")),
    (FOREVER, gettext_lazy("Until I revoke it")),
)


def excerpt(sight: Sight) -> str:
    """Returns what names a picture: the beginning of its prompt."""
    text = " ".join(sight.prompt.split()) or sight.model_name
    return text if len(text) <= 60 else f"{text[:59]}…"


class Share(Act):
    """A link that opens without an account."""

    word = gettext_lazy("Create link")
    text = gettext_lazy(
        "Whoever has the link sees the picture with its sources and where it came from: not the prompt, not the cost. "
        "It can be revoked at any time."
    )

    lasts = forms.ChoiceField(label=gettext_lazy("It works for"), choices=LASTS, required=False, initial="7")
    until = MomentField(
        label=gettext_lazy("Until"), help_text=gettext_lazy("Only for a moment that you choose; in your time zone.")
    )

    def __init__(self, *args: Any, work: Workplace, sight: Sight, **options: Any) -> None:
        self.work, self.sight = work, sight
        super().__init__(*args, **options)

    @property
    def title(self) -> str:
        return _("Share “%s”").replace("%s", excerpt(self.sight))

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        until = cleaned.get("until")
        if cleaned.get("lasts") == OWN and until is None and "until" not in self.errors:
            self.add_error("until", _("Choose when it ends."))
        if until is not None and cleaned.get("lasts") == OWN and until <= timezone.now():
            self.add_error("until", _("This time has passed."))
        return cleaned

    def expires_at(self) -> datetime | None:
        lasts = self.cleaned_data["lasts"]
        if lasts == OWN:
            chosen: datetime = self.cleaned_data["until"]
            return chosen
        return timezone.now() + timedelta(days=int(lasts)) if lasts else None

    def run(self, actor: Actor) -> str:
        made = share_link_create(
            tenant_id=self.work.tenant_id,
            generation_id=self.sight.generation.id,
            livemode=self.work.livemode,
            expires_at=self.expires_at(),
            actor=actor,
        )
        if made is None:
            raise not_found()
        return _("The link works. Copy it under Share links.")


class RevokeLink(Act):
    word, danger = pgettext_lazy("share link", "Revoke"), True
    text = gettext_lazy("It stops working at once, for everybody who has it.")

    def __init__(self, *args: Any, work: Workplace, link: Link, **options: Any) -> None:
        self.work, self.link = work, link
        super().__init__(*args, **options)

    @property
    def title(self) -> str:
        made = formats.day(timezone.localdate(self.link.created_at))
        return _("Revoke the link that was made on %s").replace("%s", made)

    def run(self, actor: Actor) -> str:
        link_id = ids.decode(ids.SHARE_LINK, self.link.id)
        assert link_id is not None
        share_link_revoke(
            tenant_id=self.work.tenant_id, share_link_id=link_id, livemode=self.work.livemode, actor=actor
        )
        return _("The link is revoked.")


class DeletePicture(Act):
    """Deletes the generation that made a picture: a picture is not kept apart from what it was made of."""

    word, danger = gettext_lazy("Delete"), True

    def __init__(self, *args: Any, work: Workplace, sight: Sight, **options: Any) -> None:
        self.work, self.sight = work, sight
        super().__init__(*args, **options)

    @property
    def title(self) -> str:
        return _("Delete “%s”").replace("%s", excerpt(self.sight))

    @property
    def text(self) -> str:  # type: ignore[override]
        number = len(self.sight.pictures)
        lost = ngettext(
            "Lost for good: the picture, its prompt, its texts and sources, the smaller copies, its share links.",
            "Lost for good: all %(number)s pictures of this generation, their prompt, texts and sources, the smaller "
            "copies, the share links.",
            number,
        ) % {"number": number}
        stays = _("What stays: the job without content, and its charge.")
        return sentences(lost, stays)

    def run(self, actor: Actor) -> str:
        deleted = generation_delete(
            tenant_id=self.work.tenant_id, generation_id=self.sight.generation.id, livemode=self.work.livemode
        )
        if not deleted:
            raise not_found()
        return _("“%s” is deleted.").replace("%s", excerpt(self.sight))


class CollectionFields(Act):
    name = forms.CharField(label=gettext_lazy("Name"), max_length=100)
    description = forms.CharField(
        label=gettext_lazy("Description"), max_length=500, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )


class NewCollection(CollectionFields):
    word = gettext_lazy("Create collection")

    def __init__(self, *args: Any, work: Workplace, **options: Any) -> None:
        self.work = work
        super().__init__(*args, **options)

    def run(self, actor: Actor) -> str:
        collection_create(
            tenant_id=self.work.tenant_id,
            livemode=self.work.livemode,
            name=self.cleaned_data["name"],
            description=self.cleaned_data["description"],
        )
        return _("The collection “%s” is there. Put pictures into it from the gallery.").replace(
            "%s", self.cleaned_data["name"]
        )


class RenameCollection(CollectionFields):
    word = gettext_lazy("Save")

    def __init__(self, *args: Any, work: Workplace, collection: Collection, **options: Any) -> None:
        self.work, self.collection = work, collection
        super().__init__(*args, initial={"name": collection.name, "description": collection.description}, **options)

    @property
    def title(self) -> str:
        return _("Rename “%s”").replace("%s", self.collection.name)

    def run(self, actor: Actor) -> str:
        collection_update(
            tenant_id=self.work.tenant_id,
            collection_id=self.collection.id,
            livemode=self.work.livemode,
            changed={name: self.cleaned_data[name] for name in ("name", "description")},
        )
        return _("The collection is called “%s”.").replace("%s", self.cleaned_data["name"])


class DeleteCollection(Act):
    word, danger = gettext_lazy("Delete"), True
    text = gettext_lazy("The pictures in it stay in the gallery.")

    def __init__(self, *args: Any, work: Workplace, collection: Collection, **options: Any) -> None:
        self.work, self.collection = work, collection
        super().__init__(*args, **options)

    @property
    def title(self) -> str:
        return _("Delete the collection “%s”").replace("%s", self.collection.name)

    def run(self, actor: Actor) -> str:
        collection_delete(tenant_id=self.work.tenant_id, collection_id=self.collection.id, livemode=self.work.livemode)
        return _("The collection “%s” is deleted; its pictures are still in the gallery.").replace(
            "%s", self.collection.name
        )


class ForSeveral(Act):
    """An act on the pictures that were selected."""

    def __init__(self, *args: Any, work: Workplace, outputs: Sequence[Output], **options: Any) -> None:
        self.work, self.outputs = work, outputs
        super().__init__(*args, **options)

    @property
    def jobs(self) -> Sequence[Generation]:
        return list({output.generation_id: output.generation for output in self.outputs}.values())

    @property
    def number(self) -> str:
        count = len(self.outputs)
        return ngettext("%(number)s picture", "%(number)s pictures", count) % {"number": formats.count(count)}


class TagSeveral(ForSeveral):
    word = gettext_lazy("Add tags")

    tags = forms.CharField(
        label=gettext_lazy("Tags"),
        max_length=500,
        help_text=gettext_lazy("Several with commas between them."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    @property
    def title(self) -> str:
        return _("Tag %s").replace("%s", self.number)

    def run(self, actor: Actor) -> str:
        add = entries(self.cleaned_data["tags"])
        for job in self.jobs:
            generation_tags_change(
                tenant_id=self.work.tenant_id, generation_id=job.id, livemode=self.work.livemode, add=add
            )
        return _("%s tagged.").replace("%s", self.number)


class CollectSeveral(ForSeveral):
    """Puts pictures into a collection: one that there is, or one of a new name."""

    word = gettext_lazy("Add to collection")

    collection = forms.ChoiceField(label=gettext_lazy("Collection"), required=False)
    name = forms.CharField(
        label=gettext_lazy("New collection"),
        max_length=100,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    def __init__(self, *args: Any, known: Sequence[Collection], **options: Any) -> None:
        super().__init__(*args, **options)
        field = self.fields["collection"]
        assert isinstance(field, forms.ChoiceField)
        named = [(ids.encode(ids.COLLECTION, row.id), row.name) for row in known]
        field.choices = [("", _("A new one")), *named]

    @property
    def title(self) -> str:
        return _("Add %s to a collection").replace("%s", self.number)

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if not cleaned.get("collection") and not cleaned.get("name") and not self.errors:
            self.add_error("name", _("Choose a collection, or name a new one."))
        return cleaned

    def run(self, actor: Actor) -> str:
        here: dict[str, Any] = {"tenant_id": self.work.tenant_id, "livemode": self.work.livemode}
        collection_id = ids.decode(ids.COLLECTION, self.cleaned_data["collection"])
        if collection_id is None:
            collection_id = collection_create(**here, name=self.cleaned_data["name"]).id
        for output in self.outputs:
            if collection_output_add(**here, collection_id=collection_id, output_id=output.id) is None:
                raise not_found()
        return _("%s added.").replace("%s", self.number)


class TakeOutSeveral(ForSeveral):
    """Takes pictures out of the collection that is shown."""

    word = gettext_lazy("Take out")

    def __init__(self, *args: Any, collection: Collection, **options: Any) -> None:
        self.collection = collection
        super().__init__(*args, **options)

    @property
    def title(self) -> str:
        return _("Take {number} out of “{name}”").format(number=self.number, name=self.collection.name)

    def run(self, actor: Actor) -> str:
        for output in self.outputs:
            collection_output_remove(
                tenant_id=self.work.tenant_id,
                collection_id=self.collection.id,
                output_id=output.id,
                livemode=self.work.livemode,
            )
        return _("%s taken out.").replace("%s", self.number)


class DeleteSeveral(ForSeveral):
    word, danger = gettext_lazy("Delete"), True

    def __init__(self, *args: Any, outputs: Sequence[Output], others: int, **options: Any) -> None:
        """`others` are the pictures of the same generations that were not selected, and go too."""
        self.others = others
        self.typed = str(len(outputs)) if len(outputs) > 1 else ""
        super().__init__(*args, outputs=outputs, **options)

    @property
    def title(self) -> str:
        return _("Delete %s").replace("%s", self.number)

    @property
    def text(self) -> str:  # type: ignore[override]
        lost = _("Lost for good: the pictures, their prompts, texts and sources, smaller copies and share links.")
        kept = _("What stays: the jobs without content, and their charges.")
        return sentences(lost, kept)

    def preview(self) -> Preview | None:
        if not self.others:
            return None
        more = ngettext(
            "%(number)s more picture of the same generations is deleted too.",
            "%(number)s more pictures of the same generations are deleted too.",
            self.others,
        ) % {"number": self.others}
        return Preview(notes=[more])

    def run(self, actor: Actor) -> str:
        gone, refusal = 0, None
        for job in self.jobs:
            try:
                gone += generation_delete(
                    tenant_id=self.work.tenant_id, generation_id=job.id, livemode=self.work.livemode
                )
            except Problem as problem:
                refusal = problem
        if refusal is not None and not gone:
            raise refusal
        if refusal is not None:
            return _("Deleted, except for what is under a legal hold.")
        return _("%s deleted.").replace("%s", self.number)
