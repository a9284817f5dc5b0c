"""The pages of billing."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from accounts.roles.permissions import Permission
from cavendish.above.console.pages import console_page
from cavendish.above.console.workplace import Workplace


@console_page(Permission.BILLING, section="billing")
def billing(request: HttpRequest, work: Workplace) -> HttpResponse:
    return render(request, "console/billing/billing.html")
