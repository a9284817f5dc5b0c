"""`/payments/{provider}/webhook`: where the provider tells what happened. What proves whose it is, is its signature."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from billing.models import ProviderEvent
from billing.provider_payments.events import provider_event_note
from billing.providers import provider, provider_name
from billing.providers.errors import NotSigned
from cavendish.http.problems import bad_request


@csrf_exempt
@require_POST
def provider_webhook(request: HttpRequest, provider_named: str) -> HttpResponse:
    """Notes an event and answers at once; the scheduler acts on it within a second or two.

    The body is judged as it came, byte for byte. A second delivery of the same event is answered like the first.
    """
    if not provider_name() or provider_named != provider_name():
        raise Http404
    try:
        notice = provider().notice_read(request.body, request.headers)
    except NotSigned as error:
        return bad_request(error.code, error.message).response()
    new = provider_event_note(notice, source=ProviderEvent.Source.WEBHOOK)
    return JsonResponse({"received": True, "new": new})
