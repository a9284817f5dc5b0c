"""OpenAPI shapes of webhooks. They describe what `representation` writes."""

from __future__ import annotations

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers as s

from accounts.models import WebhookDelivery as Delivery
from accounts.models import WebhookEndpoint as Endpoint
from accounts.webhooks.event_names import patterns
from cavendish.http.schema import CREATED, Page


class WebhookEndpoint(s.Serializer[object]):
    """A URL that receives the tenant's events. Every field is always present."""

    id = s.CharField()
    object = s.CharField()
    url = s.CharField()
    events = s.ListField(child=s.ChoiceField(choices=patterns()))
    description = s.CharField()
    livemode = s.BooleanField(help_text="An endpoint receives the events of its own mode.")
    status = s.ChoiceField(choices=Endpoint.Status.values)
    disabled_reason = s.ChoiceField(choices=Endpoint.Reason.values, allow_null=True)
    failing_since = s.DateTimeField(allow_null=True, help_text="The first failure after the last success.")
    previous_secret_expires_at = s.DateTimeField(
        allow_null=True, help_text="Until when requests have a signature of the secret before the last rotation too."
    )
    created_at = s.DateTimeField()
    updated_at = s.DateTimeField()


class WebhookEndpointWithSecret(WebhookEndpoint):
    secret = s.CharField(required=False, help_text="`whsec_…`. Shown only once; not when the request is sent again.")


class WebhookSigningSecret(s.Serializer[object]):
    """What signs requests to the URLs of single jobs. Every field is always present."""

    object = s.CharField()
    livemode = s.BooleanField(help_text="Jobs of the other mode have a secret of their own.")
    secret = s.CharField(help_text="`whsec_…`")
    previous_secret_expires_at = s.DateTimeField(
        allow_null=True, help_text="Until when requests have a signature of the secret before the last rotation too."
    )
    created_at = s.DateTimeField()
    updated_at = s.DateTimeField()


class WebhookEndpointPage(Page):
    data = WebhookEndpoint(many=True)


class WebhookRequest(s.Serializer[object]):
    url = s.CharField()
    headers = s.DictField(child=s.CharField())


class WebhookResponse(s.Serializer[object]):
    headers = s.DictField(child=s.CharField())
    body = s.CharField(help_text="The first 4,096 bytes.")


class WebhookAttempt(s.Serializer[object]):
    at = s.DateTimeField()
    duration_ms = s.IntegerField()
    http_status = s.IntegerField(allow_null=True, help_text="null where no answer came.")
    error = s.CharField(allow_null=True)
    request = WebhookRequest()
    response = WebhookResponse()


class WebhookDelivery(s.Serializer[object]):
    """One event for one endpoint. Every field is always present."""

    id = s.CharField()
    object = s.CharField()
    endpoint_id = s.CharField()
    event_id = s.CharField(help_text="The header `webhook-id`: the same at every attempt and when it is resent.")
    event_type = s.CharField()
    status = s.ChoiceField(choices=Delivery.Status.values)
    attempt_count = s.IntegerField(help_text="Since it was created or resent.")
    http_status = s.IntegerField(allow_null=True, help_text="Of the last attempt.")
    error = s.CharField(allow_null=True, help_text="Of the last attempt.")
    next_attempt_at = s.DateTimeField(allow_null=True)
    created_at = s.DateTimeField()
    finished_at = s.DateTimeField(allow_null=True)
    last_attempt = WebhookAttempt(allow_null=True)


class WebhookDeliveryDetail(WebhookDelivery):
    request_body = s.CharField(allow_null=True, help_text="What is sent and signed, once it was first sent.")
    attempts = WebhookAttempt(many=True)


class WebhookDeliveryPage(Page):
    data = WebhookDelivery(many=True)


class WebhookResent(s.Serializer[object]):
    resent = s.IntegerField(help_text="How many deliveries are sent again.")


ENDPOINTS = [OpenApiParameter("status", OpenApiTypes.STR, enum=Endpoint.Status.values)]
DELIVERIES = [
    OpenApiParameter("status", OpenApiTypes.STR, enum=Delivery.Status.values, description="Only these."),
    OpenApiParameter("event_type", OpenApiTypes.STR, description="Only deliveries of this event."),
    OpenApiParameter("event_id", OpenApiTypes.STR, description="Only deliveries of the event with this id."),
    *CREATED,
]
