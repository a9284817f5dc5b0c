"""Sending a job's webhook again, which a tenant's people and operators do alike."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.actor import Actor
from accounts.webhooks.services import webhook_delivery_resend
from cavendish.above.ui.acts import Act
from generations.jobs.timeline import Delivery, Timeline


class ResendWebhook(Act):
    word = _("Resend")

    def __init__(self, *args: Any, job: Timeline, delivery: Delivery, **options: Any) -> None:
        self.job, self.delivery = job, delivery
        super().__init__(*args, **options)

    @property
    def title(self) -> str:
        values = {"event": self.delivery.event_type, "url": self.delivery.url}
        return gettext("Send %(event)s to %(url)s again") % values

    def run(self, actor: Actor) -> str:
        webhook_delivery_resend(
            tenant_id=self.job.belongs_to.tenant_id,
            endpoint_id=self.delivery.endpoint_id,
            delivery_id=self.delivery.id,
            actor=actor,
        )
        return gettext("It is sent again.")
