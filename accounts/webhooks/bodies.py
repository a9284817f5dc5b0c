"""Request bodies of webhook endpoints."""

from __future__ import annotations

from typing import Any

from accounts.models import WebhookEndpoint
from accounts.webhooks.event_names import patterns
from cavendish.egress.guard import MAX_URL_CHARS
from cavendish.http.json_body import Body, Choice, Listed, Moment, Text


class EndpointChange(Body):
    """The fields of an endpoint that can be changed."""

    url = Text(max_length=MAX_URL_CHARS, help_text="https, on a public address; redirects are not followed.")
    events = Listed(
        child=Choice(choices=patterns()),
        min_length=1,
        max_length=len(patterns()),
        help_text='Names, "invoice.*" and the like, or "*" for all.',
    )
    description = Text(max_length=200, allow_blank=True)
    status = Choice(choices=WebhookEndpoint.Status.values)


class EndpointNew(EndpointChange):
    def get_fields(self) -> dict[str, Any]:
        fields: dict[str, Any] = super().get_fields()
        del fields["status"]
        for name, field in fields.items():
            field.required = name == "url"
        fields["events"].help_text += " Defaults to all."
        return fields


class Resend(Body):
    status = Choice(
        choices=["failed", "succeeded"], required=False, help_text="Without it, all that ended are sent again."
    )
    to = Moment(required=False, help_text="Of their creation, excluded.")

    def get_fields(self) -> dict[str, Any]:
        # "from" is a word of Python's.
        return {**super().get_fields(), "from": Moment(required=False, help_text="Of their creation, included.")}
