"""Which names of the jobs' metadata usage is summed by."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.db import connections
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from accounts.actor import Actor
from billing.usage.schema import UsageTagsChange
from billing.usage.services import usage_tags_set
from cavendish.above.ui.acts import Act, Change, Preview
from cavendish.above.ui.marks import entries, listed, sentences
from cavendish.db.router import current_alias
from cavendish.http.json_body import body_checked

LAST_JOBS = 500
MOST_NAMES = 12


class ChooseTags(Act):
    word = _("Save")
    text = _(
        "Jobs carry metadata that you give them, like a team or a project. Usage can be summed by up to five names."
    )

    tags = forms.CharField(
        label=_("Metadata names"),
        max_length=400,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        help_text=_("Parted by commas, like “team, project”. Sums by a new name begin now."),
    )

    def __init__(self, *args: Any, tenant_id: UUID, now: list[str], lately: list[str], **options: Any) -> None:
        super().__init__(*args, **options)
        self.tenant_id, self.now = tenant_id, now
        self.fields["tags"].initial = ", ".join(now)
        if lately:
            lead = gettext("Your last jobs carry: %s.") % listed(lately)
            self.fields["tags"].help_text = sentences(self.fields["tags"].help_text, lead)

    @property
    def title(self) -> str:
        return gettext("Sum usage by metadata")

    def _checked(self) -> list[str]:
        body = {"tags": list(dict.fromkeys(entries(self.cleaned_data["tags"])))}
        checked: list[str] = body_checked(body, UsageTagsChange)["tags"]
        return checked

    def preview(self) -> Preview:
        after = sorted(self._checked())
        notes = [gettext("What is summed so far stays; a name that is left out gets no new sums.")]
        if lost := len(set(self.now) - set(after)):
            text = ngettext("%s name gets no new sums from now on.", "%s names get no new sums from now on.", lost)
            notes = [text % lost]
        return Preview([Change(gettext("Metadata names"), listed(self.now) or "–", listed(after) or "–")], notes)

    def run(self, actor: Actor) -> str:
        kept = usage_tags_set(tenant_id=self.tenant_id, keys=self._checked(), actor=actor)
        return gettext("Usage is summed by %s.") % listed(kept) if kept else gettext("Usage is summed by no metadata.")


def names_lately(tenant_id: UUID, *, livemode: bool) -> list[str]:
    """Returns the metadata names of the last jobs, the most used first. In the tenant's context."""
    with connections[current_alias()].cursor() as cursor:
        cursor.execute(
            """SELECT name FROM (
                   SELECT jsonb_object_keys(metadata) AS name FROM (
                       SELECT metadata FROM generations_generation
                       WHERE tenant_id = %s AND livemode = %s ORDER BY id DESC LIMIT %s) jobs) names
               WHERE position(',' in name) = 0 GROUP BY name ORDER BY count(*) DESC, name LIMIT %s""",
            [tenant_id, livemode, LAST_JOBS, MOST_NAMES],
        )
        return [name for (name,) in cursor.fetchall()]
