"""What a person is called, and the language of their pages and mails."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext, gettext_lazy, override
from django.views.decorators.http import require_http_methods, require_POST
from django.views.i18n import set_language

from accounts.models import User
from accounts.people.services import person_change
from accounts.roles.names import MAX_NAME_CHARS, validate_name
from cavendish.above.console.session_tenant import person_of


class ProfileForm(forms.Form):
    name = forms.CharField(
        label=gettext_lazy("Your name"),
        max_length=MAX_NAME_CHARS,
        validators=[validate_name],
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    language = forms.ChoiceField(
        label=gettext_lazy("Language"),
        required=False,
        choices=[("", gettext_lazy("The browser’s")), *settings.LANGUAGES],
        help_text=gettext_lazy("Of the console and of the mails that you get."),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def profile_page(request: HttpRequest) -> HttpResponse:
    """Shows and changes the person's name and language."""
    person = person_of(request)
    form = ProfileForm(request.POST or None, initial={"name": person.name, "language": person.language})
    if request.method == "POST" and form.is_valid():
        values: dict[str, Any] = form.cleaned_data
        person_change(user=person, name=values["name"].strip(), language=values["language"])
        with override(values["language"] or None):
            messages.success(request, gettext("Saved."))
        response = redirect("profile")
        if values["language"]:
            response.set_cookie(settings.LANGUAGE_COOKIE_NAME, values["language"], **_cookie())
        else:
            response.delete_cookie(settings.LANGUAGE_COOKIE_NAME)
        return response
    return render(request, "console/profile.html", {"form": form}, status=422 if form.errors else 200)


@require_POST
def language_choose(request: HttpRequest) -> HttpResponse:
    """Changes the language of the pages and goes back; a person's is kept, so that their mails are in it too."""
    response: HttpResponse = set_language(request)
    language = request.POST.get("language", "")
    if isinstance(request.user, User) and language in dict(settings.LANGUAGES):
        person_change(user=request.user, language=language)
    return response


def _cookie() -> dict[str, Any]:
    return {
        "max_age": settings.LANGUAGE_COOKIE_AGE,
        "secure": settings.LANGUAGE_COOKIE_SECURE,
        "samesite": settings.LANGUAGE_COOKIE_SAMESITE,
    }
