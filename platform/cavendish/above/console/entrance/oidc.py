"""Sign-in with the operator's OIDC provider."""

from __future__ import annotations

import logging

import requests
from allauth.socialaccount.providers.openid_connect import views
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

logger = logging.getLogger(__name__)


def provider_login(request: HttpRequest, provider_id: str) -> HttpResponse:
    """Sends the visitor to the provider with a page instead of a redirect.

    A form may only redirect to hosts of the Content-Security-Policy's form-action, and only the provider itself knows
    the host of its page.
    """
    try:
        response: HttpResponse = views.login(request, provider_id)
    except requests.RequestException as error:
        logger.warning("The OIDC provider did not respond: %s", type(error).__name__)
        return render(request, "socialaccount/authentication_error.html", status=503)
    address = response.headers.get("Location", "")
    if response.status_code != 302 or not address.startswith(("https://", "http://")):
        return response
    page = render(request, "console/leaving.html", {"address": address})
    page.headers["Refresh"] = f"0; url={address}"
    page.headers["Referrer-Policy"] = "no-referrer"
    return page
