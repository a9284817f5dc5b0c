"""A job's timeline to its tenant, in words that need no knowledge of how the platform works."""

from __future__ import annotations

from uuid import UUID

from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from cavendish.above.console.jobs.advice import advice
from cavendish.above.console.jobs.rows import Maker
from cavendish.above.ui.jobs.steps import Story
from cavendish.db import ids
from generations.jobs.steps import Accepted, Called, Claimed, GivenBack
from generations.jobs.timeline import Timeline


class TenantStory(Story):
    """`maker` is who asked for the job."""

    def __init__(self, maker: Maker) -> None:
        self.maker = maker

    def link(self, kind: str, value: UUID, text: str = "") -> SafeString | str:
        if kind == ids.BATCH:
            address = reverse("console:batch", args=[ids.encode(kind, value)])
            return format_html('<a href="{}">{}</a>', address, text or _("a batch"))
        return text

    def accepted(self, facts: Accepted, job: Timeline) -> SafeString | str:
        if facts.batch_id is not None:
            batch = self.link(ids.BATCH, facts.batch_id)
            return format_html(_("As an item of {}, by {}."), batch, self.maker.name)
        if self.maker.kind == "member":
            return _("From the console, by %s.").replace("%s", self.maker.name)
        return _("By the key %s.").replace("%s", self.maker.name)

    def claimed(self, facts: Claimed) -> str:
        return _("Started") if facts.attempt < 2 else _("Started again")

    def tried_again(self, call: Called) -> str:
        return _("Tried again")

    def given_back(self, facts: GivenBack) -> tuple[str, str]:
        if facts.is_loss:
            return _("Interrupted"), _("The machine that ran it was lost. It starts again; nothing is charged twice.")
        reasons = {
            "upstream_busy": _("Google is busy and asked to come later."),
            "storage_away": _("The storage did not answer. Nothing that was generated is lost."),
            "machine_fault": _("The machine that ran it had a fault. It starts again; nothing is charged twice."),
        }
        return _("Back in the queue"), reasons.get(facts.reason, "")

    def failure(self, code: str) -> str:
        return advice(code).short
