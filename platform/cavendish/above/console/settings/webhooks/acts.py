"""Create, change, test, switch, rotate and delete endpoints; send deliveries again."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from accounts.actor import Actor
from accounts.models import WebhookDelivery, WebhookEndpoint
from accounts.people.secret_box import unseal
from accounts.webhooks.event_names import ALL
from accounts.webhooks.services import (
    webhook_deliveries_resend,
    webhook_delivery_resend,
    webhook_endpoint_create,
    webhook_endpoint_delete,
    webhook_endpoint_rotate,
    webhook_endpoint_update,
    webhook_test_send,
)
from accounts.webhooks.signing_secret import signing_secret_read, signing_secret_rotate
from cavendish.above.console.settings.pages import FRAME, SettingsAct
from cavendish.above.console.settings.webhooks.events import choices
from cavendish.above.console.settings.words import numbered
from cavendish.above.ui.scripts import towards
from cavendish.above.ui.secret_page import secret_page
from cavendish.db import ids
from cavendish.egress.guard import MAX_URL_CHARS


class EndpointFields(SettingsAct):
    url = forms.CharField(
        label=_("URL"), max_length=MAX_URL_CHARS,
        help_text=_("https, on a public address. Redirects are not followed."),
        widget=forms.URLInput(attrs={"placeholder": "https://app.example.com/hooks"}),
    )  # fmt: skip
    description = forms.CharField(
        label=_("Description"), max_length=200, required=False, help_text=_("What receives the events.")
    )
    events = forms.MultipleChoiceField(label=_("Events"), widget=forms.CheckboxSelectMultiple)
    more, more_word = ("events",), _("Choose events (all by default)")

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        field: Any = self.fields["events"]
        field.choices = choices()
        field.initial = [ALL]

    def more_open(self) -> bool:
        """Returns whether the choice of events has to be seen: it is not simply everything."""
        shown = self["events"].value()
        return list(shown or []) != [ALL]


class CreateEndpoint(EndpointFields):
    word, heading = _("Create endpoint"), _("Create a webhook endpoint")

    def run(self, actor: Actor) -> HttpResponse:
        given = self.cleaned_data
        row, secret = webhook_endpoint_create(
            tenant_id=self.work.tenant_id, livemode=self.work.livemode, actor=actor,
            url=given["url"].strip(), events=given["events"], description=given["description"],
        )  # fmt: skip
        back = reverse("console:webhook", args=[ids.encode(ids.WEBHOOK_ENDPOINT, row.id)])
        return shown_once(self, secret, back)


def shown_once(act: SettingsAct, secret: str, back: str) -> HttpResponse:
    return secret_page(
        act.request,
        title=gettext("The signing secret of the endpoint"),
        secret=secret,
        back=back,
        text=gettext("Each request is signed with it, as standardwebhooks.com describes. Verify it before you trust."),
        frame=FRAME,
    )


class OneEndpoint(SettingsAct):
    def __init__(self, *args: Any, endpoint: WebhookEndpoint, **options: Any) -> None:
        self.endpoint = endpoint
        super().__init__(*args, **options)

    @property
    def title(self) -> str:
        return str(self.heading).replace("%s", self.endpoint.url)

    def update(self, actor: Actor, **changed: Any) -> None:
        webhook_endpoint_update(
            tenant_id=self.work.tenant_id, endpoint_id=self.endpoint.id, changed=changed, actor=actor
        )


class ChangeEndpoint(OneEndpoint, EndpointFields):
    word, heading = _("Save"), _("Change %s")

    def __init__(self, *args: Any, endpoint: WebhookEndpoint, **options: Any) -> None:
        initial = {"url": endpoint.url, "description": endpoint.description, "events": endpoint.events}
        super().__init__(*args, endpoint=endpoint, initial=initial, **options)

    def run(self, actor: Actor) -> str:
        given = self.cleaned_data
        self.update(actor, url=given["url"].strip(), events=given["events"], description=given["description"])
        return gettext("Saved. It applies from the next event on.")


class SendTest(OneEndpoint):
    word, heading = _("Send test"), _("Send a test event to %s")
    text = _("The event webhook.test, signed like any other. You see what the receiver answers.")

    def run(self, actor: Actor) -> HttpResponse:
        row = webhook_test_send(tenant_id=self.work.tenant_id, endpoint_id=self.endpoint.id, actor=actor)
        return to_delivery(self, row)


def to_delivery(act: SettingsAct, row: WebhookDelivery) -> HttpResponse:
    """Leads to a delivery's page, which says how it goes."""
    endpoint, delivery = ids.encode(ids.WEBHOOK_ENDPOINT, row.endpoint_id), ids.encode(ids.WEBHOOK_DELIVERY, row.id)
    return towards(act.request, reverse("console:webhook_delivery", args=[endpoint, delivery]))


class RotateSecret(OneEndpoint):
    word, heading = _("Rotate secret"), _("Rotate the secret of %s")
    text = _("A new secret begins at once; for 24 hours requests are signed with the old one, too.")

    def run(self, actor: Actor) -> HttpResponse:
        _row, secret = webhook_endpoint_rotate(tenant_id=self.work.tenant_id, endpoint_id=self.endpoint.id, actor=actor)
        return shown_once(self, secret, self.back)


class Disable(OneEndpoint):
    word, heading = _("Disable"), _("Disable %s")
    text = _("Nothing is sent to it any more. What waits for it now is dropped, and can be sent again later.")

    def run(self, actor: Actor) -> str:
        self.update(actor, status=WebhookEndpoint.Status.DISABLED)
        return gettext("The endpoint is disabled.")


class Enable(OneEndpoint):
    word, heading = _("Enable"), _("Enable %s")
    text = _("It gets events from now on. What was dropped meanwhile can be sent again.")

    def run(self, actor: Actor) -> str:
        self.update(actor, status=WebhookEndpoint.Status.ENABLED)
        return gettext("The endpoint is enabled.")


class Delete(OneEndpoint):
    word, heading, danger = _("Delete"), _("Delete %s"), True
    text = _("Nothing is sent to it any more, and the log of its deliveries goes with it. This cannot be undone.")

    def run(self, actor: Actor) -> str:
        webhook_endpoint_delete(tenant_id=self.work.tenant_id, endpoint_id=self.endpoint.id, actor=actor)
        return gettext("The endpoint was deleted.")


class ResendFailed(OneEndpoint):
    word, heading = _("Send failed again"), _("Send what failed to %s again")
    text = _(
        "All deliveries of the last 30 days that failed, and those that wait for another try, are sent now. "
        "Their event ids stay the same."
    )

    def run(self, actor: Actor) -> str:
        count = webhook_deliveries_resend(
            tenant_id=self.work.tenant_id, endpoint_id=self.endpoint.id, actor=actor, status="failed"
        )
        if not count:
            return gettext("Nothing failed.")
        return numbered(ngettext("One delivery is sent again.", "%d deliveries are sent again.", count), count)


class Resend(OneEndpoint):
    word = _("Send again")
    text = _("The same event, with the same id, whatever became of it before.")

    def __init__(self, *args: Any, delivery: WebhookDelivery, **options: Any) -> None:
        self.delivery = delivery
        super().__init__(*args, **options)

    @property
    def title(self) -> str:
        return gettext("Send %s again") % self.delivery.event_type

    def run(self, actor: Actor) -> HttpResponse:
        row = webhook_delivery_resend(
            tenant_id=self.work.tenant_id, endpoint_id=self.endpoint.id, delivery_id=self.delivery.id, actor=actor
        )
        return to_delivery(self, row)


class JobSecret(SettingsAct):
    """The secret that signs requests to URLs which single jobs name."""

    def shown(self, secret: str | None) -> HttpResponse:
        return secret_page(
            self.request,
            title=gettext("The signing secret of single jobs"),
            secret=secret or gettext("It cannot be read any more: the platform's SECRET_KEY was lost. Rotate it."),
            back=self.back,
            text=gettext("It signs requests to the URLs that single jobs name."),
            once=False,
            frame=FRAME,
        )


class ShowJobSecret(JobSecret):
    word, heading = _("Show"), _("Show the signing secret of single jobs")
    text = _("Whoever has it can send you requests that look like ours.")

    def run(self, actor: Actor) -> HttpResponse:
        livemode = self.work.livemode
        row = signing_secret_read(tenant_id=self.work.tenant_id, livemode=livemode, actor=actor)
        return self.shown(unseal(row.secret))


class RotateJobSecret(JobSecret):
    word, heading = _("Rotate secret"), _("Rotate the signing secret of single jobs")
    text = _("A new secret begins at once; for 24 hours requests are signed with the old one, too.")

    def run(self, actor: Actor) -> HttpResponse:
        livemode = self.work.livemode
        row = signing_secret_rotate(tenant_id=self.work.tenant_id, livemode=livemode, actor=actor)
        return self.shown(unseal(row.secret))
