"""The page that an invitation's mail links to."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.authentication.people import person_actor
from accounts.errors import InvitationClosed, InvitationForAnother
from accounts.invitations.services import invitation_accept
from accounts.invitations.tokens import invitation_find
from accounts.models import Role, User
from accounts.people.session_invitation import invitation_forget, invitation_keep
from cavendish.above.console.session_tenant import SESSION_KEY, person_of
from cavendish.above.ui.refusals import refusal_text
from cavendish.http.problems import Problem


@require_http_methods(["GET", "HEAD", "POST"])
def invitation_page(request: HttpRequest, token: str) -> HttpResponse:
    """Shows who invites to what, also to visitors: whoever has the secret received it at the invited address.

    The secret is kept in the session while its holder signs in or signs up, and removed once it is used.
    """
    invitation = invitation_find(token)
    if invitation is None or not invitation.is_open:
        invitation_forget(request)
        accepted = invitation is not None and invitation.accepted_at is not None
        page = render(request, "console/invitation_closed.html", {"accepted": accepted}, status=404)
        return _private(page)
    if request.method == "POST":
        return _accept(request, token)
    if not request.user.is_authenticated:
        invitation_keep(request, token=token, email=invitation.email)
    here = reverse("invitation", args=[token])
    context: dict[str, Any] = {
        "invitation": invitation,
        "role": Role(invitation.role).label,
        "here": here,
        "known": User.objects.filter(email=invitation.email).exists(),
        "another": request.user.is_authenticated and person_of(request).email != invitation.email,
    }
    return _private(render(request, "console/invitation.html", context))


def _accept(request: HttpRequest, token: str) -> HttpResponse:
    person = person_of(request)
    try:
        membership = invitation_accept(token=token, user=person, actor=person_actor(request, person))
    except (InvitationClosed, InvitationForAnother) as refused:
        messages.error(request, refusal_text(refused))
    except Problem:
        messages.error(request, _("This invitation was revoked or sent again. Use the link in the latest email."))
    else:
        request.session[SESSION_KEY] = membership.tenant_id.hex
        messages.success(request, _("You have joined."))
    invitation_forget(request)
    return redirect("account_home")


def _private(page: HttpResponse) -> HttpResponse:
    # The address contains a secret, which Referrer-Policy keeps from other sites. (With "no-referrer" a browser sends
    # forms without an origin, and those are refused.)
    page.headers["X-Robots-Tag"] = "noindex"
    return page
