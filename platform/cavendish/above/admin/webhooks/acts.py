"""What operators do about deliveries that did not arrive."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext, ngettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from accounts.actor import Actor
from accounts.models import WebhookDelivery, WebhookEndpoint
from accounts.webhooks.services import webhook_deliveries_resend, webhook_delivery_resend
from cavendish.above.ui import formats
from cavendish.above.ui.acts import Act

SPANS = {"hour": timedelta(hours=1), "day": timedelta(days=1), "week": timedelta(days=7)}


class Resend(Act):
    word = _("Resend")
    text = _("It is sent at once, with all attempts anew. The receiver sees the same event id.")

    def __init__(self, *args: Any, delivery: WebhookDelivery, url: str, **options: Any) -> None:
        self.delivery, self.url = delivery, url
        super().__init__(*args, **options)

    @property
    def title(self) -> str:
        return gettext("Resend %(event)s to %(url)s") % {"event": self.delivery.event_type, "url": self.url}

    def run(self, actor: Actor) -> str:
        row = self.delivery
        webhook_delivery_resend(tenant_id=row.tenant_id, endpoint_id=row.endpoint_id, delivery_id=row.id, actor=actor)
        return gettext("The delivery is sent again.")


class ResendFailed(Act):
    word = _("Resend failed")
    text = _("Deliveries that failed, or wait for their next attempt, are sent at once. The others stay.")

    span = forms.ChoiceField(
        label=pgettext_lazy("period", "From"),
        choices=[
            ("hour", _("The last hour")), ("day", _("The last 24 hours")), ("week", _("The last 7 days")),
            ("all", _("All that are kept")),
        ],
        initial="day",
    )  # fmt: skip

    def __init__(self, *args: Any, endpoint: WebhookEndpoint, **options: Any) -> None:
        self.endpoint = endpoint
        super().__init__(*args, **options)

    @property
    def title(self) -> str:
        return gettext("Resend what failed to %s") % self.endpoint.url

    def run(self, actor: Actor) -> str:
        span = SPANS.get(self.cleaned_data["span"])
        sent = webhook_deliveries_resend(
            tenant_id=self.endpoint.tenant_id,
            endpoint_id=self.endpoint.id,
            status=WebhookDelivery.Status.FAILED,
            since=timezone.now() - span if span else None,
            actor=actor,
        )
        text = ngettext("%s delivery is sent again.", "%s deliveries are sent again.", sent)
        return text.replace("%s", formats.count(sent))
