"""The first steps of a tenant: a picture, a key, and a call whose arrival the page sees."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.keys.services import api_key_create
from accounts.models import Scope
from accounts.policy.services import policy_accept
from accounts.roles.permissions import Permission, scopes_of
from cavendish.above.console.pages import console_page
from cavendish.above.console.playground.accepting import accept
from cavendish.above.console.playground.form import Form
from cavendish.above.console.playground.quotes import quoted
from cavendish.above.console.playground.refusals import errors_of, refused_of
from cavendish.above.console.start.progress import live_of, people_to_ask, progress_of
from cavendish.above.console.start.skipping import skip_start
from cavendish.above.console.workplace import Workplace, livemode_switch
from cavendish.above.ui.first_call import MODEL, first_calls
from cavendish.above.ui.marks import sentences
from cavendish.above.ui.refusals import refusal_text
from cavendish.above.ui.sayings import said
from cavendish.db.storable import storable
from cavendish.gemini.catalog import get_model
from cavendish.http.problems import Problem

FIRST_SCOPES = (Scope.GENERATE, Scope.READ, Scope.FILES)
"""What a first key may do: what programs that make pictures need, and no more."""
NO_SECRET = "YOUR_API_KEY"
ONCE_SECONDS = 3600
MAX_KEY_NAME_CHARS = 100


@console_page(Permission.READ, section="home")
def start(request: HttpRequest, work: Workplace) -> HttpResponse:
    """The steps, each as far as it has come."""
    return _page(request, work)


@console_page(Permission.GENERATE, section="home")
def start_picture(request: HttpRequest, work: Workplace) -> HttpResponse:
    """Accepts the first picture, in the mode that its button names, and goes back to the steps."""
    if request.method != "POST":
        return HttpResponseRedirect(reverse("console:start"))
    work = _in_mode(work, livemode=request.POST.get("mode") == "live")
    form = Form(model=get_model(MODEL), prompt=request.POST.get("prompt", "").strip()).fitting()
    try:
        accept(request, work, form.body())
    except Problem as problem:
        errors = errors_of(problem, form)
        refused = None if errors else refused_of(problem, work)
        extra = {"prompt": form.prompt, "prompt_error": sentences(*errors.values()), "refused": refused}
        return _page(request, work, extra, status=422)
    _stay_in_mode(request, work)
    return HttpResponseRedirect(reverse("console:start"))


@console_page(Permission.KEYS, section="home")
def start_key(request: HttpRequest, work: Workplace) -> HttpResponse:
    """Creates a key and shows its secret, once, with programs that have it in them: a live one where it can run."""
    if request.method != "POST":
        return HttpResponseRedirect(reverse("console:start"))
    once = f"start-key:{work.tenant_id.hex}:{request.POST.get('once', '')[:40]}"
    if request.POST.get("once") and not cache.add(once, True, ONCE_SECONDS):
        messages.info(request, _("This was done already; a second click does nothing."))
        return HttpResponseRedirect(reverse("console:start"))
    work = _in_mode(work, livemode=work.livemode and live_of(work).ready)
    name = storable(request.POST.get("name", "").strip()[:MAX_KEY_NAME_CHARS]) or _("First key")
    scopes = [scope for scope in FIRST_SCOPES if scope in scopes_of(work.role)]
    try:
        _key, secret = api_key_create(
            tenant_id=work.tenant_id, name=name, livemode=work.livemode, scopes=scopes, actor=work.actor
        )
    except Problem as problem:
        cache.delete(once)
        errors = sentences(*(said(error.detail) for error in problem.errors))
        return _page(request, work, {"key_error": errors or refusal_text(problem), "key_name": name}, status=422)
    _stay_in_mode(request, work)
    response = _page(request, work, {"secret": secret, "scopes": scopes})
    response.headers["Cache-Control"] = "no-store"
    return response


@console_page(Permission.POLICY, section="home")
def start_policy(request: HttpRequest, work: Workplace) -> HttpResponse:
    """Accepts the use policy that the page showed, without which no live job runs."""
    if request.method == "POST":
        version = request.POST.get("version", "")
        try:
            policy_accept(tenant_id=work.tenant_id, version=version, actor=work.actor)
        except Problem as problem:
            messages.error(request, refusal_text(problem))
        else:
            text = _("Use policy accepted. %s can now run live jobs.")
            messages.success(request, text.replace("%s", work.membership.name))
    return HttpResponseRedirect(reverse("console:start"))


@console_page(Permission.READ, section="home")
def start_arrivals(request: HttpRequest, work: Workplace) -> HttpResponse:
    """What has come since the page was shown: nothing (204), or the parts that changed."""
    progress = progress_of(work)
    if request.GET.get("seen") == progress.state:
        return HttpResponse(status=204)
    return render(request, "console/start/arrivals.html", {"progress": progress, "arrivals": True})


@console_page(None, section="home")
def start_skip(request: HttpRequest, work: Workplace) -> HttpResponse:
    """Leads to the console itself, and does not lead back here by itself in this session."""
    if request.method == "POST":
        skip_start(request, work)
    return HttpResponseRedirect(reverse("console:home"))


def _page(
    request: HttpRequest, work: Workplace, extra: Mapping[str, Any] | None = None, *, status: int = 200
) -> HttpResponse:
    extra = extra or {}
    progress, live = progress_of(work), live_of(work)
    prompt = extra.get("prompt") or _("A ripe banana on a wooden desk, soft morning light, shallow depth of field")
    secret = extra.get("secret", "")
    scopes = extra.get("scopes", FIRST_SCOPES)
    context = {
        "progress": progress,
        "live": live,
        "prompt": prompt,
        "price": _price(work, prompt) if live.ready and not progress.has_picture else None,
        "may_generate": work.may(Permission.GENERATE),
        "may_create": work.may(Permission.KEYS),
        "may_accept": work.may(Permission.POLICY),
        "may_pay": work.may(Permission.BILLING),
        "ask": [] if work.may(Permission.GENERATE) else people_to_ask(work),
        "snippets": first_calls(base_url=settings.BASE_URL, secret=secret or NO_SECRET, scopes=scopes),
        "secret": secret,
        "key_live": work.livemode and live.ready,
        "version": settings.POLICY_VERSION,
        "url": settings.POLICY_URL,
        "once": secrets.token_urlsafe(12),
        **extra,
    }
    context["prompt"] = prompt
    return render(request, "console/start/start.html", context, status=status)


def _price(work: Workplace, prompt: str) -> Any:
    """Returns what the first picture would cost in live mode."""
    live = work if work.livemode else replace(work, livemode=True)
    found = quoted(live, Form(model=get_model(MODEL), prompt=prompt).fitting())
    return found if found.amount is not None else None


def _in_mode(work: Workplace, *, livemode: bool) -> Workplace:
    """Returns the workplace in a mode. Raises TestModeOff where the tenant has no test mode."""
    if work.livemode == livemode:
        return work
    other = replace(work, livemode=livemode)
    _ = other.principal
    return other


def _stay_in_mode(request: HttpRequest, work: Workplace) -> None:
    """Keeps the session in the mode of what was made, where it is shown."""
    livemode_switch(request, livemode=work.livemode)
    request.work = work  # type: ignore[attr-defined]
