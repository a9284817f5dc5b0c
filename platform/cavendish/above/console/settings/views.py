"""The pages of settings."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from cavendish.above.console.pages import console_page
from cavendish.above.console.workplace import Workplace


@console_page(None, section="settings")
def settings(request: HttpRequest, work: Workplace) -> HttpResponse:
    return render(request, "console/settings/settings.html")
