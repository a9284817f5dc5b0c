"""A job's timeline to operators: with workers, keys and hosts of the upstream, and links into the admin."""

from __future__ import annotations

from uuid import UUID

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from cavendish.above.admin.links import link
from cavendish.above.ui.formats import seconds
from cavendish.above.ui.jobs.steps import Story
from cavendish.db import ids
from generations.jobs.steps import Accepted, Called, Claimed, GivenBack
from generations.jobs.timeline import Timeline


class OperatorStory(Story):
    def link(self, kind: str, value: UUID, text: str = "") -> SafeString | str:
        return link(kind, value, text)

    def accepted(self, facts: Accepted, job: Timeline) -> SafeString:
        key = link(ids.API_KEY, facts.key_id, facts.key_name or facts.key_prefix)
        if facts.batch_id is not None:
            return format_html(_("As an item of the batch {}, by the key {}."), link(ids.BATCH, facts.batch_id), key)
        return format_html(_("By the key {}."), key)

    def claimed(self, facts: Claimed) -> str:
        return _("Claimed by %s") % (facts.worker or _("a worker"))

    def tried_again(self, call: Called) -> str:
        return _("Tried again, with the same key") if call.same_key else _("Tried again, with another key")

    def given_back(self, facts: GivenBack) -> tuple[str, str]:
        if facts.is_loss:
            return _("The worker was lost"), _("What it was doing is lost with it; another worker goes on.")
        reasons = {
            "upstream_busy": _("The upstream asked to come later."),
            "storage_away": _("The object storage did not answer; nothing that was bought is lost."),
        }
        return _("Given back to the queue"), reasons.get(facts.reason, facts.reason)

    def call_pairs(self, facts: Called) -> list[tuple[str, SafeString | str]]:
        pairs: list[tuple[str, SafeString | str]] = []
        if facts.upstream_key:
            key = format_html("<code>{}</code>", facts.upstream_key)
            if facts.cooling_seconds:
                key = format_html(_("{}, then cooling for {}"), key, seconds(facts.cooling_seconds))
            pairs.append((_("Upstream key"), key))
        if facts.upstream_id:
            pairs.append((_("Interaction"), format_html("<code>{}</code>", facts.upstream_id)))
        return pairs
